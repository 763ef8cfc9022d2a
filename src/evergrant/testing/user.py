"""A user, as a test holds it: credentials, what an admin does, and a person at a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evergrant.emulator import connected, objects, state
from evergrant.testing import browser
from evergrant.testing.seen import grant_of

if TYPE_CHECKING:
    from evergrant.emulator.server import Served
    from evergrant.testing.app import App
    from evergrant.testing.seen import Grant


@dataclass(frozen=True, slots=True)
class User:
    """One user."""

    served: Served = field(repr=False)
    username: str

    @property
    def id(self) -> str:
        """The record id, 18 characters."""
        return str(self._row('SELECT "Id" AS it FROM "User" WHERE "Username" = ?', self.username))

    @property
    def password(self) -> str:
        """Made up."""
        return self._secret("password")

    @property
    def security_token(self) -> str:
        """What follows the password outside trusted ranges."""
        return self._secret("security_token")

    def set(self, **fields: objects.Value) -> None:
        """Change fields of the record by their Salesforce names; raises BadAct."""
        self._do("set_user", **fields)

    def deactivate(self) -> None:
        """Deactivate the user."""
        self._do("deactivate_user")

    def activate(self) -> None:
        """Make the user active again."""
        self._do("activate_user")

    def freeze(self) -> None:
        """Freeze the user."""
        self._do("freeze_user")

    def unfreeze(self) -> None:
        """Unfreeze the user."""
        self._do("unfreeze_user")

    def assign(self, permission_set: str) -> None:
        """Assign a permission set."""
        self._do("assign_permission_set", permission_set=permission_set)

    def revoke(self, app: App) -> None:
        """Revoke what the user approved for an app."""
        self._do("revoke_user_app", app=app.name)

    def change_password(self) -> None:
        """Change the password, which brings another security token."""
        self._do("change_password")

    def sign_in(self) -> Grant:
        """A session as the user's own tools would have it: for looking around in a test."""
        return grant_of(connected.sign_in(self.served.org, self.username))

    def allow(self, url: str) -> str:
        """Open an authorize URL in a browser, sign in and press Allow.

        Gives the callback's URL as it would be visited; raises NoCallback where Salesforce's own
        page ends the walk.
        """
        return browser.walk(self.served, url, self.username, self.password, "Allow")

    def deny(self, url: str) -> str:
        """The same, pressing Deny."""
        return browser.walk(self.served, url, self.username, self.password, "Deny")

    def enter_code(self, user_code: str) -> None:
        """Enter the code that a device shows, sign in and press Allow; raises NoCallback."""
        browser.enter_code(self.served, user_code, self.username, self.password)

    def _secret(self, column: str) -> str:
        return str(self._row(f"SELECT {column} AS it FROM x_user WHERE id = ?", self.id))

    def _row(self, sql: str, value: str) -> Any:
        with self.served.org.lock:
            row = state.one(self.served.org.db, sql, value)
        if row is None:
            raise KeyError(f"no user is named {self.username}")
        return row["it"]

    def _do(self, act: str, **words: Any) -> None:
        self.served.act(act, user=self.username, **words)
