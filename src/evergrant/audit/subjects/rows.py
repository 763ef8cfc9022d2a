"""Rows as an org's REST API gives them, and the people in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from evergrant.audit.model import OrgRows
from evergrant.audit.subjects.names import plain

Row = Mapping[str, Any]
_MODIFY_ALL = "PermissionsModifyAllData"
_API_ONLY = "PermissionsApiUserOnly"
_API = "PermissionsApiEnabled"


def text(row: Row, path: str) -> str:
    """The text at a path (`User.Username`); empty where there is none."""
    held: object = row
    for step in path.split("."):
        held = held.get(step) if isinstance(held, Mapping) else None
    return "" if held is None else str(held)


def moment(row: Row, path: str) -> datetime | None:
    """The time at a path; None where there is none that can be read."""
    held = text(row, path)
    try:
        at = datetime.fromisoformat(held.replace("+0000", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_APPS = (("ConnectedApplication", ("Name",)),
         ("ExternalClientApplication", ("MasterLabel", "DeveloperName")))  # fmt: skip
"""Objects that apps are rows of, and the columns that name them."""


class Table:
    """Rows by object; an object that was hidden or never asked for is not there."""

    def __init__(self, org: OrgRows) -> None:
        self._rows = org.rows
        self._hidden = org.hidden
        self.name = org.name
        self._apps = {
            plain(text(row, column)): row
            for object_, columns in _APPS
            for row in self.of(object_)
            for column in columns
        }
        self._admitted: dict[str, list[Row]] = {}
        for row in self.of("SetupEntityAccess"):
            self._admitted.setdefault(text(row, "SetupEntityId")[:15], []).append(row)

    def has(self, object_: str) -> bool:
        """Whether the object's rows were read, even if there are none."""
        return object_ in self._rows and object_ not in self._hidden

    def of(self, object_: str) -> tuple[Row, ...]:
        """The rows of an object."""
        return self._rows.get(object_, ()) if self.has(object_) else ()

    def app(self, *names: str) -> Row:
        """The row of the app of one of these names; an empty one where there is none."""
        return next((row for each in names if (row := self._apps.get(plain(each)))), {})

    def admitted(self, app: Row) -> list[Row] | None:
        """The rows that admit permission sets and profiles to an app; None where it is not known
        whom it admits."""
        id_ = text(app, "Id")[:15]
        return self._admitted.get(id_, []) if id_ and self.has("SetupEntityAccess") else None


class People:
    """Users with their state and permissions, joined over four objects."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._users = {text(each, "Id")[:15]: each for each in table.of("User")}
        self._frozen = {
            text(each, "UserId")[:15] for each in table.of("UserLogin") if each.get("IsFrozen")
        }
        self._sets: dict[str, list[Row]] = {}
        for each in table.of("PermissionSetAssignment"):
            self._sets.setdefault(text(each, "AssigneeId")[:15], []).append(each)

    def name(self, user: str) -> str:
        """The username, or the id where it is not known."""
        return text(self._users.get(user[:15], {}), "Username") or user

    def profile(self, user: str) -> str:
        """The name of the user's profile; empty where it is not known."""
        return text(self._users.get(user[:15], {}), "Profile.Name")

    def profile_id(self, user: str) -> str:
        """The id of the user's profile; empty where it is not known."""
        return text(self._users.get(user[:15], {}), "ProfileId")[:15]

    def state(self, user: str, row: Row) -> str | None:
        """`active`, `inactive` or `frozen`; None where nothing tells."""
        known = self._users.get(user[:15], {})
        active = known.get("IsActive", (row.get("User") or {}).get("IsActive"))
        if active is None:
            return None
        if not active:
            return "inactive"
        return "frozen" if user[:15] in self._frozen else "active"

    def sets(self, user: str) -> frozenset[str] | None:
        """Ids of the permission sets that the user holds; None where they were not read."""
        if not self.table.has("PermissionSetAssignment"):
            return None
        return frozenset(
            text(each, "PermissionSetId")[:15] for each in self._sets.get(user[:15], ())
        )

    def may(self, user: str, permission: str) -> bool | None:
        """Whether the user's profile or one of the permission sets grants it; None where no row
        has that column."""
        held = [each.get("PermissionSet") for each in self._sets.get(user[:15], ())]
        profile = self._users.get(user[:15], {}).get("Profile")
        told = [(each or {}).get(permission) for each in (*held, profile)]
        known = [each for each in told if isinstance(each, bool)]
        return any(known) if known else None

    def is_privileged(self, user: str) -> bool | None:
        """Whether the user may change all data or is a System Administrator."""
        may = self.may(user, _MODIFY_ALL)
        if self.profile(user) == "System Administrator":
            return True
        return may

    def has_api(self, user: str) -> bool | None:
        """Whether the user has API Enabled."""
        return self.may(user, _API)

    def run_as_flaw(self, username: str) -> str:
        """Why a user is not fit to be run as; empty where nothing is wrong."""
        lower = username.lower()
        found = [i for i, each in self._users.items() if text(each, "Username").lower() == lower]
        if not found:
            return "there is no such user"
        flaws = []
        if (state := self.state(found[0], {})) not in ("active", None):
            flaws.append(state)
        if self.is_privileged(found[0]):
            flaws.append("may change all data")
        if self.may(found[0], _API_ONLY) is False:
            flaws.append("is not API Only")
        return ", ".join(str(each) for each in flaws)
