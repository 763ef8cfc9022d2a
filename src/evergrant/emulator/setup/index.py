"""Every Setup page there is, the menu that leads to them, and the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator.setup import apps as setup_apps
from evergrant.emulator.setup import logins as setup_logins
from evergrant.emulator.setup import org as setup_org
from evergrant.emulator.setup import permsets as setup_permsets
from evergrant.emulator.setup import profiles as setup_profiles
from evergrant.emulator.setup import settings as setup_settings
from evergrant.emulator.setup import usage as setup_usage
from evergrant.emulator.setup import users as setup_users
from evergrant.emulator.setup.desk import Page
from evergrant.emulator.setup.rights import VIEW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.setup.desk import Desk

HOME: Final = "/lightning/setup/home"
"""The address of the first page is inferred."""
_RECORD_ADDRESS: Final = 4
_MENU: Final = {
    "Apps": (
        "ConnectedAppsUsage", "ConnectedApplication", "NavigationMenus",
        "ManageExternalClientApplication", "ExternalClientApplicationOauthUsage",
    ),
    "Users": ("ManageUsers", "PermSets", "Profiles"),
    "Identity": ("OrgLoginHistory", "OauthOidcSettings", "ApiAccessControl"),
    "Security": ("SecurityEvents", "SecuritySession", "SessionManagementPage"),
    "Company Settings": ("OrgDomain",),
}  # fmt: skip
"""Heading to pages, by the name in their address; the headings are inferred."""
NOT_BUILT: Final = {
    "CertificatesAndKeysManagement": "Certificate and Key Management",
    "CorsWhitelistEntries": "CORS",
    "NetworkAccess": "Network Access",
}
"""Setup pages that are known by name and not built: they answer 501 and say so."""


def _home(_desk: Desk) -> Mapping[str, object]:
    return {"not_built": NOT_BUILT}


PAGES: Final = (
    Page(HOME, "Setup", "home.html", VIEW, _home),
    *setup_usage.PAGES,
    *setup_apps.PAGES,
    *setup_settings.PAGES,
    *setup_permsets.PAGES,
    *setup_users.PAGES,
    *setup_logins.PAGES,
    *setup_profiles.PAGES,
    *setup_org.PAGES,
)
BY_PREFIX: Final = {
    page.path[1:]: page for page in PAGES if len(page.path) == _RECORD_ADDRESS
}  # fmt: skip
"""Key prefix of a record to its page."""
BY_ADDRESS: Final = {
    page.path: page for page in PAGES if len(page.path) != _RECORD_ADDRESS
}  # fmt: skip


def menu(permissions: frozenset[str]) -> dict[str, list[Page]]:
    """What somebody with these permissions may open, under its headings."""
    return {
        heading: [
            page
            for name in names
            if (page := BY_ADDRESS[f"/lightning/setup/{name}/home"]).right.allows(permissions)
        ]
        for heading, names in _MENU.items()
    }
