"""SOQL: ask, page on, and write values into a query safely."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from evergrant.errors import Malformed
from evergrant.log import logger
from evergrant.model import Session
from evergrant.org.rest import get
from evergrant.wire import Conversation

VERSION = "v66.0"
"""The API version we speak (Spring '26)."""
MAX_ROWS = 10_000


def query(
    session: Session,
    soql: str,
    *,
    version: str = VERSION,
    tooling: bool = False,
    max_rows: int = MAX_ROWS,
) -> Conversation[list[dict[str, Any]]]:
    """Ask an org and return its records as they come (`attributes` included).

    Follows `nextRecordsUrl` verbatim until `done`, or until `max_rows` records are there: the list
    is then cut to `max_rows`.  Raises `Refused` with `errorCode` as `error` and `message` as
    `description` (channel `rest`), and `Malformed` (REST API guide, Query).
    """
    path = f"/services/data/{version}/{'tooling/' if tooling else ''}query/?q={quote(soql)}"
    records: list[dict[str, Any]] = []
    asked: set[str] = set()
    while path and len(records) < max_rows:
        asked.add(path)
        page = yield from get(session, path)
        records += _records(page)
        path = _next(session, page)
        if path in asked:
            raise Malformed("the org's answer refers to itself as its next page")
    if path or len(records) > max_rows:
        logger("org").info("an answer was cut to %d records", max_rows)
    return records[:max_rows]


def _records(page: object) -> list[dict[str, Any]]:
    found = page.get("records") if isinstance(page, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Malformed("the org's answer to a query holds no records")
    return found


def _next(session: Session, page: dict[str, Any]) -> str:
    """Path of the next page; empty at the end.

    The session's token goes there, so it must lie on the same org.
    """
    url = page.get("nextRecordsUrl")
    if page.get("done") is True or not isinstance(url, str):
        return ""
    path = url.removeprefix(session.instance_url.rstrip("/"))
    if urlsplit(path).netloc or not path.startswith("/services/data/"):
        raise Malformed("the org's answer points to a next page on another host")
    return path


_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r",
                          "\t": "\\t", "\b": "\\b", "\f": "\\f"})  # fmt: skip


def soql_text(value: str) -> str:
    """A text as a SOQL literal, quotes included (SOQL reference, Quoted String Escapes)."""
    return f"'{value.translate(_ESCAPES)}'"


def soql_time(value: datetime) -> str:
    """An aware time as a SOQL literal in UTC, whole seconds, rounded down."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
