"""Acts of admins as the Setup Audit Trail writes them, and the words that facts have for them."""

from __future__ import annotations

from typing import Literal

ACTS = {
    "blockConnectedApplication": "app blocked",
    "unblockConnectedApplication": "app unblocked",
    "insertConnectedApplication": "app installed",
    "deleteConnectedApplication": "app uninstalled",
    "deleteApplication": "app deleted",
    "changeUserRuntimeAccessPolicy": "permitted users changed",
    "changeIpRelaxationPolicy": "ip policy changed",
    "loginIpRange": "login ranges changed",
    "deleteIpWhiteList": "login ranges changed",
    "PermSetUnassign": "permission set unassigned",
    "PermSetAssign": "permission set assigned",
    "changedprofileforuser": "profile changed",
    "frozeuser": "user frozen",
    "deactivateduser": "user deactivated",
    "generateOauthStagedCredential": "secret rotated",
    "changeApplicationCallbackUrl": "callback changed",
    "insertApplicationCertificate": "certificate changed",
    "changeApplicationCertificate": "certificate changed",
    "changeApplicationClientCredentialEnabled": "client credentials changed",
    "addOauthClientCredentialUser": "client credentials changed",
    "changeApplicationPkceRequired": "pkce required",
    "changeApplicationRefreshTokenRotationEnabled": "rotation changed",
    "changeOauthDefaultScope": "scopes changed",
    "adminApprovedAppsOnlyOffOn": "api access control changed",
    "adminApprovedAppsOnlyOnOff": "api access control changed",
}
"""Action of SetupAuditTrail → value of `audit.last_act` (org-model 2.8)."""
INFERRED_ACTS = (
    ("rotated secret", "secret rotated"),
    ("consumer secret", "secret rotated"),
    ("refresh token rotation", "rotation changed"),
    ("refresh token policy", "refresh policy changed"),
    ("login hours", "login hours changed"),
    ("login ip range", "login ranges changed"),
    ("changed profile", "profile changed"),
    ("removed session", "sessions removed"),
    ("reset password", "password reset"),
    ("session policy", "session policy changed"),
    ("revoked", "tokens revoked"),
    ("all users may self-authorize", "permitted users changed"),
    ("admin approved users are pre-authorized", "permitted users changed"),
    ("enforce ip restrictions", "ip policy changed"),
    ("relax ip restrictions", "ip policy changed"),
    ("api access control", "api access control changed"),
    ("unblocked", "app unblocked"),
    ("blocked", "app blocked"),
    ("uninstalled", "app uninstalled"),
    ("installed", "app installed"),
    ("froze", "user frozen"),
    ("deactivated", "user deactivated"),
    ("unassigned", "permission set unassigned"),
    ("callback", "callback changed"),
    ("certificate", "certificate changed"),
    ("client credentials", "client credentials changed"),
    ("pkce", "pkce required"),
)
"""Words of Display → value, for acts whose action name no source has, and for the download, which
has no action names: inferred."""
OF_THE_ORG = frozenset(
    {"login ranges changed", "login hours changed", "profile changed", "api access control changed"}
)
"""Acts that name neither app nor user and count all the same."""
Named = tuple[str, Literal["derived", "inferred"]]


def named(action: str, display: str) -> Named:
    """The act and how sure its name is; an empty act where nobody has a word for it."""
    if act := ACTS.get(action):
        return act, "derived"
    said = display.casefold()
    # Thawing a user is no freezing.
    said = said.replace("unfroze", "")
    return next((act for words, act in INFERRED_ACTS if words in said), ""), "inferred"


def concerns(act: str, display: str, *names: str) -> bool:
    """Whether an act is on the app or user of these names, or on the whole org."""
    said = display.casefold()
    return act in OF_THE_ORG or any(name and name.casefold() in said for name in names)
