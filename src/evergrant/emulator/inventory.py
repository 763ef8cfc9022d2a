"""What the control port tells of the org: apps with their secrets, users with their passwords."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evergrant.emulator import state
from evergrant.emulator.ids import to15

if TYPE_CHECKING:
    from evergrant.emulator.org import Org


def inventory(org: Org) -> dict[str, Any]:
    """Everything a client or a tester may want to know; all of it made up."""
    with org.lock:
        org_id = state.noted(org.db, "org_id")
        return {
            "org": {
                "id": org_id,
                "id_15": to15(org_id),
                "url": org.base_url,
                "policy": asdict(state.load_org(org.db)),
            },
            "apps": [_app(org, row["id"]) for row in _rows(org, "x_app")],
            "users": [_user(org, row["Id"], row["Username"]) for row in _rows(org, '"User"')],
            "profiles": [
                {"name": row["Name"], **asdict(state.load_profile(org.db, row["Id"]))}
                for row in _rows(org, '"Profile"')
            ],
        }


def _rows(org: Org, table: str) -> list[Any]:
    return state.every(org.db, f"SELECT * FROM {table} ORDER BY rowid")


def _app(org: Org, id_: str) -> dict[str, Any]:
    row = state.one(org.db, "SELECT secret FROM x_secret WHERE app_id = ? AND until IS NULL", id_)
    return {**asdict(state.load_app(org.db, id_)), "consumer_secret": row["secret"] if row else ""}


def _user(org: Org, id_: str, username: str) -> dict[str, Any]:
    row = state.one(org.db, "SELECT password, security_token FROM x_user WHERE id = ?", id_)
    known = dict(row) if row else {"password": "", "security_token": ""}
    return {"id": id_, "username": username, **known}
