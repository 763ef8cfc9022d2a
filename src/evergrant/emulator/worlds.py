"""Who and what an org holds at the beginning: the demo's company, and one with an admin alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from evergrant.emulator.gates.rules import DEFAULT_CLI
from evergrant.emulator.people import Person
from evergrant.emulator.permissions import PERMISSIONS

CALLBACK: Final = "http://localhost:1717/OauthRedirect"
"""The callback every app of the world has registered first."""
_ADMIN: Final = frozenset(PERMISSIONS) - {"ApiUserOnly", "BypassMFAForUiLogins", "TwoFactorApi"}


@dataclass(frozen=True, slots=True)
class App:
    """An app of the beginning; knobs not named stand at their defaults."""

    name: str
    label: str
    owner: str = "Orbit Data, Inc."
    is_external: bool = False
    scopes: tuple[str, ...] = ("api", "refresh_token", "id", "openid")
    knobs: dict[str, Any] = field(default_factory=dict)
    granted: str = ""
    """A permission set on the app's list."""
    consumer_key: str = ""
    """Empty: one is made up."""
    callbacks: tuple[str, ...] = ()
    """Empty: the world's own, and one that no browser reaches."""


@dataclass(frozen=True, slots=True)
class World:
    """What an org begins with, beside its profiles and the apps that every org knows."""

    name: str
    people: tuple[Person, ...]
    apps: tuple[App, ...] = ()
    permission_sets: Mapping[str, str] = field(default_factory=dict)
    """Labels by API name."""
    assigned: tuple[tuple[str, str], ...] = ()
    """Who holds which permission set."""
    traffic: tuple[tuple[int, str, str, str, str], ...] = ()
    """Logins of the past: days ago, user, status, application, subtype."""


PROFILES: Final[dict[str, frozenset[str]]] = {
    "System Administrator": _ADMIN,
    "Standard User": frozenset({"ApiEnabled"}),
    "Integration User": frozenset({"ApiEnabled"}),
}
ADMIN: Final = Person("admin", "Ada", "Moreno", "System Administrator")
_PEOPLE: Final = (
    ADMIN,
    Person("integration", "Orbit", "Integration", "Integration User"),
    Person("sam", "Sam", "Okafor", "Standard User"),
    Person("rita", "Rita", "Lindqvist", "Standard User"),
)
_PERMISSION_SETS: Final = {
    "Orbit_Sync_Access": "Orbit Sync Access",
    "Ledger_Mirror_Access": "Ledger Mirror Access",
}
_ASSIGNED: Final = (("integration", "Orbit_Sync_Access"), ("rita", "Ledger_Mirror_Access"))
_APPS: Final = (
    App("orbit-sync", "Orbit Sync"),
    App("orbit-jwt", "Orbit Sync JWT", knobs={"admin_approved": True}, granted="Orbit_Sync_Access"),
    App(
        "orbit-server", "Orbit Sync Server", is_external=True, scopes=("api",),
        knobs={
            "client_credentials": True, "run_as": "integration", "pkce_required": True,
            "refresh_policy": "specific_lifetime:365:DAYS",
        },
    ),
    App(
        "ledger-mirror", "Ledger Mirror", "Ledgerworks GmbH", scopes=("api", "refresh_token"),
        knobs={"admin_approved": True, "refresh_policy": "specific_inactivity:30:DAYS"},
        granted="Ledger_Mirror_Access",
    ),
    App(
        "pocket-charts", "Pocket Charts", "Pocket Charts Ltd", scopes=("full", "refresh_token"),
        knobs={"ip_relaxation": "BYPASS"},
    ),
)  # fmt: skip
"""Orbit's three are the integration; the other two are there to distract."""
ONLY_THERE: Final[dict[str, tuple[App, ...]]] = {
    "sandbox": (App("orbit-rehearsal", "Orbit Sync Rehearsal"),),
}
"""Apps that were made in the copy and that production does not have, by kind of org."""
_TRAFFIC: Final = (
    (13, "sam", "Success", "Pocket Charts", "OauthWebServer"),
    (12, "rita", "Success", "Ledger Mirror", "OauthWebServer"),
    (11, "sam", "Invalid Password", "Browser", "UsernamePasswordUiLogin"),
    (11, "sam", "Success", "Browser", "UsernamePasswordUiLogin"),
    (8, "sam", "Failed: Not approved for access", "Ledger Mirror", "OauthWebServer"),
    (7, "rita", "Success", "Ledger Mirror", "OauthRefreshToken"),
    (5, "rita", "Restricted IP", "Ledger Mirror", "OauthRefreshToken"),
    (3, "sam", "Success", "Pocket Charts", "OauthRefreshToken"),
    (1, "admin", "Success", "Browser", "UsernamePasswordUiLogin"),
    (1, "rita", "Success", "Ledger Mirror", "OauthRefreshToken"),
)
CLI: Final = App(
    "salesforce-cli", "Salesforce CLI", "Salesforce", scopes=("api", "refresh_token", "web"),
    consumer_key=DEFAULT_CLI, callbacks=(CALLBACK,),
    knobs={"secret_optional": True, "secret_for_refresh": False, "device_flow": True},
)  # fmt: skip
"""The app that Salesforce CLI names when it is given none: every org knows it, and it has no
secret. Its key and callback are recorded (c-sfdxauth); label, owner and scopes are inferred."""
ACME: Final = World("acme", _PEOPLE, _APPS, _PERMISSION_SETS, _ASSIGNED, _TRAFFIC)
"""The demo's: people, apps and two weeks of other traffic."""
BARE: Final = World("bare", (ADMIN,))
"""An admin alone, and nothing that ever happened: for tests that bring their own."""
WORLDS: Final = MappingProxyType({each.name: each for each in (ACME, BARE)})
"""Worlds by name."""
