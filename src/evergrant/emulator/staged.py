"""Staged credentials of external client apps: a second key and secret beside the first (4.7).

A staged set is good for thirty days; rotating makes it the app's own, and the set before stays
good for another thirty unless it is deleted. Source: o-eca-staged, o-stagedpdf.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import apps, state
from evergrant.emulator.accounts import app_by_key
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

WINDOW: Final = timedelta(days=30)
Standing = Literal["Active", "Expired", "Rotated"]


class CannotStage(ValueError):
    """There is a staged set already, or none to rotate."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One key and secret beside the app's own; the secret is never shown in a repr."""

    id: str
    consumer_key: str
    secret: str
    standing: Standing
    until: datetime

    def __repr__(self) -> str:
        return f"Staged({self.id!r}, {self.standing!r})"


def client(org: Org, key: str) -> AppPolicy | None:
    """The app with that consumer key: its own, a staged one, or the one before a rotation."""
    own = app_by_key(org.db, key)
    if own is not None:
        return own
    row = _good_row(org, key)
    return None if row is None else state.load_app(org.db, row["app_id"])


def is_secret(org: Org, app: AppPolicy, key: str, sent: str) -> bool:
    """Whether a secret belongs to the key that came with it, and is good now."""
    now = org.clock.now().timestamp()
    known = [
        secret for secret, until in state.secrets_of(org.db, app.id) if until is None or until > now
    ]
    row = None if key in ("", app.consumer_key) else _good_row(org, key)
    if row is not None:
        known = [row["secret"]]
    return any(hmac.compare_digest(each.encode(), sent.encode()) for each in known)


def _good_row(org: Org, key: str) -> Row | None:
    return state.one(
        org.db, "SELECT * FROM x_staged WHERE consumer_key = ? AND until > ?", key,
        org.clock.now().timestamp(),
    )  # fmt: skip


def every(org: Org, app: AppPolicy) -> list[Staged]:
    """The sets beside the app's own, oldest first, expired ones too."""
    rows = state.every(org.db, "SELECT * FROM x_staged WHERE app_id = ? ORDER BY rowid", app.id)
    now = org.clock.now().timestamp()
    return [
        Staged(
            row["id"], row["consumer_key"], row["secret"],
            row["state"] if row["until"] > now else "Expired",
            datetime.fromtimestamp(row["until"], UTC),
        )
        for row in rows
    ]  # fmt: skip


def add(org: Org, app: AppPolicy) -> Staged:
    """Stage a new key and secret; raises CannotStage where one is staged."""
    if any(each.standing == "Active" for each in every(org, app)):
        raise CannotStage("one staged set is there already")
    key = "3MVG9" + "".join(org.random.choices(ascii_letters + digits, k=80))
    _put(org, app, key, opaque(org, "", 64, "consumer_secret"), "Active")
    return every(org, app)[-1]


def rotate(org: Org, app: AppPolicy, id_: str) -> None:
    """Make a staged set the app's own; raises CannotStage where it is not staged any more."""
    chosen = next((each for each in every(org, app) if each.id == id_), None)
    if chosen is None or chosen.standing != "Active":
        raise CannotStage("no such set is staged")
    before = [secret for secret, until in state.secrets_of(org.db, app.id) if until is None]
    delete(org, app, id_)
    _put(org, app, app.consumer_key, before[0] if before else "", "Rotated")
    org.db.execute("DELETE FROM x_secret WHERE app_id = ?", (app.id,))
    state.put(org.db, "x_secret", app_id=app.id, secret=chosen.secret, until=None)
    state.put(org.db, "x_app", id=app.id, name=app.name, consumer_key=chosen.consumer_key)
    apps.save(org, replace(app, consumer_key=chosen.consumer_key))


def delete(org: Org, app: AppPolicy, id_: str) -> bool:
    """Forget a set, which ends it at once; False where there is none."""
    found = org.db.execute("DELETE FROM x_staged WHERE app_id = ? AND id = ?", (app.id, id_))
    return found.rowcount > 0


def _put(org: Org, app: AppPolicy, key: str, secret: str, standing: Standing) -> None:
    state.put(
        org.db, "x_staged", id=f"{org.random.getrandbits(72):018x}", app_id=app.id,
        consumer_key=key, secret=secret, state=standing,
        until=(org.clock.now() + WINDOW).timestamp(),
    )  # fmt: skip
