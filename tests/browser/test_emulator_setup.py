"""The emulator's Setup pages in a real browser: no rule broken, nothing wider than the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.inventory import inventory
from evergrant.emulator.setup.index import BY_ADDRESS
from sight import LOOKS, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

ACTS = (
    {"do": "approve", "app": "orbit-sync"},
    {"do": "block_app", "app": "ledger-mirror"},
    {"do": "uninstall_app", "app": "pocket-charts"},
    {
        "do": "set_profile", "profile": "Integration User", "login_hours": [[0, 480, 1085]],
        "login_ranges": [["2001:db8:ffff:ffff:ffff:ffff:0:1", "2001:db8:ffff:ffff:ffff:ffff:0:9"]],
    },
    {"do": "install_package"},
    {"do": "connect_outbound", "account": "ops@acme.example"},
    {"do": "choose_organization", "organization": "Acme Manufacturing"},
    {"do": "connect_inbound"},
    {"do": "break_outbound"},
    {"do": "create_certificate", "name": "Signing", "label": "Signing"},
    {"do": "set_certificate", "app": "orbit-jwt"},
    {"do": "confirm_identity", "user": "sam", "ip": "203.0.113.5"},
    {
        "do": "set_org", "trusted_ranges": [["198.51.100.0", "198.51.100.255"]],
        "cors_allowlist": ["https://*.acme.example"],
    },
    {"do": "set_app", "app": "orbit-server", "refresh_allowlist": [["192.0.2.1", "192.0.2.9"]]},
)  # fmt: skip


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An org with something on every page."""
    with Emulator(seed=7) as served:
        for each in ACTS:
            words = dict(each)
            served.act(str(words.pop("do")), **words)
        yield served


def paths(emulator: Emulator) -> dict[str, str]:
    """Every page with an address of its own and one of each kind about a record, by heading."""
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
    profile, held_set, user = records
    named = {path: page.title for path, page in BY_ADDRESS.items() if "{" not in path}
    named["/lightning/setup/home"] = "Home"
    sync, server = apps["orbit-sync"], apps["orbit-server"]
    labels = {sync: "Orbit Sync", server: "Orbit Sync Server"}
    of_apps = {
        path.format(record=app): page.title if path.endswith("/consumer") else labels[app]
        for path, page in BY_ADDRESS.items() if "{record}" in path
        for app in [server if "External" in path else sync]
    }  # fmt: skip
    return {
        **named, **of_apps, f"/{sync}?done=1": "Orbit Sync", f"/{server}": "Orbit Sync Server",
        f"/{profile}": "Integration User", f"/{held_set}": "Orbit Sync Access",
        f"/{user}": "Orbit Integration",
        "/lightning/setup/home?q=login": "Home", "/lightning/setup/SingleSignOn/home":
        "Single Sign-On",
    }  # fmt: skip


def sign_in(page: Page, emulator: Emulator) -> None:
    admin = inventory(emulator.org)["users"][0]
    page.goto(f"{emulator.url}/lightning/setup/home")
    page.get_by_label("Username").fill(admin["username"])
    page.get_by_label("Password").fill(admin["password"])
    page.get_by_role("button", name="Log In").click()


@pytest.mark.slow
def test_every_setup_page_has_its_heading_breaks_no_rule_and_fits_the_window(
    page: Page, emulator: Emulator, watch: Watch, axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:  # fmt: skip
    watch.allow("status of 501")
    sign_in(page, emulator)
    for path, heading in paths(emulator).items():
        page.goto(emulator.url + path)
        assert page.get_by_role("heading", level=1).inner_text() == heading, path
        assert page.get_by_role("note").inner_text().startswith("This is Evergrant's emulator")
        for look in LOOKS[::3]:
            page.set_viewport_size({"width": look.width, "height": look.height})
            page.emulate_media(color_scheme=look.schemes[0])
            axe(page)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{path} is {over} px too wide for {look}"
        screenshot(page, f"setup{path.partition('?')[0].replace('/', '-')}")


def test_a_person_connects_the_package_in_both_directions(page: Page) -> None:
    with Emulator(seed=7) as emulator:
        emulator.act("install_package")
        sign_in(page, emulator)
        page.goto(f"{emulator.url}/lightning/n/orbit__Connections")
        page.get_by_role("button", name="Connect outbound").click()
        page.get_by_label("Orbit account").select_option("ops@acme.example")
        page.get_by_role("button", name="Allow").click()
        page.get_by_label("Orbit organization").select_option("Acme Manufacturing")
        page.get_by_role("button", name="Save Organization").click()
        page.get_by_role("button", name="Connect inbound").click()
        page.get_by_role("button", name="Allow").click()
        page.get_by_role("link", name="Back to Salesforce").click()
        assert page.locator('[data-state="Connected"]').count() == 3


def test_a_person_downloads_the_login_history(page: Page, emulator: Emulator) -> None:
    sign_in(page, emulator)
    page.goto(f"{emulator.url}/lightning/setup/OrgLoginHistory/home")
    page.get_by_label("File Type").select_option("gzip")
    with page.expect_download() as found:
        page.get_by_role("button", name="Download Now").click()
    assert found.value.suggested_filename == "LoginHistory.csv.gz"


def test_a_person_finds_the_blocked_app_at_the_bottom_and_unblocks_it(
    page: Page, emulator: Emulator
) -> None:
    sign_in(page, emulator)
    page.get_by_role("navigation").get_by_role("link", name="Connected Apps OAuth Usage").click()
    assert "Ledger Mirror" in page.get_by_role("row").last.inner_text()
    page.get_by_role("button", name="Unblock Ledger Mirror").click()
    page.get_by_role("button", name="Block Ledger Mirror", exact=True).wait_for()
    assert page.get_by_role("status").is_visible()
