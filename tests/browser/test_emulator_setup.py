"""The emulator's Setup pages in a real browser: no rule broken, nothing wider than the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.inventory import inventory
from evergrant.emulator.setup.index import BY_ADDRESS
from sight import LOOKS

if TYPE_CHECKING:
    from playwright.sync_api import Page

ACTS = (
    {"do": "approve", "app": "orbit-sync"},
    {"do": "block_app", "app": "ledger-mirror"},
    {"do": "uninstall_app", "app": "pocket-charts"},
    {
        "do": "set_profile", "profile": "Integration User", "login_hours": [[0, 480, 1085]],
        "login_ranges": [["2001:db8:ffff:ffff:ffff:ffff:0:1", "2001:db8:ffff:ffff:ffff:ffff:0:9"]],
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An org with something on every page."""
    with Emulator(seed=7) as served:
        for each in ACTS:
            words = dict(each)
            served.act(str(words.pop("do")), **words)
        yield served


def paths(emulator: Emulator) -> list[str]:
    """Every page with an address of its own, and one of each kind about a record."""
    known = inventory(emulator.org)
    apps = {each["name"]: each["id"] for each in known["apps"]}
    with emulator.org.lock:
        records = [
            emulator.org.db.execute(f'SELECT "Id" FROM "{table}" WHERE "{column}" = ?', (name,))
            .fetchone()[0]
            for table, column, name in (
                ("Profile", "Name", "Integration User"),
                ("PermissionSet", "Name", "Orbit_Sync_Access"),
                ("User", "Alias", "integrat"),
            )
        ]  # fmt: skip
    sync = apps["orbit-sync"]
    return [
        *(path for path in BY_ADDRESS if "{" not in path), f"/{sync}?done=1",
        f"/{apps['orbit-server']}", *(f"/{record}" for record in records),
        *(path.format(record=sync) for path in BY_ADDRESS if "{record}" in path),
    ]  # fmt: skip


def sign_in(page: Page, emulator: Emulator) -> None:
    admin = inventory(emulator.org)["users"][0]
    page.goto(f"{emulator.url}/lightning/setup/home")
    page.get_by_label("Username").fill(admin["username"])
    page.get_by_label("Password").fill(admin["password"])
    page.get_by_role("button", name="Log In").click()


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS[::3], ids=str, indirect=True)
def test_no_setup_page_breaks_a_rule_or_is_wider_than_the_window(
    page: Page, emulator: Emulator, axe: Callable[[Page], None]
) -> None:
    sign_in(page, emulator)
    for path in paths(emulator):
        page.goto(emulator.url + path)
        axe(page)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{path} is {over} px too wide"


def test_a_person_finds_the_blocked_app_at_the_bottom_and_unblocks_it(
    page: Page, emulator: Emulator
) -> None:
    sign_in(page, emulator)
    page.get_by_role("navigation").get_by_role("link", name="Connected Apps OAuth Usage").click()
    assert "Ledger Mirror" in page.get_by_role("row").last.inner_text()
    page.get_by_role("button", name="Unblock Ledger Mirror").click()
    page.get_by_role("button", name="Block Ledger Mirror", exact=True).wait_for()
    assert page.get_by_role("status").is_visible()
