"""Findings in a real browser: from the incident to the finding that explains it, to its rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant import keeper as verbs
from evergrant.keeper.org_audits import audit_org
from evergrant.model import Connection
from evergrant.store import org_audits
from evergrant.store.org_audits import Found
from keeper_kit import BROWSER_APP, Ground, org_fixture  # noqa: F401 (a fixture)
from sight import SIZES
from web_kit import web_fixture  # noqa: F401 (a fixture)

EVIL = "<img src=x onerror=alert(2)>" + "Wide" * 60


def audited_and_blocked(ground: Ground) -> Connection:
    """A connection whose org was audited, with a finding of a hostile name, and then blocked."""
    connection = ground.connected()
    ground.control.act("set_app", app=BROWSER_APP, refresh_policy="zero")
    known = audit_org(ground.keeper, connection.id, ground.control.session()).known
    audit_org(ground.keeper, connection.id)
    now = ground.keeper.clock.now()
    app = "Orbit Sync"
    blocked = Found("app-blocked", "app", EVIL, app, "", "critical", f"{EVIL} is blocked", now, now)
    with ground.keeper.writing() as tx:
        after = org_audits.of(tx, connection.id)
        assert after is not None
        org_audits.keep(tx, replace(after, found=(blocked, *known.found)))
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id, renew=True)
    return connection


@pytest.mark.parametrize("look", SIZES, ids=str, indirect=True)
def test_from_the_incident_one_click_leads_to_the_finding_and_one_more_to_its_rule(
    desk: Desk,
) -> None:
    page, ground = desk.page, desk.web.ground
    connection = audited_and_blocked(ground)
    page.goto(f"{desk.web.url}/connections/{connection.id}")
    desk.seen("findings")
    page.get_by_text("What audits say of it").wait_for()
    page.locator('a[href="#finding-1"]').click()
    finding = page.locator("#finding-1")
    assert finding.get_by_role("link", name="explains the open incident").count() == 1
    page.get_by_text("What the audit could not see").click()
    desk.seen("findings-unseen")
    finding.get_by_role("link", name="app-blocked").click()
    page.get_by_text("Where that is written").wait_for()
    desk.seen("rule")
