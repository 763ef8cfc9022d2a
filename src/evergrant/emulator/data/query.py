"""Queries over REST and their pages.

REST API Developer Guide, Query and Sforce-Query-Options; Object Reference, OauthToken (500 rows
a page, none after the 2500th).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from evergrant.emulator import soql
from evergrant.emulator.data import columns
from evergrant.emulator.data.call import answer
from evergrant.emulator.data.errors import DataError
from evergrant.emulator.soql.errors import SoqlError

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.data.call import Call
    from evergrant.emulator.schema import SObject

_SMALLEST: Final = 200
_LARGEST: Final = 2000
_LOCATOR: Final = re.compile(r"(01g\w{15})-(\d{1,9})", re.ASCII)
_BATCH_SIZE: Final = re.compile(r"\s*batchSize\s*=\s*(\d{1,9})\s*", re.ASCII | re.IGNORECASE)
_OPEN_QUERIES: Final = 10
"""A caller's newest queries that can be read on; older locators are dead (inferred)."""


def first_page(call: Call) -> Response:
    """GET …/query?q=: the first rows and, where there are more, where to get them."""
    text = call.request.query_params.get("q", "")
    if not text.strip():
        raise SoqlError("no_query")
    if call.request.query_params.get("columns") == "true":
        return answer(columns.described(text, call.caller))
    found = soql.run(call.org.db, text, call.caller, call.base)
    call.touches(found.entity)
    page = _page_size(call, found.entity)
    if len(found.records) <= page:
        return _page(found.total, found.records, None)
    locator = _keep(call, found.records, page)
    address = f"{_query_path(call)}/{locator}-{page}"
    return _page(found.total, found.records[:page], address)


def next_page(call: Call) -> Response:
    """GET …/query/01g…-2000: the rows from that place on."""
    match = _LOCATOR.fullmatch(call.param("locator"))
    row = (
        match
        and call.org.db.execute(
            "SELECT page, records FROM x_query WHERE id = ? AND user_id = ?",
            (match.group(1), call.caller.user_id),
        ).fetchone()
    )
    if not match or not row:
        raise DataError("locator")
    records: list[soql.Json] = json.loads(row[1])
    start, page = int(match.group(2)), int(row[0])
    if start >= len(records):
        raise DataError("locator")
    after = start + page
    address = f"{_query_path(call)}/{match.group(1)}-{after}" if after < len(records) else None
    return _page(len(records), records[start:after], address)


def _page(total: int, records: list[soql.Json] | list[soql.Record], more: str | None) -> Response:
    body: dict[str, object] = {"totalSize": total, "done": more is None}
    if more is not None:
        body["nextRecordsUrl"] = more
    return answer({**body, "records": records})


def _query_path(call: Call) -> str:
    path = call.request.url.path.removeprefix(call.base).strip("/")
    return (
        f"{call.base}/{path.rsplit('/', 1)[0] if 'locator' in call.request.path_params else path}"
    )


def _page_size(call: Call, entity: SObject) -> int:
    """The rows of a page: what the caller hints at, within what the org gives."""
    match = _BATCH_SIZE.fullmatch(call.request.headers.get("sforce-query-options", ""))
    wanted = int(match.group(1)) if match else _LARGEST
    return min(max(wanted, _SMALLEST), entity.page or _LARGEST)


def _keep(call: Call, records: list[soql.Record], page: int) -> str:
    """Keep a query open, as it stood when it was asked; gives the locator."""
    locator, db = call.org.ids.new("01g"), call.org.db
    db.execute(
        "INSERT INTO x_query (id, number, user_id, page, records)"
        " VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM x_query), ?, ?, ?)",
        (locator, call.caller.user_id, page, json.dumps(records)),
    )
    db.execute(
        "DELETE FROM x_query WHERE user_id = :user AND number NOT IN (SELECT number FROM x_query"
        " WHERE user_id = :user ORDER BY number DESC LIMIT :keep)",
        {"user": call.caller.user_id, "keep": _OPEN_QUERIES},
    )
    return locator
