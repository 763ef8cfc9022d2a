"""Audits of connections' orgs: on connect, every night, and whenever a person asks for one.

What they find is kept until an audit that could see it no longer finds it: a session that may not
look takes nothing away.  What came and what went since the last audit is an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evergrant.audit.hidden import could_tell
from evergrant.audit.model import SEVERITIES, Finding, Key, Options, OrgRows, Problem, Report
from evergrant.audit.run import audit
from evergrant.catalog.rule_reader import rule_book
from evergrant.errors import EvergrantError
from evergrant.health import BROKEN, LIVE, WATCHED
from evergrant.keeper.audit import look_for_audit
from evergrant.keeper.ending import learn_lifetime
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import AUDIT, note
from evergrant.model import Connection, Session
from evergrant.store import Tx, connections, due, org_audits
from evergrant.store.org_audits import Eyes, Found, Hidden, OrgAudit

AUDITED, CHANGED = "audited", "findings changed"
"""Kinds of events: the first audit, and one that differs from the one before."""
MOST = 500
"""So many findings are kept, the worst; an org of thousands of users may have more."""
NAMED = 3
"""So many findings are named in an event's text; its data names up to `LISTED`."""
LISTED = 50
AGAIN = timedelta(hours=1)
"""After an audit that could not look."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Audited:
    """What one audit came to."""

    connection: Connection
    known: OrgAudit
    new: tuple[Found, ...]
    gone: tuple[Found, ...]
    report: Report
    org: OrgRows


def audit_org(keeper: Keeper, name: str, session: Session | None = None) -> Audited:
    """Audit the org of a connection now, and keep what was found.

    With the connection's own token, as far as that may see, or with an admin's evidence session.
    Raises what `look_for_audit` raises; that it could not look is kept, too.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, name)
    return _audit(keeper, connection, session, "lent" if session else "own")


def audit_due(keeper: Keeper, connection_id: str) -> bool:
    """The audit that a connection is due for; whether the org was looked at.

    With the access token at hand: none is asked for, and no application's use is counted.  A
    connection that is broken has none to look with: what was found before it broke stands.  Raises
    what `look_for_audit` raises.
    """
    with keeper.reading() as tx:
        connection = connections.by_id(tx, connection_id)
        kept = keeper.vault.live(tx, connection_id)
    if kept is None or connection.state not in WATCHED - BROKEN:
        with keeper.writing() as tx:
            plan(keeper, tx, connections.by_id(tx, connection_id))
        return False
    own = Session(kept.credential.instance_url, kept.credential.access_token)
    _audit(keeper, connection, own, "own")
    return True


def _audit(keeper: Keeper, connection: Connection, session: Session | None, eyes: Eyes) -> Audited:
    with keeper.reading() as tx:
        before = org_audits.of(tx, connection.id)
    try:
        org = look_for_audit(keeper, connection.id, session)
    except EvergrantError as failure:
        with keeper.writing() as tx:
            _tried_in_vain(keeper, tx, connection, failure)
        raise
    followed = frozenset(each.key for each in before.found) if before else frozenset()
    report = audit([], org, Options(now=keeper.clock.now(), followed=followed))
    return _taken_in(keeper, connection, org, report, eyes)


def plan(keeper: Keeper, tx: Tx, connection: Connection, *, wait: timedelta | None = None) -> None:
    """Schedule the next one; none for a connection that is to be left alone."""
    pause = wait or timedelta(seconds=keeper.settings.audit_interval_s or _DAY_S)
    if connection.state in LIVE:
        due.schedule(tx, AUDIT, connection.id, keeper.clock.now() + pause)


def _tried_in_vain(keeper: Keeper, tx: Tx, connection: Connection, failure: EvergrantError) -> None:
    now = keeper.clock.now()
    known = org_audits.of(tx, connection.id) or OrgAudit(connection.id, now)
    org_audits.keep(tx, replace(known, tried_at=now, trouble=failure.what))
    plan(keeper, tx, connections.by_id(tx, connection.id), wait=AGAIN)


