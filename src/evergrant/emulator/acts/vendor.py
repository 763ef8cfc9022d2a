"""What is done to a vendor's package and its connections: by admins, by users, by the vendor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.acts import apps as acts_apps
from evergrant.emulator.acts import users as acts_users
from evergrant.emulator.oauth.grants import hand_out
from evergrant.emulator.objects import stamp
from evergrant.emulator.policy_changes import BadChange
from evergrant.emulator.records import audit, login
from evergrant.emulator.vendor import cloud, connections, package
from evergrant.emulator.vendor.package import ORBIT

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Done = dict[str, object]
_APPLICATION: Final = "Application"
_SECURITY: Final = "Security Controls"
_BREAKS: Final = {
    "expired": "the vendor's cloud answered 401 invalid_token: the token expired",
    "revoked": "the vendor's cloud answered 401 invalid_token: the token was revoked",
}


def install_package(org: Org, *, user: str = "admin") -> Done:
    """Install the vendor's package and its app; who installs is given its permission set."""
    if package.is_installed(org):
        raise BadChange(f"{ORBIT.label} is installed already")
    package.install(org)
    if not package.app(org).installed:
        acts_apps.install_app(org, app=ORBIT.app)
    _give(org, user)
    audit(org, "inferred:insertPackage", f"Installed package {ORBIT.label}", _APPLICATION)
    return {"app": ORBIT.app}


def _give(org: Org, user: str) -> None:
    row = state.one(
        org.db, 'SELECT 1 FROM "PermissionSetAssignment" a JOIN "PermissionSet" s'
        ' ON s."Id" = a."PermissionSetId" WHERE a."AssigneeId" = ? AND s."Name" = ?',
        acts_users.find_user(org, user)["Id"], ORBIT.permission_set,
    )  # fmt: skip
    if row is None:
        acts_users.assign_permission_set(org, user=user, permission_set=ORBIT.permission_set)


def uninstall_package(org: Org) -> Done:
    """Uninstall the package: its app's approvals end, its connections are forgotten."""
    _require(org)
    acts_apps.uninstall_app(org, app=ORBIT.app)
    package.uninstall(org)
    audit(org, "inferred:deletePackage", f"Uninstalled package {ORBIT.label}", _APPLICATION)
    return {}


def _require(org: Org) -> None:
    if not package.is_installed(org):
        raise KeyError(f"{ORBIT.label} is not installed")


def connect_outbound(org: Org, *, account: str, user: str = "admin") -> Done:
    """Let a user authenticate the named credential with an account at the vendor."""
    _require(org)
    if account not in connections.ACCOUNTS:
        raise KeyError(f"the vendor knows no account {account}")
    connections.authenticate(org, acts_users.find_user(org, user)["Id"], account)
    told = f"Authenticated named credential {ORBIT.label}"
    audit(org, "inferred:authenticateNamedCredential", told, _SECURITY)
    return {}


def choose_organization(org: Org, *, organization: str, user: str = "admin") -> Done:
    """Choose which of the vendor's organizations this org belongs to."""
    _require(org)
    outbound = connections.find(org, "outbound")
    if outbound is None:
        raise BadChange("connect outbound first")
    if organization not in connections.ACCOUNTS[outbound["chosen"]]:
        raise BadChange(f"{outbound['chosen']} has no access to {organization}")
    connections.keep(org, "organization", acts_users.find_user(org, user)["Id"], organization)
    return {}


def connect_inbound(org: Org, *, user: str = acts_users.INTEGRATION) -> Done:
    """Let a user authorize the vendor's app, as a person in a browser would."""
    _require(org)
    row, app = acts_users.find_user(org, user), app_by_name(org.db, ORBIT.app)
    fields = hand_out(org, app, row["Id"], "authorization_code")
    login(org, row["Id"], "Success", subtype="OauthWebServer", application=app.label)
    connections.keep(org, "inbound", row["Id"], "", fields["refresh_token"])
    return {}


def disconnect(org: Org, *, direction: connections.Direction) -> Done:
    """Forget one connection; the vendor revokes its own approval where it has one."""
    if connections.find(org, direction) is None:
        raise KeyError(f"{direction} is not connected")
    connections.drop(org, direction)
    return {}


def try_connections(org: Org) -> Done:
    """Let the vendor come now; gives how the three connections stand."""
    _require(org)
    cloud.call(org)
    found = connections.statuses(org)
    return {direction: type(status).__name__ for direction, status in found.items()}


def break_outbound(org: Org, *, how: str = "expired") -> Done:
    """Let the vendor's cloud refuse the org's token: expired or revoked."""
    if how not in _BREAKS:
        raise BadChange(f"how is one of {', '.join(_BREAKS)}")
    if connections.find(org, "outbound") is None:
        raise KeyError("outbound is not connected")
    connections.note_trouble(org, "outbound", _BREAKS[how])
    return {}


def set_callouts(org: Org, *, credential: str, enabled: bool) -> Done:
    """Enable or disable the callouts of a named credential."""
    row = state.one(
        org.db, "SELECT * FROM x_metadata WHERE type = 'NamedCredential' AND name = ?", credential
    )
    if row is None:
        raise KeyError(f"no named credential is named {credential}")
    body = {**json.loads(row["body"]), "calloutStatus": "Enabled" if enabled else "Disabled"}
    org.db.execute(
        "UPDATE x_metadata SET body = ?, modified = ? WHERE type = 'NamedCredential' AND name = ?",
        (json.dumps(body), stamp(org.clock.now()), credential),
    )
    audit(org, "inferred:changeNamedCredential", f"Changed {credential}", _SECURITY)
    return {}
