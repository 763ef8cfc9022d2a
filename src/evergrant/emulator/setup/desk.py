"""What every Setup page is made of: who sits at it, what it needs, shows and lets one do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import state
from evergrant.emulator.objects import stamp
from evergrant.emulator.permissions import PERMISSIONS

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.database import Database
    from evergrant.emulator.org import Org
    from evergrant.emulator.schema import Mark

_SIX_MONTHS: Final = timedelta(days=183)
Form = Mapping[str, str]
Act = tuple[str, dict[str, Any]]
"""The name of an act of acts.ACTS, and its words."""


class BadForm(ValueError):
    """The form says something that cannot be done; the text is shown to the person."""


class NoRecord(LookupError):
    """The page is about a record that the org does not have."""


class NoAccess(PermissionError):
    """The page is a package's own, which guards it itself; the text is what is missing."""


@dataclass(frozen=True, slots=True)
class Right:
    """The user permissions a page or a button needs: of every group at least one."""

    groups: tuple[frozenset[str], ...]
    mark: Mark

    def allows(self, held: frozenset[str]) -> bool:
        """Whether somebody who holds these permissions has the right."""
        return all(group & held for group in self.groups)

    def told(self) -> str:
        """The right in the words of Setup."""
        if not self.groups:
            return "nothing but to be signed in"
        return " and ".join(
            " or ".join(PERMISSIONS[name] for name in sorted(group)) for group in self.groups
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """A signed-in person at a Setup page."""

    org: Org
    user_id: str
    permissions: frozenset[str]
    sid: str = field(repr=False)
    record: str = ""
    """The record id in the page's address; empty where the page has none."""
    query: Form = field(default_factory=dict)

    @property
    def db(self) -> Database:
        """The org's database."""
        return self.org.db

    @property
    def username(self) -> str:
        """Whose session it is."""
        row = state.one(self.db, 'SELECT "Username" FROM "User" WHERE "Id" = ?', self.user_id)
        return str(row["Username"]) if row else ""

    @property
    def half_year_ago(self) -> str:
        """The moment before which Login History forgets (o-loginhistory), as it is stored."""
        return stamp(self.org.clock.now() - _SIX_MONTHS)

    @property
    def token(self) -> str:
        """Binds every form to this browser, so that no other site can send it."""
        return hmac.new(self.sid.encode(), b"setup", hashlib.sha256).hexdigest()

    def is_own(self, form: Form) -> bool:
        """Whether a form was made for this browser."""
        return hmac.compare_digest(form.get("token", "").encode(), self.token.encode())


@dataclass(frozen=True, slots=True)
class Deed:
    """One button: the right it needs and the acts that pressing it comes down to."""

    right: Right
    plan: Callable[[Desk, Form], Iterable[Act]]
    """Raises BadForm, or NoRecord where the form names a record that is not there."""
    then: Callable[[Desk, Form], Response] | None = None
    """What pressing leads to once the acts are done; None: back to the page, with word of it."""


def no_acts(_desk: Desk, _form: Form) -> Iterable[Act]:
    """The plan of a button that changes nothing and only gives something."""
    return ()


@dataclass(frozen=True, slots=True)
class Page:
    """One Setup page: its address, its title, who may open it, and how it is filled."""

    path: str
    title: str
    template: str
    right: Right
    show: Callable[[Desk], Mapping[str, object]]
    """Raises NoRecord."""
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    mark: Mark = "recorded"
    """How well the address is known."""
