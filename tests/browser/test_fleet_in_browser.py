"""Home, list and fleet in a real browser: accessible, narrow and wide, and one click from a blast
to the connections that it struck."""

from __future__ import annotations

import pytest

from console_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from crowd_kit import EVIL, crowd
from evergrant import keeper as verbs
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from sight import LOOKS, Look
from web_kit import web_fixture  # noqa: F401 (a fixture)

SEEN = (LOOKS[0], LOOKS[3])
BARE = Look(360, 800, script=False)


@pytest.mark.parametrize("look", SEEN, ids=str, indirect=True)
def test_from_what_broke_many_one_click_leads_to_the_connections(desk: Desk) -> None:
    page, keeper = desk.page, desk.web.ground.keeper
    integration = desk.web.ground.integration().id
    page.goto(f"{desk.web.url}/fleet")
    desk.seen("fleet-empty")
    page.goto(f"{desk.web.url}/connections")
    desk.seen("list-empty")
    known = crowd(keeper, integration, 120, blocked=62)
    verbs.configure(keeper, known.ids[3], name=EVIL * 2, settings={})
    page.goto(desk.web.url)
    desk.seen("home-many")
    page.get_by_role("link", name="Fleet").click()
    desk.wait("62 connections broke together")
    desk.seen("fleet")
    page.get_by_role("link", name="62 connections").click()
    desk.wait("Only those that broke")
    desk.seen("list-of-a-blast")
    page.get_by_role("link", name="Next page").click()
    desk.wait("To the beginning")
    page.get_by_role("link", name="Show all").click()
    page.get_by_label("Search").fill("volga")
    page.get_by_role("button", name="Show", exact=True).click()
    desk.seen("list-searched")
    page.get_by_label("Search").fill("customer12.")
    page.get_by_role("button", name="Show", exact=True).click()
    desk.wait("1 fit")
    page.get_by_label("Search").fill("no such customer")
    page.get_by_role("button", name="Show", exact=True).click()
    desk.wait("No connection fits")
    desk.seen("list-nothing-fits")


@pytest.mark.parametrize("look", [BARE], ids=str, indirect=True)
def test_without_script_the_list_is_searched_and_paged_all_the_same(desk: Desk) -> None:
    page = desk.page
    crowd(desk.web.ground.keeper, desk.web.ground.integration().id, 60, blocked=5)
    page.goto(f"{desk.web.url}/connections")
    page.get_by_role("link", name="Next page").click()
    desk.wait("To the beginning")
    page.get_by_label("State", exact=True).select_option("broken")
    page.get_by_role("button", name="Show", exact=True).click()
    desk.wait("5 fit")
    assert page.get_by_role("row").count() == 6
