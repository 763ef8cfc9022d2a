"""The device flow: a code for the device, a shorter one for the person, what becomes of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.gates.attempt import DeviceMaterial
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from datetime import datetime
    from sqlite3 import Row

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.web import Fields

VERIFY: Final = "/setup/connect"
"""Where the person enters the user code."""
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def begin(org: Org, app: AppPolicy, scopes: tuple[str, ...], base: str) -> Fields:
    """The first leg: both codes, where to enter the short one, and how often to poll (2.6)."""
    device_code = opaque(org, "", 64, "device_code")
    user_code = "".join(org.random.choices(_LETTERS, k=8))
    state.put(org.db, "x_issued", secret=user_code, kind="user_code")
    state.put(
        org.db, "x_device", device_code=device_code, user_code=user_code, app_id=app.id,
        scopes=state.words(scopes or app.scopes), user_id=None, state="pending",
        issued_at=org.clock.now().timestamp(), polled_at=None,
    )  # fmt: skip
    interval = state.load_org(org.db).device_interval_seconds
    return {
        "device_code": device_code, "user_code": user_code, "verification_uri": f"{base}{VERIFY}",
        "interval": interval,
    }  # fmt: skip


def material(
    org: Org, code: str, app: AppPolicy, now: datetime
) -> tuple[Row | None, DeviceMaterial]:
    """What a poll's device code amounts to; the poll is counted."""
    row = state.one(org.db, "SELECT * FROM x_device WHERE device_code = ?", code)
    if row is None or row["app_id"] != app.id:
        return None, DeviceMaterial("unknown" if row is None else "foreign")
    at = now.timestamp()
    org.db.execute("UPDATE x_device SET polled_at = ? WHERE device_code = ?", (at, code))
    since = None if row["polled_at"] is None else at - row["polled_at"]
    return row, DeviceMaterial(row["state"], at - row["issued_at"], since)


def by_user_code(org: Org, user_code: str) -> Row | None:
    """The sign-in that a person's code belongs to, while it waits and has not run out."""
    plain = user_code.replace("-", "").strip().upper()
    row = state.one(
        org.db, "SELECT * FROM x_device WHERE user_code = ? AND state = 'pending'", plain
    )
    limit = state.load_org(org.db).device_seconds
    is_over = row is not None and org.clock.now().timestamp() - row["issued_at"] > limit
    return None if is_over else row


def approve(org: Org, row: Row, user_id: str) -> None:
    """The person allows it; an earlier sign-in of the same user and app not yet fetched breaks.

    That two sign-ins at once break the first with `token exchange failed` is inferred: only the
    text is recorded.
    """
    org.db.execute(
        "UPDATE x_device SET state = 'crossed' WHERE app_id = ? AND user_id = ? AND"
        " state = 'approved'", (row["app_id"], user_id),
    )  # fmt: skip
    _settle(org, row, "approved", user_id)


def deny(org: Org, row: Row, user_id: str) -> None:
    """The person refuses it."""
    _settle(org, row, "denied", user_id)


def use(org: Org, row: Row) -> None:
    """The device fetched its tokens: the code is spent."""
    _settle(org, row, "used", row["user_id"])


def _settle(org: Org, row: Row, how: str, user_id: str) -> None:
    org.db.execute(
        "UPDATE x_device SET state = ?, user_id = ? WHERE device_code = ?",
        (how, user_id, row["device_code"]),
    )
