"""What was written down: audit trail, identity events and checks, log files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from evergrant.emulator import state
from evergrant.emulator.events import files
from evergrant.emulator.setup.desk import Deed, NoRecord, Page, no_acts
from evergrant.emulator.setup.rights import (
    VIEW_AUDIT,
    VIEW_IDENTITY,
    VIEW_LOG_FILES,
    VIEW_VERIFICATIONS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evergrant.emulator.setup.desk import Desk, Form

AUDIT_ROWS: Final = 20
"""The audit trail's page shows the newest 20 (security guide, admin_monitorsetup)."""
_ROWS: Final = 200
"""Rows of the other pages (inferred)."""
_WITH_USER: Final = (
    'SELECT e.*, u."Username" FROM "{entity}" e LEFT JOIN "User" u ON u."Id" = e."{user}"'
    " ORDER BY e.rowid DESC LIMIT ?"
)


def _newest(entity: str, user: str, rows: int) -> Callable[[Desk], Mapping[str, object]]:
    sql = _WITH_USER.format(entity=entity, user=user)
    return lambda desk: {"entries": state.every(desk.db, sql, rows)}


def _identity(desk: Desk) -> Mapping[str, object]:
    rows = state.every(
        desk.db, 'SELECT e.*, u."Username", m."Label" AS "App" FROM "IdpEventLog" e'
        ' LEFT JOIN "User" u ON u."Id" = e."UserId"'
        ' LEFT JOIN "AppMenuItem" m ON m."ApplicationId" = e."AppId"'
        " ORDER BY e.rowid DESC LIMIT ?", _ROWS,
    )  # fmt: skip
    return {"entries": rows}


def _files(desk: Desk) -> Mapping[str, object]:
    files.catch_up(desk.org)
    return {
        "entries": state.every(
            desk.db, 'SELECT * FROM "EventLogFile" ORDER BY "LogDate" DESC, "EventType" LIMIT ?',
            _ROWS,
        ),
        "has_monitoring": state.load_org(desk.db).event_monitoring,
    }  # fmt: skip


def _download(desk: Desk, form: Form) -> Response:
    id_ = form.get("file", "")
    row = state.one(desk.db, 'SELECT * FROM "EventLogFile" WHERE "Id" = ?', id_)
    body = files.body_of(desk.org, id_)
    if row is None or body is None:
        raise NoRecord(id_)
    name = f"{row['LogDate'][:10]}_{row['EventType']}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv", headers=headers)


PAGES: Final = (
    Page(
        "/lightning/setup/SecurityEvents/home", "View Setup Audit Trail", "audit.html",
        VIEW_AUDIT, _newest("SetupAuditTrail", "CreatedById", AUDIT_ROWS),
    ),
    Page(
        "/lightning/setup/IdpErrorLog/home", "Identity Provider Event Log", "identity.html",
        VIEW_IDENTITY, _identity,
    ),
    Page(
        "/lightning/setup/VerificationHistory/home", "Identity Verification History",
        "verifications.html", VIEW_VERIFICATIONS,
        _newest("VerificationHistory", "UserId", _ROWS),
    ),
    Page(
        "/lightning/setup/ElfBrowser/home", "Event Log File Browser", "log_files.html",
        VIEW_LOG_FILES, _files, {"download": Deed(VIEW_LOG_FILES, no_acts, _download)},
    ),
)  # fmt: skip
