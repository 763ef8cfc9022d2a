"""Findings and incidents, linked: what an audit saw explains what broke, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from evergrant import keeper as verbs
from evergrant.catalog import load
from evergrant.catalog.rule_reader import rule_book
from evergrant.keeper.findings import Findings, OrgFinding, findings_of
from evergrant.keeper.org_audits import audit_org
from evergrant.model import Connection
from evergrant.store import org_audits
from evergrant.store.org_audits import Found, OrgAudit
from keeper_kit import BROWSER_APP, Ground, ground_fixture, org_fixture

__all__ = ["ground_fixture", "org_fixture"]


def audited(ground: Ground, connection: Connection) -> None:
    audit_org(ground.keeper, connection.id, ground.control.session())


def seen(ground: Ground, connection: Connection) -> Findings:
    return findings_of(ground.keeper, verbs.case_of(ground.keeper, connection.id))


def of(found: Findings, rule: str) -> OrgFinding:
    (one,) = [each for each in found.ours if each.rule.id == rule]
    return one


def kept(ground: Ground, connection: Connection, rule: str, **more: Any) -> None:
    """As if an audit had found it."""
    now = ground.keeper.clock.now()
    ours = {"subject": "app", "about": "orbit_sync", "app": "Orbit Sync", "app_kind": ""}
    how: dict[str, Any] = ours | more
    found = Found(rule, severity="high", message="It is so.", since=now, seen=now, **how)
    with ground.keeper.writing() as tx:
        org_audits.keep(tx, OrgAudit(connection.id, now, now, "lent", (found,)))


def broken_by(ground: Ground, act: str, **how: Any) -> None:
    ground.control.act(act, app=BROWSER_APP, **how)


def test_an_incident_is_explained_by_what_the_audit_before_it_had_found(ground: Ground) -> None:
    connection = ground.connected()
    broken_by(ground, "set_app", refresh_policy="zero")
    audited(ground, connection)
    before = of(seen(ground, connection), "refresh-policy-zero")
    assert (before.bearing, before.incident) == ("", ""), "nothing is broken yet"
    ground.control.advance(timedelta(days=1))
    verbs.check(ground.keeper, connection.id)
    incident = ground.incident(connection)
    assert incident is not None
    found = seen(ground, connection)
    told = of(found, "refresh-policy-zero")
    assert told.incident == incident.id
    assert told.cause == "refresh-token-policy-immediate-expire"
    assert told.bearing in ("explains", "may explain")
    assert found.ours[0].bearing, "what explains the incident is told first"
    assert told in found.explaining


def test_a_finding_that_leads_to_the_first_cause_explains_it(ground: Ground) -> None:
    connection = ground.connected()
    broken_by(ground, "block_app")
    kept(ground, connection, "app-blocked")
    verbs.check(ground.keeper, connection.id, renew=True)
    told = of(seen(ground, connection), "app-blocked")
    assert (told.bearing, told.cause) == ("explains", "app-blocked-by-admin")


def test_what_has_nothing_to_do_with_the_incident_explains_nothing(ground: Ground) -> None:
    connection = ground.connected()
    broken_by(ground, "block_app")
    kept(ground, connection, "certificate-ending")
    verbs.check(ground.keeper, connection.id, renew=True)
    assert of(seen(ground, connection), "certificate-ending").bearing == ""


@pytest.mark.parametrize(
    "whose",
    [
        {"app": "Another App", "about": "another"},
        {"subject": "grant", "about": "eve@acme.example of Orbit Sync"},
    ],
)
def test_what_is_about_another_app_or_another_user_is_counted_and_no_more(
    ground: Ground, whose: dict[str, str]
) -> None:
    connection = ground.connected()
    broken_by(ground, "block_app")
    kept(ground, connection, "app-blocked", **whose)
    verbs.check(ground.keeper, connection.id, renew=True)
    found = seen(ground, connection)
    assert (found.ours, found.others) == ((), 1)


def test_somebodys_profile_is_never_more_than_a_possible_explanation(ground: Ground) -> None:
    connection = ground.connected()
    broken_by(ground, "block_app")
    verbs.check(ground.keeper, connection.id, renew=True)
    kept(ground, connection, "app-blocked", subject="profile", app="", about="Standard User")
    assert of(seen(ground, connection), "app-blocked").bearing == "may explain"


def test_an_org_that_nobody_audited_has_no_findings(ground: Ground) -> None:
    assert seen(ground, ground.connected()) == Findings(None)


def test_every_cause_that_a_rule_names_is_there_and_every_plain_pair_is_named() -> None:
    rules, causes = rule_book().rules, load().causes
    assert {each for rule in rules.values() for each in rule.causes} <= set(causes)
    plain = {
        "refresh-policy-zero": "refresh-token-policy-immediate-expire",
        "app-blocked": "app-blocked-by-admin",
        "nobody-admitted": "user-not-preauthorized",
        "user-not-admitted": "user-not-preauthorized",
        "client-outside-ranges": "ip-restricted",
        "app-not-approved-under-control": "api-access-control",
        "app-not-installed": "app-uninstalled-restricted",
        "pkce-required-client-sends-none": "pkce-missing-or-mismatch",
        "rotation-with-shared-token": "refresh-token-rotated-or-reused",
        "callback-not-registered": "redirect-uri-mismatch",
        "external-app-disabled": "external-client-app-disabled",
        "idle-window-short": "refresh-token-idle-limit",
        "token-of-gone-user": "user-inactive",
    }
    assert {rule: cause for rule, cause in plain.items() if cause not in rules[rule].causes} == {}


@pytest.mark.parametrize(
    "rule",
    ["ip-relaxed", "pkce-not-required", "rotation-off", "self-authorization-open",
     "api-access-control-off", "refresh-without-secret"],
)  # fmt: skip
def test_a_rule_about_what_is_loose_leads_to_no_refusal_that_it_rules_out(rule: str) -> None:
    assert rule_book().rules[rule].causes == ()
