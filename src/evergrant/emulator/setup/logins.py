"""Login History: list views, filters, pages of rows, and the download."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from evergrant.emulator import state
from evergrant.emulator.events import login_csv
from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.lookup import users_of
from evergrant.emulator.setup.policies import choice
from evergrant.emulator.setup.rights import VIEW_LOGINS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.setup.desk import Act, Desk, Form

ROWS: Final = 50
"""Login History rows a page (inferred)."""
MOST: Final = 20_000
"""Login History shows no more rows than these (security guide, users_login_history)."""
_SHOWN: Final = (
    "LoginTime", "SourceIp", "LoginType", "LoginSubType", "Status", "Application", "Browser",
    "Platform", "ClientVersion", "ApiType", "ApiVersion", "LoginUrl", "TlsProtocol", "CountryIso",
)  # fmt: skip
COLUMNS: Final = {
    name: OBJECTS["LoginHistory"].by_name[name.lower()].label for name in _SHOWN
}  # fmt: skip
VIEWS: Final = {
    "": ("All Logins", "1"),
    "failed": ("Failed Logins", "h.\"Status\" != 'Success'"),
    "oauth": ("OAuth Logins", "h.\"LoginType\" = 'Remote Access 2.0'"),
    "website": ("Website Logins", "h.\"LoginType\" = 'Application'"),
}
"""List views: their names, which are inferred, and what they show, as SQL."""
_FILTERS: Final = {
    "user": 'h."UserId" = ?',
    "status": 'h."Status" = ?',
    "type": 'h."LoginType" = ?',
    "application": 'h."Application" = ?',
    "ip": 'instr(h."SourceIp", ?) = 1',
    "since": 'substr(h."LoginTime", 1, 10) >= ?',
    "until": 'substr(h."LoginTime", 1, 10) <= ?',
}
"""A field of the filter form to SQL; the fields are inferred."""
FILES: Final = {"csv": "CSV file", "gzip": "GZIP file"}
CONTENTS: Final = {"": "All Logins", "Application": "Website Logins"}
"""LoginType to what the download calls it (inferred)."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.A)


def newest_of(desk: Desk, user_id: str) -> list[Row]:
    """The last ten logins of a user."""
    return _logins(desk, "", {"user": user_id}, 10, 0)


def _logins(desk: Desk, view: str, wanted: Form, rows: int, start: int) -> list[Row]:
    """Newest first; six months back and no further."""
    tests = [VIEWS[view][1], 'h."LoginTime" >= ?', *(_FILTERS[name] for name in wanted)]
    return state.every(
        desk.db, 'SELECT h.*, u."Username" FROM "LoginHistory" h'
        f' LEFT JOIN "User" u ON u."Id" = h."UserId" WHERE {" AND ".join(tests)}'
        ' ORDER BY h."LoginTime" DESC, h.rowid DESC LIMIT ? OFFSET ?',
        desk.half_year_ago, *wanted.values(), rows, start,
    )  # fmt: skip


def _history(desk: Desk) -> Mapping[str, object]:
    view = desk.query.get("view", "")
    view = view if view in VIEWS else ""
    wanted = wanted_of(desk.query)
    page = _page(desk.query.get("page", "1"))
    found = _logins(desk, view, wanted, ROWS + 1, (page - 1) * ROWS)
    return {
        "columns": COLUMNS, "logins": found[:ROWS], "page": page, "users": users_of(desk),
        "has_more": len(found) > ROWS and page < MOST // ROWS, "views": VIEWS, "view": view,
        "wanted": {**dict.fromkeys(_FILTERS, ""), **wanted}, "asked": {"view": view, **wanted},
        "contents": CONTENTS, "files": FILES,
        "known": {name: _known(desk, name) for name in ("Status", "LoginType", "Application")},
    }  # fmt: skip


def wanted_of(query: Form) -> dict[str, str]:
    """The filters that an address asks for; days that are none are left out."""
    found = {name: query.get(name, "").strip() for name in _FILTERS}
    for name in ("since", "until"):
        if not _DAY.fullmatch(found[name]):
            found[name] = ""
    return {name: value for name, value in found.items() if value}


def _page(asked: str) -> int:
    page = int(asked[:6]) if asked.isascii() and asked.isdigit() else 1
    return min(max(page, 1), MOST // ROWS)


def _known(desk: Desk, column: str) -> list[str]:
    """The values that a column has, which a filter may ask for."""
    rows = state.every(desk.db, f'SELECT DISTINCT "{column}" AS v FROM "LoginHistory" ORDER BY 1')
    return [row["v"] for row in rows if row["v"]]


def file_of(desk: Desk, *, is_packed: bool, login_type: str = "") -> Response:
    """The Login History of six months, as CSV or as GZIP of it.

    Unlike the page it has every row (security guide, users_login_history).
    """
    made = login_csv.export(desk.db, None, since=desk.half_year_ago, login_type=login_type).encode()
    name = "LoginHistory.csv.gz" if is_packed else "LoginHistory.csv"
    return Response(
        gzip.compress(made, mtime=0) if is_packed else made,
        media_type="application/gzip" if is_packed else "text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _check(_desk: Desk, form: Form) -> Iterable[Act]:
    choice(form, "file", FILES)
    choice(form, "contents", CONTENTS)
    return []


def _download(desk: Desk, form: Form) -> Response:
    return file_of(desk, is_packed=form["file"] == "gzip", login_type=form["contents"])


PAGES: Final = (
    Page(
        "/lightning/setup/OrgLoginHistory/home", "Login History", "logins.html", VIEW_LOGINS,
        _history, {"download": Deed(VIEW_LOGINS, _check, _download)},
    ),
)  # fmt: skip
