"""Findings on the connection's page: worst first, linked with the incident, and what was unseen."""

from __future__ import annotations

import re
from typing import Any

from evergrant import keeper as verbs
from evergrant.catalog.rule_reader import rule_book
from evergrant.keeper.org_audits import audit_org
from evergrant.model import Connection
from evergrant.store import org_audits
from evergrant.store.org_audits import Found, OrgAudit
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202e\x1b[31m"


def by_admin(web: Web, connection: Connection) -> None:
    audit_org(web.ground.keeper, connection.id, web.ground.control.session())


def page_of(web: Web, connection: Connection) -> Any:
    return web.get(f"/connections/{connection.id}")


def kept(web: Web, connection: Connection, **more: Any) -> None:
    now = web.ground.keeper.clock.now()
    how: dict[str, Any] = {
        "rule": "app-blocked", "subject": "app", "about": "orbit_sync", "app": "Orbit Sync",
        "app_kind": "connected app", "severity": "high",
        "message": "Orbit Sync is blocked", "since": now, "seen": now,
    } | more  # fmt: skip
    with web.ground.keeper.writing() as tx:
        org_audits.keep(tx, OrgAudit(connection.id, now, now, "lent", (Found(**how),)))


def test_findings_stand_worst_first_with_the_way_out_and_the_rules_page(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.act("set_app", app=BROWSER_APP, refresh_policy="zero")
    by_admin(web, connection)
    page = page_of(web, connection)
    told = words_of(page)
    part = told[told.index("What audits found in this org") :]
    ranks = {"Critical": 0, "High": 1, "Medium": 2, "Low": 3, "Info": 4}
    badges = re.findall(r"</svg>(Critical|High|Medium|Low|Info)</span>", page.text)
    assert len(badges) > 2
    assert [ranks[each] for each in badges] == sorted(ranks[each] for each in badges)
    assert "with an admin’s session" in part
    assert 'href="/rules/refresh-policy-zero"' in page.text
    assert f'href="{web.ground.org.url}/lightning/setup/' in page.text
    assert "explain the open incident" not in part


def test_a_finding_and_the_incident_that_it_explains_lead_to_each_other(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    kept(web, connection)
    verbs.check(web.ground.keeper, connection.id, renew=True)
    page = page_of(web, connection)
    assert "It explains the open incident</strong></a>: An admin blocked the app" in page.text
    anchor = re.search(r'found what leads to it, .{5,90}: <a href="#(finding-\d+)">', page.text)
    assert anchor
    assert f'<li id="{anchor[1]}">' in page.text
    assert 'href="#incident"' in page.text
    assert 'id="incident"' in page.text


def test_an_audit_by_the_connections_own_token_says_what_it_could_not_see(web: Web) -> None:
    connection = web.ground.connected()
    assert "Not audited yet" in words_of(page_of(web, connection))
    answer = web.post(f"/connections/{connection.id}/audit")
    assert answer.headers["location"] == f"/connections/{connection.id}?told=audited"
    told = words_of(page_of(web, connection))
    assert "with the connection’s own token" in told
    assert told.count("the session lacks Customize Application") == 1
    assert told.count("Modify Metadata Through Metadata API Functions") == 1


def test_an_audit_that_cannot_look_says_so_and_keeps_what_was_found(web: Web) -> None:
    connection = web.ground.connected()
    kept(web, connection)
    web.ground.control.act("revoke_app", app=BROWSER_APP)
    answer = web.post(f"/connections/{connection.id}/audit")
    assert answer.headers["location"].endswith("told=not-audited")
    told = words_of(page_of(web, connection))
    assert "The last audit could not look" in told
    assert "Orbit Sync is blocked." in told


def test_a_hostile_name_in_a_finding_is_text(web: Web) -> None:
    connection = web.ground.connected()
    kept(web, connection, message=EVIL, about=EVIL)
    page = page_of(web, connection)
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_a_rule_has_a_page_that_leads_to_its_causes(web: Web) -> None:
    page = web.get("/rules/app-blocked")
    told = words_of(page)
    assert rule_book().rules["app-blocked"].code in told
    assert "An admin blocked the app" in told
    assert 'href="/explain/app-blocked-by-admin"' in page.text
    back = web.get("/explain/app-blocked-by-admin")
    assert 'href="/rules/app-blocked"' in back.text
    assert web.get("/rules/no-such-rule").status_code == 404
