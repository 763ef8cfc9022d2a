"""Apps: made, changed and kept in step with the objects that a client may query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import objects, propagation, state
from evergrant.emulator.gates.material import read_policy
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

OBJECTS: Final = {
    "connected_app": "ConnectedApplication",
    "external_client_app": "ExternalClientApplication",
}
PREFIXES: Final = {"connected_app": "0H4", "external_client_app": "0xI"}


def add(org: Org, app: AppPolicy, secret: str) -> None:
    """Bring a new app into the org."""
    state.put(org.db, "x_app", id=app.id, name=app.name, consumer_key=app.consumer_key)
    state.put(org.db, "x_secret", app_id=app.id, secret=secret, until=None)
    state.put(org.db, "x_issued", secret=secret, kind="consumer_secret")
    _insert_record(org, app)
    objects.insert(
        org.db, "AppMenuItem", Id=org.ids.new("0DS"), ApplicationId=app.id,
        Type="ConnectedApplication", Name=app.name, Label=app.label, IsAccessible=True,
        IsVisible=True, CreatedDate=org.clock.now(), LastModifiedDate=org.clock.now(),
    )  # fmt: skip
    save(org, app)


def _insert_record(org: Org, app: AppPolicy) -> None:
    now, admin = org.clock.now(), state.noted(org.db, "admin_id")
    names: dict[str, objects.Value] = (
        {"Name": app.label}
        if app.kind == "connected_app"
        else {"DeveloperName": app.name.replace("-", "_"), "MasterLabel": app.label,
              "DistributionState": "Local", "Language": "en_US"}
    )  # fmt: skip
    objects.insert(
        org.db, OBJECTS[app.kind], Id=app.id, CreatedDate=now, CreatedById=admin,
        LastModifiedDate=now, LastModifiedById=admin, SystemModstamp=now, **names,
    )  # fmt: skip


def save(org: Org, app: AppPolicy) -> None:
    """Store the app's policy, and what of it can be queried."""
    propagation.save(org, app.id, app)
    org.db.execute(
        'UPDATE "AppMenuItem" SET "IsUsingAdminAuthorization" = ?, "Label" = ?'
        ' WHERE "ApplicationId" = ?', (app.admin_approved, app.label, app.id),
    )  # fmt: skip
    now = org.clock.now()
    if app.kind == "connected_app":
        objects.update(
            org.db, "ConnectedApplication", app.id, Name=app.label, LastModifiedDate=now,
            SystemModstamp=now, **_queryable(org, app),
        )  # fmt: skip
    else:
        _list_external(org, app)


def _list_external(org: Org, app: AppPolicy) -> None:
    """An external client app is listed by the orgs that it is in, and by no other (inferred)."""
    table, now = OBJECTS[app.kind], org.clock.now()
    if not app.in_org:
        org.db.execute(f'DELETE FROM "{table}" WHERE "Id" = ?', (app.id,))
        return
    if state.one(org.db, f'SELECT 1 FROM "{table}" WHERE "Id" = ?', app.id) is None:
        _insert_record(org, app)
    objects.update(
        org.db, table, app.id, MasterLabel=app.label, LastModifiedDate=now, SystemModstamp=now
    )


def _queryable(org: Org, app: AppPolicy) -> dict[str, objects.Value]:
    """What of a connected app's policy can be queried; the last four by the Tooling API alone."""
    kind, span = read_policy(app.refresh_policy)
    return {
        "OptionsAllowAdminApprovedUsersOnly": app.admin_approved,
        # The unit is not exposed (ConnectedApplication reference): the bare number is stored.
        "RefreshTokenValidityPeriod": int(app.refresh_policy.split(":")[1]) if span else None,
        "OptionsRefreshTokenValidityMetric": kind == "specific_inactivity",
        "OptionsHasSessionLevelPolicy": app.session_level == "HIGH_ASSURANCE",
        "OptionsTokenExchangeManageBitEnabled": app.token_exchange,
        "DeveloperName": app.name.replace("-", "_"),
        "SessionTimeout": app.session_minutes,
        "SessionPolicyAction": app.session_action or None,
        "ExecutionUserId": _user_id(org, app.run_as),
    }


def _user_id(org: Org, username: str) -> str | None:
    row = state.one(org.db, 'SELECT "Id" FROM "User" WHERE "Username" = ?', username)
    return None if row is None else str(row["Id"])


def remove_records(org: Org, app: AppPolicy) -> None:
    """Take the queryable rows of a deleted app away; its key stays known as deleted."""
    org.db.execute(f'DELETE FROM "{OBJECTS[app.kind]}" WHERE "Id" = ?', (app.id,))
    org.db.execute('DELETE FROM "AppMenuItem" WHERE "ApplicationId" = ?', (app.id,))
    org.db.execute('DELETE FROM "SetupEntityAccess" WHERE "SetupEntityId" = ?', (app.id,))


def new_secret(org: Org, app: AppPolicy, grace_days: int) -> str:
    """Give the app another secret; the old one stays good for so many days."""
    until = org.clock.now().timestamp() + grace_days * 86400
    org.db.execute(
        "UPDATE x_secret SET until = ? WHERE app_id = ? AND until IS NULL", (until, app.id)
    )
    secret = opaque(org, "", 64, "consumer_secret")
    state.put(org.db, "x_secret", app_id=app.id, secret=secret, until=None)
    return secret