def _taken_in(
    keeper: Keeper, connection: Connection, org: OrgRows, report: Report, eyes: Eyes
) -> Audited:
    now = keeper.clock.now()
    with keeper.writing() as tx:
        # Read anew: while this one looked, another may have come to its end.
        before = org_audits.of(tx, connection.id)
        merged = _merged(before.found if before else (), report, org, now)
        known = _known(connection, merged, report, eyes, now)
        org_audits.keep(tx, known)
        learn_lifetime(tx, connection, org, now)
        is_first = before is None or before.at is None
        _tell(keeper, tx, connection, merged, is_first=is_first)
        plan(keeper, tx, connections.by_id(tx, connection.id))
    return Audited(connection, known, merged.new, merged.gone, report, org)


@dataclass(frozen=True, slots=True)
class _Merged:
    stands: tuple[Found, ...]
    new: tuple[Found, ...]
    gone: tuple[Found, ...]


def _merged(before: Sequence[Found], report: Report, org: OrgRows, at: datetime) -> _Merged:
    """What stands, what came, what went."""
    old = {each.key: each for each in before}
    failed = {each.key: each for each in report.findings if each.status == "fail"}
    doubted = {each.key for each in report.findings if each.status == "unknown"}
    seen = {key: _found(each, at, old.get(key)) for key, each in failed.items()}
    left = [each for key, each in old.items() if key not in failed]
    gone = tuple(each for each in left if _is_gone(each.key, report, org, doubted))
    stays = [each for each in left if each not in gone]
    new = tuple(each for key, each in seen.items() if key not in old)
    return _Merged(_in_order([*seen.values(), *stays]), new, gone)


def _found(each: Finding, at: datetime, before: Found | None) -> Found:
    return Found(
        rule=each.rule,
        subject=each.subject,
        about=each.name,
        app=each.app,
        app_kind=each.app_kind,
        severity=each.severity,
        message=each.message,
        since=before.since if before else at,
        seen=at,
    )


def _is_gone(key: Key, report: Report, org: OrgRows, doubted: set[Key]) -> bool:
    """Whether this audit could see that a finding is no more; what is not known never is."""
    if key in report.cleared:
        return True
    rule = rule_book().rules.get(key[0])
    if rule is None:
        return True  # nobody judges by it any more
    return key not in doubted and could_tell(rule, org.hidden)


def _in_order(found: Sequence[Found]) -> tuple[Found, ...]:
    ranks: Mapping[str, int] = {each: number for number, each in enumerate(SEVERITIES)}
    return tuple(sorted(found, key=lambda each: (ranks.get(each.severity, 9), *each.key)))


def _known(
    connection: Connection, merged: _Merged, report: Report, eyes: Eyes, now: datetime
) -> OrgAudit:
    return OrgAudit(
        connection=connection.id,
        tried_at=now,
        at=now,
        eyes=eyes,
        found=merged.stands[:MOST],
        left_out=len(merged.stands[MOST:]),
        hidden=tuple(_hidden(each) for each in report.problems),
        unjudged=len(report.unjudged),
    )


def _hidden(problem: Problem) -> Hidden:
    return Hidden(problem.what, problem.hides)


def _tell(
    keeper: Keeper, tx: Tx, connection: Connection, merged: _Merged, *, is_first: bool
) -> None:
    new, gone = merged.new, merged.gone
    if is_first:
        text = f"{len(new)} finding{'' if len(new) == 1 else 's'}"
        note(keeper, tx, connection.id, AUDITED, text, new=_listed(new))
    elif new or gone:
        parts = [_named("new", new)] * bool(new) + [_named("gone", gone)] * bool(gone)
        told = {"new": _listed(new), "gone": _listed(gone)}
        note(keeper, tx, connection.id, CHANGED, "; ".join(parts), **told)


def _named(word: str, found: Sequence[Found]) -> str:
    named = ", ".join(f"{each.rule} ({each.app or each.about})" for each in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{word}: {named}{more}"


def _listed(found: Sequence[Found]) -> list[list[str]]:
    return [list(each.key) for each in found[:LISTED]]
