"""The package itself: what installing it brings into the org, and what it leaves behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from evergrant.emulator import apps, profiles, state
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.ids import named
from evergrant.emulator.objects import insert, stamp
from evergrant.emulator.policies import AppPolicy
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from evergrant.emulator.org import Org


@dataclass(frozen=True, slots=True)
class Package:
    """A managed package that connects the org with its vendor's cloud."""

    namespace: str
    label: str
    publisher: str
    version: str
    app: str
    """The connected app by which the vendor reaches the org."""
    permission_set: str
    """Who holds it may open the package's setup page."""
    credential: str
    """The auth provider and named credential by which the org reaches the vendor."""


ORBIT: Final = Package(
    "orbit", "Orbit Bridge", "Orbit Data, Inc.", "3.2", "orbit-bridge", "Orbit_Setup_User",
    "Orbit_Cloud",
)  # fmt: skip
CLOUD: Final = "https://cloud.orbit.example"
"""The vendor's cloud as the components name it; the emulator plays it under PLAYED."""
PLAYED: Final = "/emulator/orbit"
CALLBACK: Final = f"{PLAYED}/callback"
"""Where the vendor waits for the org's answer."""
_COMPONENTS: Final[dict[str, dict[str, object]]] = {
    "AuthProvider": {
        "authorizeUrl": f"{CLOUD}/oauth/authorize", "friendlyName": ORBIT.label,
        "providerType": "OpenIdConnect", "tokenUrl": f"{CLOUD}/oauth/token",
    },
    "ExternalCredential": {
        "authenticationProtocol": "Oauth",
        "externalCredentialParameters": [
            {"parameterName": "Principal", "parameterType": "NamedPrincipal",
             "sequenceNumber": "1"},
            {"authProvider": ORBIT.credential, "parameterName": "AuthProvider",
             "parameterType": "AuthProvider"},
        ],
        "label": ORBIT.label,
    },
    "NamedCredential": {
        "calloutStatus": "Enabled", "label": ORBIT.label,
        "namedCredentialParameters": [
            {"parameterName": "Url", "parameterType": "Url", "parameterValue": CLOUD},
            {"externalCredential": ORBIT.credential, "parameterName": "ExternalCredential",
             "parameterType": "Authentication"},
        ],
        "namedCredentialType": "SecuredEndpoint",
    },
}  # fmt: skip


def is_installed(org: Org) -> bool:
    """Whether the package is in the org now."""
    return state.one(org.db, "SELECT 1 FROM x_package WHERE name = ?", ORBIT.namespace) is not None


def install(org: Org) -> None:
    """Bring the package in, its app installed with it (so since Spring '26 still)."""
    now = stamp(org.clock.now())
    state.put(org.db, "x_package", name=ORBIT.namespace, installed=now)
    for type_, body in _COMPONENTS.items():
        state.put(
            org.db, "x_metadata", type=type_, name=ORBIT.credential, owner="",
            body=json.dumps(body), created=now, modified=now,
        )  # fmt: skip
    if state.one(org.db, "SELECT 1 FROM x_app WHERE name = ?", ORBIT.app) is None:
        profiles.add_permission_set(org, ORBIT.permission_set, "Orbit Setup User")
        _open_page(org)
        _add_app(org)


def _open_page(org: Org) -> None:
    """Let whoever holds the permission set open the package's page."""
    holder = state.one(
        org.db, 'SELECT "Id" FROM "PermissionSet" WHERE "Name" = ?', ORBIT.permission_set
    )
    insert(
        org.db, "SetupEntityAccess", Id=org.ids.new("0J0"), SetupEntityType="ApexPage",
        SetupEntityId=named("066", ORBIT.namespace), SystemModstamp=org.clock.now(),
        ParentId=str(holder["Id"]) if holder is not None else None,
    )  # fmt: skip


def _add_app(org: Org) -> None:
    key = "3MVG9" + "".join(org.random.choices(ascii_letters + digits, k=80))
    policy = AppPolicy(
        id=org.ids.new(apps.PREFIXES["connected_app"]), name=ORBIT.app, label=ORBIT.label,
        owner=ORBIT.publisher, kind="connected_app", consumer_key=key,
        callbacks=(callback(org),), scopes=("api", "refresh_token", "id"), pkce_required=True,
        rotation=True,
    )  # fmt: skip
    apps.add(org, policy, opaque(org, "", 64, "consumer_secret"))


def uninstall(org: Org) -> None:
    """Take the package's pages, components and connections away."""
    org.db.execute("DELETE FROM x_package WHERE name = ?", (ORBIT.namespace,))
    org.db.execute("DELETE FROM x_connection")
    org.db.execute("DELETE FROM x_vendor_flow")
    org.db.execute("DELETE FROM x_metadata WHERE name = ?", (ORBIT.credential,))


def callback(org: Org) -> str:
    """The vendor's callback, under the org's own address since the emulator plays the vendor."""
    return f"{org.base_url}{CALLBACK}"


def app(org: Org) -> AppPolicy:
    """The app by which the vendor reaches the org; raises KeyError before the first install."""
    return app_by_name(org.db, ORBIT.app)


def component(org: Org, type_: str) -> dict[str, object] | None:
    """One of the package's components as it stands, which a deployment may have changed."""
    row = state.one(
        org.db, "SELECT body FROM x_metadata WHERE type = ? AND name = ?", type_, ORBIT.credential
    )
    return None if row is None else dict(json.loads(row["body"]))
