"""A repair in a real browser: from the step's page to applied, proven, and taken back."""

from __future__ import annotations

import pytest

from console_kit import Desk, desk_fixture  # noqa: F401 (one is a fixture)
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from repair_page_kit import CAUSE, Repair, number_of, repair_fixture  # noqa: F401 (one is a fixture)
from sight import LOOKS
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[-1]], ids=str, indirect=True)
def test_an_admin_signs_in_says_yes_and_sees_it_applied_and_taken_back(
    repair: Repair, desk: Desk
) -> None:
    page = desk.page
    step = f"/connections/{repair.connection.id}/fixes/{CAUSE}/{number_of(desk.web)}"
    page.goto(desk.web.url + step)
    desk.seen("fix-with-repair")
    page.get_by_role("button", name="Plan, simulate, apply").click()
    desk.wait("An admin of Acme signs in for this one change")
    page.get_by_role("button", name="Sign in as an admin").click()
    page.wait_for_url("**/services/oauth2/authorize**")
    desk.sign_in_at_salesforce(page, "admin")
    desk.wait("The admin who is signed in")
    page.get_by_role("button", name="Plan: look at the org").click()
    desk.wait("What would change")
    desk.seen("repair-planned")
    page.get_by_role("button", name="Simulate").click()
    desk.wait("In the emulated org it works afterwards")
    page.get_by_role("checkbox", name="Yes: make exactly this change").check()
    page.get_by_role("button", name="Apply", exact=True).click()
    desk.wait("Applied, and read back from the org")
    desk.seen("repair-applied")
    page.get_by_role("button", name="Undo").click()
    desk.wait("Taken back: the org is as it was before")
    page.get_by_role("button", name="Sign the admin out").click()
    desk.wait("An admin of Acme signs in for this one change")
