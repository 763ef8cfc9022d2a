"""What happened: Login History, View Setup Audit Trail, and the sessions that are live now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.lookup import users_of
from evergrant.emulator.setup.rights import REVOKE, VIEW_AUDIT, VIEW_LOGINS, VIEW_SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.setup.desk import Act, Desk, Form

ROWS: Final = 50
"""Login History rows a page (inferred)."""
MOST: Final = 20_000
"""Login History shows no more rows than these (security guide, users_login_history)."""
AUDIT_ROWS: Final = 20
"""The audit trail's page shows the newest 20 (security guide, admin_monitorsetup)."""
_SHOWN: Final = (
    "LoginTime", "SourceIp", "LoginType", "LoginSubType", "Status", "Application", "Browser",
    "Platform", "ClientVersion", "ApiType", "ApiVersion", "LoginUrl", "TlsProtocol", "CountryIso",
)  # fmt: skip
COLUMNS: Final = {
    name: OBJECTS["LoginHistory"].by_name[name.lower()].label for name in _SHOWN
}  # fmt: skip
_NEWEST: Final = (
    'SELECT h.*, u."Username" FROM "LoginHistory" h LEFT JOIN "User" u ON u."Id" = h."UserId"'
    " WHERE (:user = '' OR h.\"UserId\" = :user)"
    ' ORDER BY h."LoginTime" DESC, h.rowid DESC LIMIT :rows OFFSET :start'
)


def newest_of(desk: Desk, user_id: str) -> list[Row]:
    """The last ten logins of a user."""
    return _logins(desk, user_id, 10, 0)


def _logins(desk: Desk, user_id: str, rows: int, start: int) -> list[Row]:
    return desk.db.execute(_NEWEST, {"user": user_id, "rows": rows, "start": start}).fetchall()


def _history(desk: Desk) -> Mapping[str, object]:
    user, asked = desk.query.get("user", ""), desk.query.get("page", "1")
    page = int(asked[:6]) if asked.isascii() and asked.isdigit() else 1
    page = min(max(page, 1), MOST // ROWS)
    found = _logins(desk, user, ROWS + 1, (page - 1) * ROWS)
    has_more = len(found) > ROWS and page < MOST // ROWS
    return {
        "columns": COLUMNS, "logins": found[:ROWS], "page": page, "has_more": has_more,
        "user": user, "users": users_of(desk),
    }  # fmt: skip


def _audit(desk: Desk) -> Mapping[str, object]:
    return {
        "entries": state.every(
            desk.db, 'SELECT a.*, u."Username" FROM "SetupAuditTrail" a LEFT JOIN "User" u'
            ' ON u."Id" = a."CreatedById" ORDER BY a.rowid DESC LIMIT ?', AUDIT_ROWS,
        ),
    }  # fmt: skip


def _sessions(desk: Desk) -> Mapping[str, object]:
    return {"sessions": _live(desk)}


def _live(desk: Desk) -> list[Row]:
    """The sessions that have not ended, newest first; those that idled away are left out."""
    return state.every(
        desk.db, 'SELECT s.*, u."Username", m."Label" AS "App" FROM "AuthSession" s'
        ' JOIN x_session x ON x.id = s."Id" AND x.ended IS NULL AND x.seen_at + x.seconds >= ?'
        ' LEFT JOIN "User" u ON u."Id" = s."UsersId"'
        ' LEFT JOIN "AppMenuItem" m ON m."ApplicationId" = x.app_id'
        ' ORDER BY s."CreatedDate" DESC, s.rowid DESC LIMIT 200',
        desk.org.clock.now().timestamp(),
    )  # fmt: skip


def _remove(_desk: Desk, form: Form) -> Iterable[Act]:
    return [("remove_session", {"session": form.get("session", "")})]


PAGES: Final = (
    Page(
        "/lightning/setup/OrgLoginHistory/home", "Login History", "logins.html", VIEW_LOGINS,
        _history,
    ),
    Page(
        "/lightning/setup/SecurityEvents/home", "View Setup Audit Trail", "audit.html",
        VIEW_AUDIT, _audit,
    ),
    Page(
        "/lightning/setup/SessionManagementPage/home", "Session Management", "sessions.html",
        VIEW_SESSIONS, _sessions, {"remove": Deed(REVOKE, _remove)},
    ),
)  # fmt: skip
