"""The org as it is at the beginning: people, apps and two weeks of other traffic."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import apps, licenses, objects, people, profiles, state
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.people import letters
from evergrant.emulator.policies import AppPolicy, OrgPolicy
from evergrant.emulator.worlds import ACME, ADMIN, CALLBACK, CLI, ONLY_THERE, PROFILES, WORLDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.emulator.org import Org
    from evergrant.emulator.worlds import App, World

INSTANCE: Final = "USA1"
"""The instance an org begins on."""
_KEPT: Final = frozenset({"x_issued", "x_meta"})


def build(org: Org, world: World = ACME) -> None:
    """Fill an empty org; the same seed gives the same names, keys, secrets and passwords.

    Orgs side by side have the same apps, keys and secrets, as customers of one vendor do.
    """
    with org.changing():
        _fill(org, world, ONLY_THERE.get(org.home.kind, ()) if world is ACME else ())
        _traffic(org, world)


def renew(org: Org) -> None:
    """Make the org anew as a copy of production: other ids, no history, no app of its own.

    What was issued stays known, so that leaks can be looked for.
    """
    with org.changing():
        world = WORLDS[state.noted(org.db, "world")]
        for row in state.every(org.db, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            if row["name"] not in _KEPT:
                org.db.execute(f'DELETE FROM "{row["name"]}"')
        org.db.execute("DELETE FROM x_meta WHERE key != 'run'")
        _fill(org, world, ())


def _fill(org: Org, world: World, own_apps: tuple[App, ...]) -> None:
    words = Random(f"world {org.seed}")  # noqa: S311  # the world must be the same each time
    passwords = _passwords(org, words, len(world.people))
    state.note(org.db, "world", world.name)
    state.note(org.db, "home", org.home.name)
    state.note(org.db, "org_id", org.ids.new("00D"))
    state.note(org.db, "admin_id", org.ids.new("005"))
    state.note(org.db, "network_id", org.ids.new("0DB"))
    state.save_policy(org.db, "org", OrgPolicy())
    _organization(org)
    licenses.add(org)
    for name, permissions in PROFILES.items():
        profiles.add_profile(org, name, permissions)
    for person in world.people:
        admin = state.noted(org.db, "admin_id") if person is ADMIN else ""
        people.add(org, person, next(passwords), admin)
    for name, label in world.permission_sets.items():
        profiles.add_permission_set(org, name, label)
    for app in (*world.apps, *own_apps, CLI):
        _app(org, app, words)
    for user, held in world.assigned:
        _assign(org, user, held)


def _passwords(org: Org, words: Random, count: int) -> Iterator[str]:
    """A password a person; the same letters are drawn from `words` whatever the org."""
    drawn = [letters(words, 16) for _ in range(count)]
    if not org.home.salt:
        return iter(drawn)
    own = Random(f"passwords {org.home.seeded(org.seed)}")  # noqa: S311  # as above
    return iter([letters(own, 16) for _ in range(count)])


def _organization(org: Org) -> None:
    now = org.clock.now()
    objects.insert(
        org.db, "Organization", Id=state.noted(org.db, "org_id"), Name=org.home.company,
        OrganizationType="Enterprise Edition", InstanceName=INSTANCE, LanguageLocaleKey="en_US",
        DefaultLocaleSidKey="en_US", TimeZoneSidKey="GMT", CreatedDate=now, SystemModstamp=now,
        IsSandbox=org.home.is_sandbox,
    )  # fmt: skip


def _assign(org: Org, user: str, permission_set: str) -> None:
    objects.insert(
        org.db, "PermissionSetAssignment", Id=org.ids.new("0Pa"), IsActive=True,
        AssigneeId=_id(org, "User", "Username", f"{user}@{org.home.users}"),
        PermissionSetId=_id(org, "PermissionSet", "Name", permission_set),
        SystemModstamp=org.clock.now(),
    )  # fmt: skip


def _grant(org: Org, app: AppPolicy, permission_set: str) -> None:
    objects.insert(
        org.db, "SetupEntityAccess", Id=org.ids.new("0J0"), SetupEntityId=app.id,
        ParentId=_id(org, "PermissionSet", "Name", permission_set),
        SetupEntityType=apps.OBJECTS[app.kind], SystemModstamp=org.clock.now(),
    )  # fmt: skip


def _id(org: Org, entity: str, field: str, value: str) -> str:
    row = state.one(org.db, f'SELECT "Id" FROM "{entity}" WHERE "{field}" = ?', value)
    if row is None:
        raise KeyError(f"no {entity} is named {value}")
    return str(row["Id"])


def _app(org: Org, app: App, words: Random) -> None:
    prefix = apps.PREFIXES["external_client_app" if app.is_external else "connected_app"]
    policy = AppPolicy(
        id=org.ids.new(prefix), name=app.name, label=app.label, owner=app.owner,
        kind="external_client_app" if app.is_external else "connected_app",
        consumer_key=app.consumer_key or f"3MVG9{letters(words, 80)}",
        callbacks=app.callbacks or (CALLBACK, f"https://{app.name}.example/oauth/callback"),
        scopes=app.scopes, **_knobs(org, app),
    )  # fmt: skip
    apps.add(org, policy, letters(words, 64))
    if app.granted:
        _grant(org, policy, app.granted)
    keep_certificate(org, app.name)


def _knobs(org: Org, app: App) -> dict[str, Any]:
    """An app's knobs, with the user it runs as named in full."""
    if "run_as" not in app.knobs:
        return app.knobs
    return {**app.knobs, "run_as": f"{app.knobs['run_as']}@{org.home.users}"}


def keep_certificate(org: Org, name: str) -> None:
    """Register again the certificate of a key pair that was handed out before a reset."""
    is_there = state.one(org.db, "SELECT 1 FROM x_app WHERE name = ?", name) is not None
    if name in org.keys and is_there:
        policy = replace(app_by_name(org.db, name), certificate=org.keys[name].certificate)
        apps.save(org, policy)


def _traffic(org: Org, world: World) -> None:
    now = org.clock.now()
    for days_ago, name, status, application, subtype in world.traffic:
        user = state.one(org.db, 'SELECT "Id" FROM "User" WHERE "Username" LIKE ?', f"{name}@%")
        is_browser = application == "Browser"
        objects.insert(
            org.db, "LoginHistory", Id=org.ids.new("0Ya"), UserId=user["Id"] if user else None,
            LoginTime=now - timedelta(days=days_ago, minutes=17), Status=status,
            LoginType="Application" if is_browser else "Remote Access 2.0",
            LoginSubType=subtype, Application=application, SourceIp="198.51.100.77",
            Browser="N/A", Platform="N/A", ApiType="N/A", ApiVersion="N/A", ClientVersion="N/A",
            LoginUrl=f"{org.home.role}.salesforce.com", OptionsIsPost=True,
        )  # fmt: skip
