"""Draws the pictures of Setup pages that the console shows beside a step.

Each is a page of the emulator with the control of the step framed; the console captions them as
illustrations.  Chromium must be there (`make test` installs it); run it anew when a page of the
emulator's Setup has changed its look.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.sync_api import Locator, Page, sync_playwright

import evergrant
from evergrant.emulator import Emulator

FOLDER: Final = Path(evergrant.__file__).parent / "web" / "static" / "setup"
WIDTH, HEIGHT = 760, 470
SETUP: Final = "/lightning/setup/{}/home"
BLOCK: Final = {"do": "block_app", "app": "orbit-sync"}
UNINSTALL: Final = {"do": "uninstall_app", "app": "orbit-sync"}
FRAME: Final = """
element => Object.assign(element.style, {
  outline: "3px solid #ba0517", outlineOffset: "3px", borderRadius: "2px"})
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the page, the control on it, and what is done to the org before."""

    file: str
    page: str
    control: str
    kind: str = "link"
    """`button`, `link`, `label` of a field, or `text`."""
    change: str = ""
    app: str = ""
    before: tuple[dict[str, str], ...] = ()
    follow: str = ""
    """A link on the page that leads on to where the control stands."""


SHOTS: Final = (
    Shot("unblock", "ConnectedAppsUsage", "Unblock Orbit Sync", "button", "unblock-app",
         before=(BLOCK,)),
    Shot("install", "ConnectedAppsUsage", "Install Orbit Sync", "button", "install-app",
         before=(UNINSTALL,)),
    Shot("usage", "ConnectedAppsUsage", "Manage App Policies Orbit Sync"),
    Shot("connected-apps", "ConnectedApplication", "Edit Orbit Sync"),
    Shot("refresh-policy", "ConnectedApplication", "Refresh token is valid until revoked", "label",
         "refresh-policy", "connected app", follow="Edit Orbit Sync"),
    Shot("permitted-users", "ConnectedApplication", "Add Permission Set", "button",
         "admit-by-permission-set", "connected app", follow="Orbit Sync"),
    Shot("app-manager", "NavigationMenus", "Edit Orbit Sync"),
    Shot("external-apps", "ManageExternalClientApplication", "Policies Orbit Sync Server"),
    Shot("external-settings", "ManageExternalClientApplication", "Settings Orbit Sync Server",
         change="app-callbacks"),
    Shot("permission-sets", "PermSets", "Orbit Sync Access"),
    Shot("users", "ManageUsers", "Orbit Integration"),
    Shot("profiles", "EnhancedProfiles", "Integration User"),
    Shot("network-access", "NetworkAccess", "Add range", "button"),
    Shot("api-access-control", "ApiAccessControl", "Save", "button"),
    Shot("session-settings", "SecuritySession", "Save", "button"),
    Shot("my-domain", "OrgDomain", "Save", "button"),
    Shot("oauth-settings", "OauthOidcSettings", "Save", "button"),
    Shot("audit-trail", "SecurityEvents", "", "text"),
    Shot("login-history", "OrgLoginHistory", "Filter", "button"),
    Shot("packages", "ImportedPackage", "Install Orbit Bridge", "button"),
    Shot("company", "CompanyProfileInfo", "", "text"),
)  # fmt: skip
"""Every picture; the pages are those to which steps of the catalog link."""


def main() -> None:
    """Draw them all, and write the index."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Emulator(seed=7) as org, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US")
        entries = [_drawn(org, page, shot) for shot in SHOTS]
        browser.close()
    head = "# Written by docs/setup_pictures.py.\n"
    (FOLDER / "index.toml").write_text(head + "\n".join(entries), "utf-8")


def _drawn(org: Emulator, page: Page, shot: Shot) -> str:
    org.stage.reset()
    for act in shot.before:
        httpx2.post(f"{org.control_url}/act", json=act, timeout=10).raise_for_status()
    address = SETUP.format(shot.page)
    _open(org, page, address)
    if shot.follow:
        page.get_by_role("link", name=shot.follow, exact=True).click()
        page.wait_for_load_state()
    if shot.control:
        control = _control(page, shot)
        control.evaluate(FRAME)
        control.scroll_into_view_if_needed()
    file = f"{shot.file}.png"
    page.screenshot(path=FOLDER / file)
    words = {
        "file": file, "page": address, "control": shot.control.removesuffix(" Orbit Sync Server"),
        "change": shot.change, "app": shot.app,
    }  # fmt: skip
    lines = [f'{name} = "{value}"' for name, value in words.items()]
    return "\n".join(["[[picture]]", *lines, f"width = {WIDTH}", f"height = {HEIGHT}", ""])


def _open(org: Emulator, page: Page, address: str) -> None:
    page.goto(org.url + address)
    if page.get_by_label("Password").count():
        who = _admin(org)
        page.get_by_label("Username").fill(who["username"])
        page.get_by_label("Password").fill(who["password"])
        page.get_by_role("button", name="Log In").click()
        page.wait_for_url(f"**{address}")


def _admin(org: Emulator) -> dict[str, Any]:
    users = httpx2.get(f"{org.control_url}/world", timeout=10).json()["users"]
    return next(dict(each) for each in users if each["username"].startswith("admin@"))


def _control(page: Page, shot: Shot) -> Locator:
    if shot.kind in ("button", "link"):
        role: Any = shot.kind
        return page.get_by_role(role, name=shot.control, exact=True).first
    if shot.kind == "label":
        return page.get_by_label(shot.control, exact=True).locator("xpath=..")
    return page.get_by_text(shot.control, exact=True).first


if __name__ == "__main__":
    main()
