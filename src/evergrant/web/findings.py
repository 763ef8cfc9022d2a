"""What audits found: on the connection's page, and a page for each rule."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.catalog import Catalog
from evergrant.catalog.rule_reader import rule_book
from evergrant.errors import CouldNotLook, Misuse, NotFound, WireError
from evergrant.keeper import Case
from evergrant.keeper.findings import Findings, OrgFinding, findings_of
from evergrant.keeper.org_audits import audit_org
from evergrant.model import Connection
from evergrant.store.org_audits import OrgAudit
from evergrant.web.access import AsOperator, DeskOf, Posted
from evergrant.web.desk import Desk
from evergrant.web.explained import Step, cause_title, step_of

routes = APIRouter(include_in_schema=False)
SHOWN = 5
"""So many findings are shown at once; the others open below them."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One finding as the page tells it."""

    each: OrgFinding
    anchor: str
    cause_title: str
    steps: tuple[Step, ...]
    is_old: bool
    """Whether the last audit was not allowed to look whether it still stands."""


@dataclass(frozen=True, slots=True)
class ShownAudit:
    """What the page tells of a connection's org."""

    audit: OrgAudit | None
    first: tuple[ShownFinding, ...]
    more: tuple[ShownFinding, ...]
    explaining: tuple[ShownFinding, ...]
    others: int


def shown_audit(desk: Desk, case: Case) -> ShownAudit:
    """The findings of a connection's org for its page."""
    found = findings_of(desk.keeper, case)
    catalog = desk.keeper.catalog
    shown = [_shown(n, each, found, case, catalog) for n, each in enumerate(found.ours, 1)]
    explaining = tuple(each for each in shown if each.each.bearing)
    cut = max(SHOWN, len(explaining))
    return ShownAudit(found.audit, tuple(shown[:cut]), tuple(shown[cut:]), explaining, found.others)


def _shown(
    number: int, each: OrgFinding, found: Findings, case: Case, catalog: Catalog
) -> ShownFinding:
    at = found.audit.at if found.audit else None
    return ShownFinding(
        each,
        f"finding-{number}",
        cause_title(each.cause, catalog) if each.cause else "",
        tuple(step_of(fix, catalog, case.connection) for fix in each.fixes),
        at is not None and each.found.seen < at,
    )


@routes.get("/rules/{rule_id}")
def rule(who: AsOperator, desk: DeskOf, rule_id: str) -> Response:
    """One rule of the audit: why, the way out, what it leads to, and where that is written."""
    known = rule_book().rules.get(rule_id)
    if known is None:
        raise NotFound("there is no such rule", next_step="look at a connection's findings")
    catalog = desk.keeper.catalog
    causes = [(f"/explain/{each}", catalog.causes[each].title) for each in known.causes]
    return desk.page("rule.html", who, rule=known, causes=causes)


@routes.post("/connections/{connection_id}/audit")
def audit(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Audit the org now, with the connection's own token."""
    connection = verbs.case_of(desk.keeper, connection_id).connection
    try:
        audit_org(desk.keeper, connection.id)
    except (CouldNotLook, Misuse, WireError):
        return _back(connection, "not-audited")
    return _back(connection, "audited")


def _back(connection: Connection, told: str) -> Response:
    return RedirectResponse(f"/connections/{connection.id}?told={told}", 303)
