"""A table of logins → facts: the failing row, its flow, its address, as Login History shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evergrant.evidence.exports.logins import FLOWS, Record, Tally
from evergrant.evidence.gathered import Gathered, Reading, fact
from evergrant.model import Fact, Unknown


@dataclass(frozen=True, slots=True)
class Table:
    """Where the rows came from, and how far they can be trusted."""

    source: str
    is_inferred: bool = False
    """Whether columns were known by names that no source gives."""
    names_apps: bool = True
    readings: tuple[Reading, ...] = field(default=())


def told(tally: Tally, table: Table) -> Gathered:
    """Facts, moments and standings of a whole table."""
    unsure = tally.unsure()
    chosen = None if unsure else tally.chosen()
    facts = _of_row(tally, chosen, table) if chosen else _of_nothing(tally, table, unsure)
    return Gathered(
        tuple(facts),
        tuple(tally.moments(chosen, table.source)),
        tuple(tally.standings()),
        tuple(_noted(table.readings, _notes(tally, chosen, table))),
    )


def _of_row(tally: Tally, chosen: Record, table: Table) -> Iterator[Fact]:
    row = chosen.nearest(tally.wanted.at)
    mark: Literal["seen", "inferred"] = "inferred" if table.is_inferred else "seen"
    yield fact("login_history.status", row.status, table.source, quote=row.quote, at=row.at,
               mark=mark, line=row.line)  # fmt: skip
    if flow := FLOWS.get(row.subtype.casefold()):
        yield fact("request.flow", flow, table.source, quote=f"Login Subtype {row.subtype}",
                   at=row.at, mark="derived", line=row.line)  # fmt: skip
    if row.ip and chosen.good_addresses and not row.is_success:
        known = len(chosen.good_addresses)
        addresses = "1 address" if known == 1 else f"{known} addresses"
        quote = f"{row.ip}; the successes came from {addresses}"
        yield fact("login_history.new_address", row.ip not in chosen.good_addresses, table.source,
                   quote=quote, at=row.at, mark="derived", line=row.line)  # fmt: skip


def _of_nothing(tally: Tally, table: Table, unsure: Sequence[str]) -> Iterator[Fact]:
    """No row of ours counts as *none* only where the table reaches over the time in question, and
    holds rows of that very app: else app or user may be called otherwise there."""
    at, wanted = tally.wanted.at, tally.wanted
    if tally.oldest is None or tally.newest is None or not (wanted.app or wanted.user):
        return
    if wanted.app and not table.names_apps and not wanted.user:
        return
    if at is not None and not tally.oldest <= at <= tally.newest:
        return
    if unsure or not _holds_app(tally):
        names = ", ".join(repr(each) for each in (unsure or tally.others())[:5])
        why = Unknown(f"no row is surely ours; the table names {names}", NAME_THEM)
        yield fact("login_history.status", why, table.source)
        return
    span = f"{tally.oldest:%Y-%m-%d %H:%M} to {tally.newest:%Y-%m-%d %H:%M} UTC"
    who = " ".join(each for each in (wanted.app, wanted.user) if each)
    yield fact("login_history.status", "none", table.source, quote=f"no row of {who} from {span}",
               mark="derived")  # fmt: skip


NAME_THEM = "name app and user (--app, --user) as the table does"


def _holds_app(tally: Tally) -> bool:
    """Whether rows of that label are there, or labels do not matter."""
    wanted = tally.wanted
    apps = [app for _, app, _ in tally.records if app]
    return not wanted.app or not apps or any(wanted.is_app(app) for app in apps)


def _notes(tally: Tally, chosen: Record | None, table: Table) -> Iterator[str]:
    failing = [each for each in tally.records.values() if each.failures and each is not chosen]
    if failing and not (tally.wanted.app and tally.wanted.user):
        yield f"{len(failing)} other users or apps fail too; --app and --user name the one meant"
    if tally.left_out:
        yield f"{tally.left_out} rows of further users were not remembered"
    if table.is_inferred:
        yield "columns were known by names that no source of Salesforce's gives (inferred)"
    if not table.names_apps:
        yield "this table names no apps"


def _noted(readings: tuple[Reading, ...], notes: Iterable[str]) -> Iterator[Reading]:
    """The readings, with notes on the whole table under the first."""
    for place, each in enumerate(readings):
        more = tuple(notes) if place == 0 else ()
        yield Reading(each.source, each.name, each.read, each.unit, each.skipped,
                      (*each.notes, *more))  # fmt: skip
