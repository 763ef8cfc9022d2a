"""The org as it is at the beginning: people, apps and two weeks of other traffic."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import acts, apps, objects, state
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

CALLBACK: Final = "http://localhost:1717/OauthRedirect"
"""The callback every app of the world has registered first."""
DOMAIN: Final = "acme.example"
_ADMIN: Final = frozenset(PERMISSIONS) - {"ApiUserOnly", "BypassMFAForUiLogins", "TwoFactorApi"}


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the beginning."""

    name: str
    first: str
    last: str
    profile: str


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


PROFILES: Final[dict[str, frozenset[str]]] = {
    "System Administrator": _ADMIN,
    "Standard User": frozenset({"ApiEnabled"}),
    "Integration User": frozenset({"ApiEnabled"}),
}
PEOPLE: Final = (
    Person("admin", "Ada", "Moreno", "System Administrator"),
    Person("integration", "Orbit", "Integration", "Integration User"),
    Person("sam", "Sam", "Okafor", "Standard User"),
    Person("rita", "Rita", "Lindqvist", "Standard User"),
)
PERMISSION_SETS: Final = {
    "Orbit_Sync_Access": "Orbit Sync Access",
    "Ledger_Mirror_Access": "Ledger Mirror Access",
}
ASSIGNED: Final = (("integration", "Orbit_Sync_Access"), ("rita", "Ledger_Mirror_Access"))
APPS: Final = (
    App("orbit-sync", "Orbit Sync"),
    App("orbit-jwt", "Orbit Sync JWT", knobs={"admin_approved": True}, granted="Orbit_Sync_Access"),
    App(
        "orbit-server", "Orbit Sync Server", is_external=True, scopes=("api",),
        knobs={
            "client_credentials": True, "run_as": f"integration@{DOMAIN}", "pkce_required": True,
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
_TRAFFIC: Final = (
    # (days ago, user, status, application, subtype)
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


def build(org: Org) -> None:
    """Fill an empty org; the same seed gives the same names, keys, secrets and passwords."""
    words = Random(f"world {org.seed}")  # noqa: S311  # the world must be the same each time
    with org.changing():
        state.note(org.db, "org_id", org.ids.new("00D"))
        state.note(org.db, "admin_id", org.ids.new("005"))
        state.note(org.db, "network_id", org.ids.new("0DB"))
        state.save_policy(org.db, "org", OrgPolicy())
        _organization(org)
        profiles = {name: _profile(org, name) for name in PROFILES}
        for person in PEOPLE:
            _person(org, person, profiles[person.profile], _letters(words, 16))
        for row in state.every(org.db, "SELECT id FROM x_user ORDER BY rowid"):
            _security_token(org, row["id"])
        for name, label in PERMISSION_SETS.items():
            _permission_set(org, name, label)
        for app in APPS:
            _app(org, app, words)
        for user, held in ASSIGNED:
            acts.do(org, "assign_permission_set", user=user, permission_set=held)
        org.db.execute('DELETE FROM "SetupAuditTrail"')
        _traffic(org)


def _letters(words: Random, length: int) -> str:
    return "".join(words.choices(ascii_letters + digits, k=length))


def _organization(org: Org) -> None:
    now = org.clock.now()
    objects.insert(
        org.db, "Organization", Id=state.noted(org.db, "org_id"), Name="Acme Manufacturing",
        OrganizationType="Enterprise Edition", InstanceName="USA1", LanguageLocaleKey="en_US",
        DefaultLocaleSidKey="en_US", TimeZoneSidKey="GMT", CreatedDate=now, SystemModstamp=now,
    )  # fmt: skip


def _profile(org: Org, name: str) -> str:
    profile, now = org.ids.new("00e"), org.clock.now()
    held = {f"{COLUMN}{permission}": True for permission in PROFILES[name]}
    objects.insert(
        org.db, "Profile", Id=profile, Name=name, UserType="Standard", CreatedDate=now, **held
    )
    # A permission set owned by a profile bears an X00e name (observed in public exports).
    objects.insert(
        org.db, "PermissionSet", Id=org.ids.new("0PS"), Name=f"X{profile}", Label=profile,
        ProfileId=profile, IsOwnedByProfile=True, Type="Profile", CreatedDate=now, **held,
    )  # fmt: skip
    state.save_policy(org.db, profile, ProfilePolicy())
    return profile


def _person(org: Org, person: Person, profile: str, password: str) -> None:
    is_admin, now = person.name == "admin", org.clock.now()
    user = state.noted(org.db, "admin_id") if is_admin else org.ids.new("005")
    objects.insert(
        org.db, "User", Id=user, Username=f"{person.name}@{DOMAIN}", FirstName=person.first,
        LastName=person.last, Name=f"{person.first} {person.last}", IsActive=True,
        Email=f"{person.name}@{DOMAIN}", Alias=person.name[:8], ProfileId=profile,
        UserType="Standard", TimeZoneSidKey="GMT", LocaleSidKey="en_US",
        LanguageLocaleKey="en_US", CreatedDate=now, LastModifiedDate=now, SystemModstamp=now,
        LastPasswordChangeDate=now - timedelta(days=40),
    )  # fmt: skip
    objects.insert(org.db, "UserLogin", Id=org.ids.new("0Yw"), UserId=user, LastModifiedDate=now)
    state.put(org.db, "x_user", id=user, password=password, security_token="")
    state.put(org.db, "x_issued", secret=password, kind="password")


def _security_token(org: Org, user: str) -> None:
    """What must follow the password outside trusted ranges; the same seed gives the same one."""
    token = _letters(Random(f"security token {org.seed} {user}"), 24)  # noqa: S311  # as above
    org.db.execute("UPDATE x_user SET security_token = ? WHERE id = ?", (token, user))
    state.put(org.db, "x_issued", secret=token, kind="security_token")


def _permission_set(org: Org, name: str, label: str) -> None:
    objects.insert(
        org.db, "PermissionSet", Id=org.ids.new("0PS"), Name=name, Label=label, IsCustom=True,
        Type="Regular", CreatedDate=org.clock.now(),
    )  # fmt: skip


def _app(org: Org, app: App, words: Random) -> None:
    kind = "external_client_app" if app.is_external else "connected_app"
    policy = AppPolicy(
        id=org.ids.new(apps.PREFIXES[kind]), name=app.name, label=app.label, owner=app.owner,
        kind="external_client_app" if app.is_external else "connected_app",
        consumer_key=f"3MVG9{_letters(words, 80)}",
        callbacks=(CALLBACK, f"https://{app.name}.example/oauth/callback"),
        scopes=app.scopes, **app.knobs,
    )  # fmt: skip
    apps.add(org, policy, _letters(words, 64))
    if app.granted:
        acts.do(org, "grant_app", app=app.name, permission_set=app.granted)
    keep_certificate(org, app.name)


def keep_certificate(org: Org, name: str) -> None:
    """Register again the certificate of a key pair that was handed out before a reset."""
    if name in org.keys:
        policy = replace(app_by_name(org.db, name), certificate=org.keys[name].certificate)
        apps.save(org, policy)


def _traffic(org: Org) -> None:
    now = org.clock.now()
    for days_ago, name, status, application, subtype in _TRAFFIC:
        user = state.one(org.db, 'SELECT "Id" FROM "User" WHERE "Username" LIKE ?', f"{name}@%")
        is_browser = application == "Browser"
        objects.insert(
            org.db, "LoginHistory", Id=org.ids.new("0Ya"), UserId=user["Id"] if user else None,
            LoginTime=now - timedelta(days=days_ago, minutes=17), Status=status,
            LoginType="Application" if is_browser else "Remote Access 2.0",
            LoginSubType=subtype, Application=application, SourceIp="198.51.100.77",
            Browser="N/A", Platform="N/A", ApiType="N/A", ApiVersion="N/A", ClientVersion="N/A",
            LoginUrl="login.salesforce.com", OptionsIsPost=True,
        )  # fmt: skip
