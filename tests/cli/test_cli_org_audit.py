"""`audit --org` and `status NAME`, end to end on the emulated org, with own and lent sessions."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from cli_kit import Ended, evergrant
from evergrant import keeper as verbs
from evergrant.catalog.rule_reader import rule_book
from evergrant.store import org_audits
from evergrant.store.org_audits import Found, OrgAudit
from keeper_kit import BROWSER_APP, KEY, Ground, ground_fixture, org_fixture

__all__ = ["ground_fixture", "org_fixture"]


def run(ground: Ground, *words: str, stdin: str = "") -> Ended:
    """A command on the keeper's own data."""
    data = ground.keeper.settings.data_dir
    where = {"EVERGRANT_DATA_DIR": str(data), **KEY}
    return evergrant(*words, folder=data.parent, stdin=stdin, **where)


def lent(ground: Ground) -> str:
    session = ground.control.session()
    return json.dumps(
        {"instance_url": session.instance_url, "access_token": session.access_token.reveal()}
    )


def test_an_own_token_names_each_missing_permission_once_with_what_it_hides(
    ground: Ground,
) -> None:
    ground.connected()
    ended = run(ground, "audit", "--org", "Acme", "--format", "json", "--fail-on", "never")
    assert (ended.code, ended.err) == (0, "")
    told = ended.json()
    permissions = [each["what"].rpartition("the session lacks ")[2] for each in told["problems"]]
    assert sorted(permissions) == [
        "Customize Application",
        "Manage Users",
        "Modify Metadata Through Metadata API Functions",
        "Monitor Login History",
        "View All Users",
        "View Setup and Configuration",
    ]
    codes = {each.code for each in rule_book().rules.values()}
    for each in told["problems"]:
        named = each["hides"].removeprefix("rules ").split(", ")
        assert set(named) <= codes, each
    assert {each["status"] for each in told["findings"]} <= {"fail", "unknown"}


def test_the_text_says_what_was_hidden_and_calls_nothing_of_it_passed(ground: Ground) -> None:
    ground.connected()
    ended = run(ground, "audit", "--org", "Acme", "--fail-on", "never")
    told = " ".join(ended.out.split())
    assert told.count("the session lacks Customize Application") == 1
    (number,) = re.findall(r"Not judged: (\d+) rules, for want of metadata files", told)
    assert int(number) > 50


def test_what_a_whole_audit_finds_is_told_by_status_with_what_it_explains(ground: Ground) -> None:
    connection = ground.connected()
    before = run(ground, "status", "Acme")
    assert (before.code, "Not audited yet" in before.out) == (0, True)
    ground.control.act("set_app", app=BROWSER_APP, refresh_policy="zero")
    done = run(ground, "audit", "--org", "Acme", "--session", "-", stdin=lent(ground))
    assert done.code == 1
    ground.control.advance(timedelta(days=1))
    verbs.check(ground.keeper, connection.id)
    told = run(ground, "status", "Acme", "--format", "json")
    assert told.code == 1
    body = told.json()
    incident = ground.incident(connection)
    assert incident is not None
    assert body["incident"]["id"] == incident.id
    assert body["audit"]["with"] == "lent"
    (zero,) = of(body, "refresh-policy-zero")
    assert (zero["incident"], zero["cause"]) == (
        incident.id,
        "refresh-token-policy-immediate-expire",
    )
    assert zero["fixes"]
    assert zero["code"] == "TOK-01"
    text = " ".join(run(ground, "status", "Acme").out.split())
    assert f"Incident {incident.id}" in text
    assert "the open incident (refresh-token-policy-immediate-expire)" in text


def test_the_report_of_an_incident_names_the_finding_that_led_to_it(ground: Ground) -> None:
    connection = ground.connected()
    now = ground.keeper.clock.now()
    ours = ("app-blocked", "app", "orbit_sync", "Orbit Sync", "connected app", "critical")
    found = [Found(*ours, "Orbit Sync is blocked", now, now)]
    found += [Found("rotation-off", *ours[1:], "It does not rotate", now, now)]
    with ground.keeper.writing() as tx:
        org_audits.keep(tx, OrgAudit(connection.id, now, now, "lent", tuple(found)))
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id, renew=True)
    incident = ground.incident(connection)
    assert incident is not None
    told = run(ground, "incident", "report", incident.id)
    assert (told.code, told.err) == (0, "")
    part = told.out.partition("## Found by audits")[2].partition("##")[0]
    assert "Orbit Sync is blocked" in part
    assert "rotate" not in part
    body = run(ground, "incident", "report", incident.id, "--format", "json").json()
    assert [each["rule"] for each in body["report"]["findings"]] == ["app-blocked"]


def of(body: Any, rule: str) -> list[Any]:
    return [each for each in body["audit"]["findings"] if each["rule"] == rule]


def test_an_audit_of_a_part_is_not_kept_as_if_it_were_the_whole(ground: Ground) -> None:
    ground.connected()
    run(ground, "audit", "--org", "Acme", "--rule", "TOK-01", "--fail-on", "never")
    assert run(ground, "status", "Acme", "--format", "json").json()["audit"] is None


def test_status_of_a_connection_that_nobody_knows_is_bad_input(ground: Ground) -> None:
    ended = run(ground, "status", "nobody")
    assert ended.code == 2
    assert "nobody" in ended.err


def test_no_line_of_a_status_is_wider_than_80_columns(ground: Ground) -> None:
    ground.connected()
    run(ground, "audit", "--org", "Acme", "--session", "-", stdin=lent(ground))
    told = run(ground, "status", "Acme").out
    assert "Findings of" in told
    assert max(map(len, told.splitlines())) <= 80
