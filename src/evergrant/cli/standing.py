"""`evergrant status NAME`: one connection, its open incident, and what audits found in its org."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from evergrant.cli.output import Format, columns, emit, say
from evergrant.health import BROKEN

if TYPE_CHECKING:
    from evergrant.keeper import Case, Keeper, PartHealth
    from evergrant.keeper.findings import Findings, OrgFinding
    from evergrant.store.org_audits import OrgAudit

MOST = 10
"""So many findings are told in text; JSON has all."""
_BEARING = {"explains": "It explains", "may explain": "It may explain"}


def tell(keeper: Keeper, name: str, form: Format) -> bool:
    """Say how one connection is; whether it needs a person.  Raises `NotFound`."""
    from evergrant.keeper import case_of, health_of
    from evergrant.keeper.findings import findings_of

    case = case_of(keeper, name)
    found = findings_of(keeper, case)
    with keeper.reading() as tx:
        health = health_of(tx, case.connection)
    if form is Format.JSON:
        parts = [_part(each) for each in health]
        told = {"parts": parts, "incident": case.incident, "audit": _audit(found)}
        emit("status", {"connections": [case.connection], **told})
    else:
        say("\n".join(_lines(case, found, keeper, health)))
    return case.connection.state in BROKEN


def _part(each: PartHealth) -> dict[str, Any]:
    return {
        "part": each.part.name,
        "title": each.part.title,
        "state": each.state,
        "since": each.since,
        "last_success": each.last_success,
        "waits_for": each.waits,
    }


def _audit(found: Findings) -> dict[str, Any] | None:
    audit = found.audit
    if audit is None:
        return None
    return {
        "at": audit.at,
        "tried_at": audit.tried_at,
        "with": audit.eyes,
        "trouble": audit.trouble,
        "unjudged": audit.unjudged,
        "hidden": audit.hidden,
        "others": found.others,
        "findings": [_finding(each) for each in found.ours],
    }


def _finding(each: OrgFinding) -> dict[str, Any]:
    rule, found = each.rule, each.found
    return {
        "code": rule.code,
        "rule": rule.id,
        "kind": rule.kind,
        "severity": found.severity,
        "confidence": rule.confidence,
        "status": "fail",
        "title": rule.title,
        "message": found.message,
        "app": found.app,
        "subject": found.subject,
        "name": found.about,
        "since": found.since,
        "seen": found.seen,
        "causes": rule.causes,
        "bearing": each.bearing,
        "incident": each.incident,
        "cause": each.cause,
        "fixes": [{"who": fix.who, "do": fix.do, "where": fix.where} for fix in each.fixes],
    }


def _lines(
    case: Case, found: Findings, keeper: Keeper, health: Sequence[PartHealth]
) -> Iterator[str]:
    from evergrant.keeper.ending import endings

    connection, catalog = case.connection, keeper.catalog
    since = f" since {connection.since:%Y-%m-%d %H:%M} UTC" if connection.since else ""
    yield f"{connection.name}: {connection.state}{since}"
    yield f"  id {connection.id}"
    if who := connection.identity:
        yield f"  org {who.org_id}, user {who.username or who.user_id}"
    with keeper.reading() as tx:
        for told in endings(keeper, tx, [connection]):
            yield f"  {told.removeprefix(connection.name + ': ')}"
    for each in health if len(health) > 1 else ():
        waits = f", waiting for {each.waits}" if each.waits else ""
        yield f"  part {each.part.title}: {each.state}{waits}"
    if case.incident:
        cause = catalog.causes.get(case.incident.cause)
        yield ""
        yield f"Incident {case.incident.id}, since {case.incident.opened_at:%Y-%m-%d %H:%M} UTC"
        yield from _wrapped(cause.title if cause else case.incident.error)
    yield ""
    yield from _found(found)


def _found(found: Findings) -> Iterator[str]:
    audit = found.audit
    if audit is None:
        yield "Not audited yet: evergrant audit --org NAME does it now"
        return
    yield _audited(audit)
    if audit.trouble:
        yield from _wrapped(f"The last try could not look: {audit.trouble}")
    for each in found.ours[:MOST]:
        yield from _told(each)
    if (left := len(found.ours) - MOST) > 0:
        yield f"  … and {left} more: --format json"
    if found.others:
        yield f"  {found.others} more are about other apps and other users of the org."
    for hidden in audit.hidden:
        yield from _wrapped(f"Not seen: {hidden.what}")


def _audited(audit: OrgAudit) -> str:
    if audit.at is None:
        return "Findings: none, no audit came to its end yet"
    whose = "an admin's session" if audit.eyes == "lent" else "its own token"
    return f"Findings of {audit.at:%Y-%m-%d %H:%M} UTC, seen with {whose}"


def _told(each: OrgFinding) -> Iterator[str]:
    yield from _wrapped(f"{each.found.severity}  {each.rule.id}  {each.found.message}")
    if each.bearing:
        yield f"    {_BEARING[each.bearing]} the open incident ({each.cause})."
    for fix in each.fixes[:1]:
        where = f" ({fix.where})" if fix.where else ""
        yield from _wrapped(f"{fix.who}: {fix.do}{where}", "    ")


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return wrap(text, columns(), initial_indent=indent, subsequent_indent=f"{indent}  ")
