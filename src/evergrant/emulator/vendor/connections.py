"""The three connections of the package: outbound, the organization chosen, inbound.

They are made in this order, each has its own authorization or choice, and each can break alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import state, tokens
from evergrant.emulator.objects import stamp
from evergrant.emulator.sessions import opaque
from evergrant.emulator.vendor import package

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Row

    from evergrant.emulator.org import Org

Direction = Literal["outbound", "organization", "inbound"]
ACCOUNTS: Final = {
    "ops@acme.example": ("Acme Manufacturing", "Acme Manufacturing Trial"),
    "intern@acme.example": ("Acme Manufacturing Trial",),
}
"""Who may sign in to the vendor's cloud, and the organizations each may choose there."""


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Nobody connected it, or somebody disconnected it."""


@dataclass(frozen=True, slots=True)
class Connected:
    """It works as far as is known."""

    what: str
    """The account, organization or user that it rests on."""
    since: str


@dataclass(frozen=True, slots=True)
class Broken:
    """It was connected and does not work."""

    what: str
    since: str
    why: str
    """For inbound: Salesforce's own words, as the vendor got them."""


Status = NotConnected | Connected | Broken
_Trouble = str | None


def statuses(org: Org) -> dict[Direction, Status]:
    """How the three stand now, in the order in which they are made."""
    return {direction: _status(org, direction) for direction in _LOOK}


def _status(org: Org, direction: Direction) -> Status:
    row = find(org, direction)
    if row is None:
        return NotConnected()
    why = row["trouble"] or _LOOK[direction](org, row)
    told = _told(org, row)
    return Broken(told, row["changed"], why) if why else Connected(told, row["changed"])


def _told(org: Org, row: Row) -> str:
    user = state.one(org.db, 'SELECT "Username" FROM "User" WHERE "Id" = ?', row["user_id"])
    name = str(user["Username"]) if user is not None else "a user who is gone"
    return f"{row['chosen']}, by {name}" if row["chosen"] else name


def _outbound(org: Org, row: Row) -> _Trouble:
    if package.component(org, "AuthProvider") is None:
        return f"the auth. provider {package.ORBIT.credential} is gone"
    credential = package.component(org, "NamedCredential")
    if credential is None:
        return f"the named credential {package.ORBIT.credential} is gone"
    if credential.get("calloutStatus") == "Disabled":
        return f"callouts of the named credential {package.ORBIT.credential} are disabled"
    user = state.one(org.db, 'SELECT "IsActive" FROM "User" WHERE "Id" = ?', row["user_id"])
    is_gone = user is None or not user["IsActive"]
    return "the user who authenticated is not active" if is_gone else None


def _organization(org: Org, row: Row) -> _Trouble:
    outbound = find(org, "outbound")
    if outbound is None:
        return "there is no outbound connection to choose by"
    if row["chosen"] not in ACCOUNTS.get(outbound["chosen"], ()):
        return f"{outbound['chosen']} has no access to {row['chosen']}"
    return None


def _inbound(_org: Org, _row: Row) -> _Trouble:
    """Nothing but what the vendor was told when it last came: the page knows no more."""
    return None


_LOOK: Final[dict[Direction, Callable[[Org, Row], _Trouble]]] = {
    "outbound": _outbound, "organization": _organization, "inbound": _inbound,
}  # fmt: skip


def find(org: Org, direction: Direction) -> Row | None:
    """A connection as it is kept; None where there is none."""
    return state.one(org.db, "SELECT * FROM x_connection WHERE direction = ?", direction)


def keep(org: Org, direction: Direction, user_id: str, chosen: str, secret: str = "") -> None:
    """Connect anew, in place of what was: it works until something is found out."""
    state.put(
        org.db, "x_connection", direction=direction, user_id=user_id, chosen=chosen,
        secret=secret, trouble="", changed=stamp(org.clock.now()),
    )  # fmt: skip


def authenticate(org: Org, user_id: str, account: str) -> None:
    """Keep what the vendor's cloud gave the org for one of its accounts."""
    keep(org, "outbound", user_id, account, opaque(org, "", 40, "vendor_token"))


def note_trouble(org: Org, direction: Direction, why: str) -> None:
    """Write down what is wrong with a connection; an empty word: nothing any more."""
    org.db.execute(
        "UPDATE x_connection SET trouble = ?, changed = ? WHERE direction = ? AND trouble != ?",
        (why, stamp(org.clock.now()), direction, why),
    )


def drop(org: Org, direction: Direction) -> None:
    """Disconnect; the vendor gives its own approval back where it has one."""
    row = find(org, direction)
    held = tokens.find(org, row["secret"]) if row and direction == "inbound" else None
    if held is not None and held["state"] == "live":
        tokens.end_family(org, held["family"], "revoked")
    org.db.execute("DELETE FROM x_connection WHERE direction = ?", (direction,))
