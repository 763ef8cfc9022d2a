"""Every Setup page there is, the menu that leads to them, and the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator.setup import apps as setup_apps
from evergrant.emulator.setup import bridge as setup_bridge
from evergrant.emulator.setup import certificates as setup_certificates
from evergrant.emulator.setup import external as setup_external
from evergrant.emulator.setup import logins as setup_logins
from evergrant.emulator.setup import org as setup_org
from evergrant.emulator.setup import packages as setup_packages
from evergrant.emulator.setup import permsets as setup_permsets
from evergrant.emulator.setup import personal as setup_personal
from evergrant.emulator.setup import places as setup_places
from evergrant.emulator.setup import profiles as setup_profiles
from evergrant.emulator.setup import sessions as setup_sessions
from evergrant.emulator.setup import settings as setup_settings
from evergrant.emulator.setup import trails as setup_trails
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
_SETUP: Final = "/lightning/setup/{}/home"
_PERSONAL: Final = "/lightning/settings/personal/{}/home"
_MENU: Final = {
    "Apps": (
        _SETUP, "NavigationMenus", "ConnectedApplication", "ConnectedAppsUsage",
        "ManageExternalClientApplication", "ExternalClientApplicationOauthUsage",
        "ExternalClientApplicationSettings", "ImportedPackage",
    ),
    "Users": (_SETUP, "ManageUsers", "PermSets", "Profiles"),
    "Identity": (
        _SETUP, "AuthProviders", "IdpErrorLog", "VerificationHistory", "OrgLoginHistory",
        "OauthOidcSettings",
    ),
    "Security": (
        _SETUP, "ApiAccessControl", "CertificatesAndKeysManagement", "CorsWhitelistEntries",
        "ElfBrowser", "NamedCredential", "NetworkAccess", "SessionManagementPage",
        "SecuritySession", "SecurityEvents",
    ),
    "Company Settings": (_SETUP, "CompanyProfileInfo", "OrgDomain"),
    "My Personal Information": (_PERSONAL, "AdvancedUserDetails", "LoginHistory"),
}  # fmt: skip
"""Heading to pages, by the name in their address; the headings are inferred."""
NOT_BUILT: Final = {
    "EventManager": "Event Manager",
    "EventMonitoringSetup": "Event Monitoring Settings",
    "IdentityVerification": "Identity Verification",
    "IdpPage": "Identity Provider",
    "LoginAccessPolicies": "Login Access Policies",
    "LoginFlow": "Login Flows",
    "OauthCustomScope": "OAuth Custom Scopes",
    "PermSetGroups": "Permission Set Groups",
    "SecurityPolicies": "Password Policies",
    "SecurityRemoteProxy": "Remote Site Settings",
    "SingleSignOn": "Single Sign-On",
    "TransactionSecurityNew": "Transaction Security",
}
"""Setup pages that are known by name and not built: they answer 501 and say so."""


def _home(desk: Desk) -> Mapping[str, object]:
    """All pages, or those that Quick Find asks for."""
    asked = desk.query.get("q", "").strip()[:80]
    found = {
        heading: [page for page in entries if asked.casefold() in page.title.casefold()]
        for heading, entries in menu(desk.permissions).items()
    }
    return {"not_built": NOT_BUILT, "asked": asked, "found": found}


PAGES: Final = (
    Page(HOME, "Setup", "home.html", VIEW, _home, mark="inferred"),
    *setup_usage.PAGES,
    *setup_apps.PAGES,
    *setup_external.PAGES,
    *setup_settings.PAGES,
    *setup_permsets.PAGES,
    *setup_users.PAGES,
    *setup_logins.PAGES,
    *setup_sessions.PAGES,
    *setup_trails.PAGES,
    *setup_profiles.PAGES,
    *setup_org.PAGES,
    *setup_places.PAGES,
    *setup_certificates.PAGES,
    *setup_packages.PAGES,
    *setup_bridge.PAGES,
    *setup_personal.PAGES,
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
            if (page := BY_ADDRESS[address.format(name)]).right.allows(permissions)
        ]
        for heading, (address, *names) in _MENU.items()
    }
