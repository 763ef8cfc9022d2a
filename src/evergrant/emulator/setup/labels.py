"""Which words of the Setup pages a public source states, and which are our guess.

A label that is not in the table counts as inferred: forgetting to look one up cannot pass a guess
off as Salesforce's. Each page lists its inferred labels at the foot.
"""

from __future__ import annotations

from typing import Final

from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.permissions import PERMISSIONS

_HELP: Final = "https://help.salesforce.com/s/articleView?id="
_LINKS: Final = "Salesforce Inspector, addon/links.js (paths and titles of Setup pages)"
_POLICIES: Final = f"{_HELP}xcloud.connected_app_manage_oauth.htm"
_USAGE: Final = f"{_HELP}xcloud.connected_app_manage_current_sessions.htm"
_IP: Final = f"{_HELP}xcloud.connected_app_continuous_ip.htm"
_AUDIT_NAMES: Final = "Setup Audit Trail reference (observed)"
_REMOTE: Final = f"{_HELP}platform.remoteaccess_request.htm"
_BLOCKED_FLOWS: Final = f"{_HELP}xcloud.remoteaccess_disable_username_password_flow_ca.htm"
_LOGINS: Final = "Salesforce Security Guide, users_login_history"
_GUIDES: Final = "vendors' published reconnection guides"
_GUESSED: Final = frozenset({
    "AssignPermissionSets", "ManageProfilesPermissionsets", "ManageSessionPermissionSets",
    "UseAnyApiClient",
})  # fmt: skip
"""Permissions whose label is inferred (see permissions.py)."""

STATED: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "App Manager", "Connected Apps OAuth Usage", "Manage Connected Apps",
            "External Client App Manager", "External Client Apps OAuth Usage",
            "OAuth and OpenID Connect Settings", "API Access Control", "Login History",
            "Session Management", "Session Settings", "Permission Sets", "Profiles", "Users",
            "View Setup Audit Trail", "My Domain", "Network Access", "CORS",
            "Certificate and Key Management", "External Client App Settings",
            "Event Log File Browser", "Named Credentials", "Auth. Providers",
            "Identity Provider Event Log", "Password Policies",
        ), _LINKS,
    ),
    **dict.fromkeys(
        (
            "Refresh token is valid until revoked", "Immediately expire refresh token",
            "Expire refresh token if not used for", "Expire refresh token after",
            "Manage Profiles", "Manage Permission Sets",
        ), _POLICIES,
    ),
    **dict.fromkeys(
        (
            "Enforce IP restrictions", "Enforce IP restrictions, but relax for refresh tokens",
            "Relax IP restrictions for activated devices", "Relax IP restrictions",
            "Enforce login IP ranges on every request",
        ), _IP,
    ),
    **dict.fromkeys(
        (
            "Permitted Users", "All users may self-authorize",
            "Admin approved users are pre-authorized",
        ), _AUDIT_NAMES,
    ),
    **dict.fromkeys(
        ("Block", "Unblock", "Install", "Uninstall", "Denied Attempts Due to Usage Restriction"),
        _USAGE,
    ),
    **dict.fromkeys(("OAuth Connected Apps", "Revoke"), _REMOTE),
    **dict.fromkeys(("Manage App Policies", "User Count"), _GUIDES),
    "Refresh Token Policy": "Object Reference, ConnectedApplication.RefreshTokenValidityPeriod",
    "Login IP Ranges": "LOGIN_STATUS reference",
    "Allow OAuth Username-Password Flows": _BLOCKED_FLOWS,
    "Enable CORS for OAuth endpoints": f"{_HELP}xcloud.remoteaccess_oauth_endpoints_cors.htm",
    **dict.fromkeys(("Username", "HTTP Login Method"), _LOGINS),
}  # fmt: skip
"""Labels of pages, lists and buttons, to where they are stated."""
_REFERENCES: Final = (
    "LoginHistory", "ConnectedApplication", "ExternalClientApplication", "OauthToken",
    "PermissionSetAssignment", "SetupAuditTrail", "AuthSession",
)  # fmt: skip
"""Objects whose field labels the Object Reference states."""
SOURCED: Final[dict[str, str]] = {
    **{label: "Object Reference, PermissionSet" for name, label in PERMISSIONS.items()
       if name not in _GUESSED},
    **{each.label: f"Object Reference, {name}" for name in _REFERENCES
       for each in OBJECTS[name].fields},
    **STATED,
}  # fmt: skip
"""Label to where it is stated."""


class Labels:
    """Hands labels to one page as it is drawn, and remembers which of them are inferred."""

    def __init__(self) -> None:
        self._guessed: dict[str, None] = {}

    def __call__(self, text: str) -> str:
        """The label itself."""
        if text not in SOURCED:
            self._guessed[text] = None
        return text

    def inferred(self) -> tuple[str, ...]:
        """The labels handed out that no public source states, in order."""
        return tuple(self._guessed)
