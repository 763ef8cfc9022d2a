"""What happens to the org and only its log files tell: calls of the REST API, ends of sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import objects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Row

    from starlette.requests import Request

    from evergrant.emulator.org import Org
    from evergrant.emulator.sessions import Session


def keep_call(org: Org, session: Session, request: Request, status: int, entity: str) -> None:
    """Remember one call of the REST API; its query string is no part of it."""
    org.db.execute(
        "INSERT INTO x_call (at, user_id, app_id, session_id, method, path, version, family,"
        " entity, status, ip, agent) VALUES (?, ?, ?, ?, ?, ?, ?, 'REST', ?, ?, ?, ?)",
        (
            objects.stamp(org.clock.now()), session.user_id, session.app_id, session.id,
            request.method, request.url.path.removeprefix("/services/data"),
            str(request.path_params["version"]), entity, status, org.ip,
            request.headers.get("user-agent", ""),
        ),
    )  # fmt: skip


def keep_ends(org: Org, ended: Iterable[Row], why: str) -> None:
    """Remember which sessions ended, and why; rows of x_session."""
    now = objects.stamp(org.clock.now())
    org.db.executemany(
        "INSERT INTO x_logout (at, user_id, app_id, session_id, ip, why) VALUES (?, ?, ?, ?, ?, ?)",
        [(now, row["user_id"], row["app_id"], row["id"], row["source_ip"], why) for row in ended],
    )
