"""What audits found in a connection's org, as it concerns the connection and its open incident.

A finding explains an incident where its rule leads to the incident's cause, and it is about the
connection's own app, its user's grant, or the org.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from evergrant.audit.subjects.names import plain
from evergrant.catalog import Catalog, Fix
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.rules import Rule
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.look import Case
from evergrant.model import Connection, Integration
from evergrant.store import Tx, org_audits
from evergrant.store.org_audits import Found, OrgAudit

Bearing = Literal["", "explains", "may explain"]
_FAINT = 0.02
"""A cause with a smaller share of the ranking is explained by nothing."""
_OF_SOMEBODY = frozenset({"profile", "permission set"})
"""Kinds of subjects of which no audit tells whether the connection's user has them."""
_RANK: Mapping[str, int] = {"explains": 0, "may explain": 1, "": 2}


@dataclass(frozen=True, slots=True)
class OrgFinding:
    """One finding, its rule, and what it has to do with the open incident."""

    found: Found
    rule: Rule
    bearing: Bearing = ""
    cause: str = ""
    """The cause of the incident that it leads to; '' where it explains nothing."""
    incident: str = ""
    """Id of the open incident that it explains."""

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """The way out, for this kind of app."""
        kind = self.found.app_kind
        return tuple(each for each in self.rule.fixes if each.app in ("any", kind) or not kind)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a connection's org."""

    audit: OrgAudit | None
    """None where no audit was ever tried."""
    ours: tuple[OrgFinding, ...] = ()
    """About the connection's app or the org; what explains the incident first, then worst first."""
    others: int = 0
    """How many are about other apps and other people."""

    @property
    def explaining(self) -> tuple[OrgFinding, ...]:
        """Those that bear on the open incident."""
        return tuple(each for each in self.ours if each.bearing)


def findings_of(keeper: Keeper, case: Case) -> Findings:
    """The findings that stand for a connection's org, and which of them explain its incident."""
    with keeper.reading() as tx:
        audit = org_audits.of(tx, case.connection.id)
    if audit is None:
        return Findings(None)
    rules, causes = rule_book().rules, dict(_causes(case))
    known = [each for each in audit.found if each.rule in rules]
    ours = [each for each in known if _is_ours(each, case.connection, case.integration)]
    told = [_told(each, rules[each.rule], causes, case, keeper.catalog) for each in ours]
    in_order = sorted(told, key=lambda each: _RANK[each.bearing])
    return Findings(audit, tuple(in_order), len(known) - len(ours) + audit.left_out)


def leading_to(
    tx: Tx, catalog: Catalog, connection: Connection, integration: Integration, cause: str
) -> tuple[Found, ...]:
    """The findings that stand for a connection and lead to a cause of failure."""
    audit, rules = org_audits.of(tx, connection.id), rule_book().rules
    return tuple(
        each
        for each in (audit.found if audit and cause in catalog.causes else ())
        if each.rule in rules
        and _is_ours(each, connection, integration)
        and _leads_to(rules[each.rule], cause, catalog)
    )


def _causes(case: Case) -> Iterator[tuple[str, Bearing]]:
    """What the incident may come from; the first is what it is believed to come from."""
    ranked = case.diagnosis.ranked if case.diagnosis and case.incident else ()
    for each in ranked:
        if each.confidence >= _FAINT and each is not ranked[0]:
            yield each.refined or each.cause, "may explain"
    if ranked:
        yield ranked[0].refined or ranked[0].cause, "explains"


def _is_ours(found: Found, connection: Connection, integration: Integration) -> bool:
    if found.app and plain(found.app) != plain(integration.app_label):
        return False
    who = connection.identity
    if found.subject != "grant":
        return True
    return who is not None and bool(who.username) and found.about.startswith(f"{who.username} of ")


def _told(
    found: Found, rule: Rule, causes: Mapping[str, Bearing], case: Case, catalog: Catalog
) -> OrgFinding:
    if case.incident is None:
        return OrgFinding(found, rule)
    reached = [(_bearing(found, rule, causes[each], each), each)
               for each in causes if _leads_to(rule, each, catalog)]  # fmt: skip
    if not reached:
        return OrgFinding(found, rule)
    bearing, cause = min(reached, key=lambda pair: _RANK[pair[0]])
    return OrgFinding(found, rule, bearing, cause, case.incident.id)


def _bearing(found: Found, rule: Rule, of_cause: Bearing, cause: str) -> Bearing:
    """A narrower cause, or somebody's profile, is no more than possible."""
    if cause not in rule.causes or found.subject in _OF_SOMEBODY:
        return "may explain"
    return of_cause


def _leads_to(rule: Rule, cause: str, catalog: Catalog) -> bool:
    """Whether a rule leads to a cause, to a narrower one, or to the broader one."""
    broader = {each: catalog.causes[each].broader for each in (*rule.causes, cause)}
    return any(
        each == cause or broader[each] == cause or broader[cause] == each for each in rule.causes
    )
