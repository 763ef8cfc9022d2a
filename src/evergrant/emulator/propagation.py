"""Edits that take their time: for some minutes the org still obeys the policy as it was before.

A superseded policy is kept until its edit has reached all of Salesforce. Setup pages and queries
show the new one at once, gates obey the old one, and a new app is not known at all. What is no
setting but a button (block, install, delete, lock) holds at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evergrant.emulator import state
from evergrant.emulator.objects import stamp
from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

if TYPE_CHECKING:
    from evergrant.emulator.gates.attempt import UserFacts
    from evergrant.emulator.org import Org

P = TypeVar("P", AppPolicy, ProfilePolicy, OrgPolicy)

_AT_ONCE: Final[dict[type, frozenset[str]]] = {
    AppPolicy: frozenset({"blocked", "deleted", "installed", "in_org"}),
    ProfilePolicy: frozenset(),
    OrgPolicy: frozenset({"locked", "standing", "propagation_seconds"}),
}
"""Knobs that no edit turns but a button."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """What is still obeyed in place of an edited policy, and until when."""

    kind: str
    id: str
    value: dict[str, Any] | None
    """None: the policy did not exist before."""
    until: float


def save(org: Org, id_: str, policy: P) -> None:
    """Store an edited policy; the one before is obeyed for as long as the org's knob says."""
    kind, now = type(policy).__name__, org.clock.now().timestamp()
    org.db.execute("DELETE FROM x_superseded WHERE until <= ?", (now,))
    delay, before = _delay(org), state.find_policy(org.db, type(policy), id_)
    if delay and (before is None or _settled(policy, before) != policy):
        value = None if before is None else json.dumps(asdict(before))
        state.put(org.db, "x_superseded", kind=kind, id=id_, value=value, until=now + delay)
    state.save_policy(org.db, id_, policy)


def _delay(org: Org) -> int:
    policy = state.find_policy(org.db, OrgPolicy, "org")
    return policy.propagation_seconds if policy else 0


def _settled(policy: P, before: P | None) -> P:
    """A policy with its edits taken back, but for those that hold at once."""
    if before is None:
        return policy
    now = {name: getattr(policy, name) for name in _AT_ONCE[type(policy)]}
    return replace(before, **now)


def app(org: Org, latest: AppPolicy | None) -> AppPolicy | None:
    """An app as it is obeyed now; None while it is too new to be known."""
    if latest is None or not _pending(org):
        return latest
    return _obeyed(org, latest.id, latest)


def org_policy(org: Org) -> OrgPolicy:
    """What holds for the whole org now."""
    latest = state.load_org(org.db)
    return (_obeyed(org, "org", latest) if _pending(org) else latest) or latest


def user(org: Org, facts: UserFacts) -> UserFacts:
    """A user with the login policy that binds them now."""
    if not _pending(org):
        return facts
    row = state.one(org.db, 'SELECT "ProfileId" FROM "User" WHERE "Id" = ?', facts.id)
    obeyed = _obeyed(org, row["ProfileId"], facts.profile) if row else None
    return replace(facts, profile=obeyed or facts.profile)


def pending(org: Org) -> tuple[str, ...]:
    """Every edit under way, in words, with the moment from which it is obeyed."""
    edits = _pending(org)
    return tuple(_told(org, edits)) if edits else ()


def _told(org: Org, edits: Iterable[Superseded]) -> Iterator[str]:
    now = org.clock.now().timestamp()
    return (
        f"policy edit of {_called(org, each)} takes effect at "
        f"{stamp(datetime.fromtimestamp(each.until, UTC))}"
        for each in edits
        if each.until > now
    )


def _called(org: Org, each: Superseded) -> str:
    if each.kind == "OrgPolicy":
        return "the org"
    row = state.one(
        org.db, "SELECT 'app ' || name AS called FROM x_app WHERE id = ? UNION ALL"
        " SELECT 'profile ' || \"Name\" FROM \"Profile\" WHERE \"Id\" = ?", each.id, each.id,
    )  # fmt: skip
    return str(row["called"]) if row else each.id


def _obeyed(org: Org, id_: str, latest: P) -> P | None:
    """The policy before the oldest edit that is still under way."""
    kind, now = type(latest), org.clock.now().timestamp()
    under_way = [
        each for each in _pending(org)
        if each.kind == kind.__name__ and each.id == id_ and each.until > now
    ]  # fmt: skip
    if not under_way:
        return latest
    oldest = min(under_way, key=lambda each: each.until)
    return None if oldest.value is None else _settled(latest, kind(**oldest.value))


def _pending(org: Org) -> tuple[Superseded, ...]:
    return state.recall(org.db, "x_superseded", lambda: tuple(_rows(org)))


def _rows(org: Org) -> Iterator[Superseded]:
    for row in state.every(org.db, "SELECT * FROM x_superseded ORDER BY until"):
        value = None if row["value"] is None else state.policy_words(row["value"])
        yield Superseded(row["kind"], row["id"], value, row["until"])
