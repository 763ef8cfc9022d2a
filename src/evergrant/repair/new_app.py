"""A new external client app, as tight as its flow allows: its files, and who does what besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from evergrant.errors import BadInput
from evergrant.repair.edits import Add, Edit, Set
from evergrant.repair.files import Component, Files
from evergrant.repair.kinds import EXTERNAL
from evergrant.repair.migrate import (
    GLOBAL,
    NAMES,
    OAUTH_POLICY,
    SETTINGS,
    SWITCHES,
    eca_component,
    filled,
)

Way = Literal["web_server", "jwt_bearer", "client_credentials"]
ACCESS: Final = "PermissionSet"
IDLE_DAYS: Final = "30"
"""As the rules for partners of 2026 treat tokens that live until revoked (xcloud.connected_app_
limit_idle_ttl)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new app is to be."""

    name: str
    label: str
    way: Way
    contact: str
    description: str = ""
    callback: str = ""
    """Required by Salesforce's own form, and by the web server flow."""
    certificate: str = ""
    """PEM; for the JWT bearer flow."""
    run_as: str = ""
    """Username; for client credentials."""

    @property
    def permission_set(self) -> str:
        """API name of the permission set that admits its users."""
        return f"{self.name}_Access"


_NEEDS: Final[dict[Way, tuple[tuple[str, str], ...]]] = {
    "web_server": (("callback", "the callback URL that the client listens on"),),
    "jwt_bearer": (("certificate", "a certificate whose private key the client holds"),),
    "client_credentials": (("run_as", "the user that the app runs as"),),
}
SCOPES: Final[dict[Way, str]] = {
    "web_server": "Api, RefreshToken",
    "jwt_bearer": "Api, RefreshToken",
    "client_credentials": "Api",
}
"""The JWT bearer flow wants refresh_token, too: a refusal of Salesforce's says so."""
CHECKLIST: Final = (
    "A user of its own for the integration: licence Salesforce Integration, profile Minimum Access"
    " - API Only Integrations, permission set licence Salesforce API Integration",
    "Permission sets with just the objects and fields that it needs; no Modify All Data",
    "Login IP ranges on that profile, if the client comes from fixed addresses; no login hours",
    "The permission set {0} assigned to that user",
)


def choose(*, person: bool, one_user: bool) -> Way:
    """The flow for a client: does a person sign in, and does it act as one user only?"""
    if person:
        return "web_server"
    return "client_credentials" if one_user else "jwt_bearer"


def new_app(wanted: Wanted) -> Files:
    """The app's five files and its permission set.

    Raises `BadInput` where something that its flow needs is missing.
    """
    for name, meaning in _NEEDS[wanted.way]:
        if not getattr(wanted, name):
            raise BadInput(f"{wanted.way} needs {meaning}", whose="you")
    parts = [eca_component(type_, wanted.name, _edits(type_, wanted)) for type_ in NAMES]
    access: list[Edit] = [
        Set("label", f"{wanted.label} Access"),
        Set("description", f"Admits the users of {wanted.label}"),
        Add("userPermissions", (("enabled", "true"), ("name", "ApiEnabled"))),
    ]
    return Files([filled(ACCESS, wanted.permission_set, access), *parts])


def _edits(type_: str, wanted: Wanted) -> list[Edit]:
    table: dict[str, dict[str, str]] = {
        EXTERNAL: {
            "contactEmail": wanted.contact, "description": wanted.description,
            "distributionState": "Local", "isProtected": "false", "label": wanted.label,
        },
        SETTINGS: {"commaSeparatedOauthScopes": SCOPES[wanted.way]},
        GLOBAL: _global(wanted),
        OAUTH_POLICY: _policy(wanted),
        SWITCHES: {"isEnabled": "true", "isOauthPluginEnabled": "true"},
    }  # fmt: skip
    return [Set(path, value) for path, value in table[type_].items() if value]


def _global(wanted: Wanted) -> dict[str, str]:
    """NOTE: everything that makes a stolen code or token worth less is on."""
    is_itself = "true" if wanted.way == "client_credentials" else "false"
    return {
        "callbackUrl": wanted.callback or "https://login.salesforce.com/services/oauth2/success",
        "certificate": wanted.certificate,
        "isClientCredentialsFlowEnabled": is_itself,
        "isConsumerSecretOptional": "false",
        "isIntrospectAllTokens": "false",
        "isPkceRequired": "true",
        "isRefreshTokenRotationEnabled": "true",
        "isSecretRequiredForRefreshToken": "true",
    }


def _policy(wanted: Wanted) -> dict[str, str]:
    is_itself = wanted.way == "client_credentials"
    return {
        "permittedUsersPolicyType": "AdminApprovedPreAuthorized",
        "commaSeparatedPermissionSet": wanted.permission_set,
        "ipRelaxationPolicyType": "Enforce",
        "refreshTokenPolicyType": "SpecificInactivity",
        "refreshTokenValidityPeriod": IDLE_DAYS,
        "refreshTokenValidityUnit": "Days",
        "isClientCredentialsFlowEnabled": "true" if is_itself else "false",
        "clientCredentialsFlowUser": wanted.run_as,
    }


def phases(files: Files) -> list[list[Component]]:
    """The components in the order of their deployments: access, the app, its policies."""
    last = {OAUTH_POLICY, SWITCHES}
    access = [each for each in files if each.kind.type == ACCESS]
    app = [each for each in files if each.kind.type not in {ACCESS, *last}]
    return [access, app, [each for each in files if each.kind.type in last]]
