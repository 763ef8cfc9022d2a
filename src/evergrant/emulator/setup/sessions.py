"""Session Management: the sessions that are live now, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import ids, state
from evergrant.emulator.setup.desk import BadForm, Deed, Page
from evergrant.emulator.setup.lookup import users_of
from evergrant.emulator.setup.rights import REVOKE, VIEW_SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.setup.desk import Act, Desk, Form

_MOST: Final = 200
"""Sessions on the page (inferred)."""


def _sessions(desk: Desk) -> Mapping[str, object]:
    user = desk.query.get("user", "")
    own = state.one(desk.db, "SELECT id FROM x_session WHERE token = ?", desk.sid)
    return {
        "sessions": _live(desk, user), "users": users_of(desk), "user": user, "most": _MOST,
        "own": own["id"] if own else "",
    }  # fmt: skip


def _live(desk: Desk, user: str) -> list[Row]:
    """The sessions that have not ended, newest first; those that idled away are left out."""
    return state.every(
        desk.db, 'SELECT s.*, u."Username", m."Label" AS "App", x.level, x.seen_at + x.seconds'
        ' AS until FROM "AuthSession" s'
        ' JOIN x_session x ON x.id = s."Id" AND x.ended IS NULL AND x.seen_at + x.seconds >= ?'
        ' LEFT JOIN "User" u ON u."Id" = s."UsersId"'
        ' LEFT JOIN "AppMenuItem" m ON m."ApplicationId" = x.app_id'
        " WHERE (? = '' OR s.\"UsersId\" = ?)"
        ' ORDER BY s."CreatedDate" DESC, x.rowid DESC LIMIT ?',
        desk.org.clock.now().timestamp(), user, user, _MOST,
    )  # fmt: skip


def _remove(_desk: Desk, form: Form) -> Iterable[Act]:
    """One session by its own button, or all that are ticked."""
    one = form.get("session", "")
    ticked = [name.removeprefix("session.") for name in form if name.startswith("session.")]
    chosen = [one] if one else ticked
    if not chosen:
        raise BadForm("tick the sessions to remove")
    if not all(map(ids.is_id, chosen)):
        raise BadForm("no such session is live")
    return [("remove_session", {"session": ids.to18(each)}) for each in chosen]


PAGES: Final = (
    Page(
        "/lightning/setup/SessionManagementPage/home", "Session Management", "sessions.html",
        VIEW_SESSIONS, _sessions, {"remove": Deed(REVOKE, _remove)},
    ),
)  # fmt: skip
