"""Evidence in the making: exports, metadata and requests as tests need them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from evergrant.evidence import Evidence, Wanted, of_documents
from evergrant.evidence.given.document import Document

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FAILED = "Failed: Not approved for access"
COLUMNS = ("Username", "Login Time", "Source IP", "Login Type", "Login Subtype", "Status",
           "Application", "Login URL")  # fmt: skip
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


def login(
    user: str = "ann@acme.example",
    hours_ago: float = 1,
    status: str = FAILED,
    app: str = "Orbit Sync",
    ip: str = "203.0.113.9",
    subtype: str = "OauthRefreshToken",
) -> dict[str, str]:
    """One row of Login History, as Setup's download has it."""
    at = NOW - timedelta(hours=hours_ago)
    values = (user, f"{at:%m/%d/%Y %H:%M:%S} GMT", ip, "Remote Access 2.0", subtype, status, app,
              "login.salesforce.com")  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def table(rows: Sequence[Mapping[str, str]], columns: Iterable[str] = (), **how: str) -> str:
    """Rows as CSV, all quoted, in this order of columns."""
    made = io.StringIO()
    names = [*columns] or [*rows[0]]
    ends = how.get("lineterminator", "\r\n")
    writer = csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator=ends,
                        delimiter=how.get("delimiter", ","))  # fmt: skip
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return made.getvalue()


def evidence(*given: str | bytes, **wanted: object) -> Evidence:
    """What some documents show, at `NOW`."""
    documents = [
        Document.of_bytes(f"file {number}", each.encode() if isinstance(each, str) else each)
        for number, each in enumerate(given, 1)
    ]
    return of_documents(documents, Wanted(**{"now": NOW, **wanted}))  # type: ignore[arg-type]


def values(found: Evidence) -> dict[str, object]:
    """Fact → value; of facts that are there twice, the first."""
    told: dict[str, object] = {}
    for fact in found.facts:
        told.setdefault(fact.name, fact.value)
    return told


def all_of(found: Evidence, name: str) -> list[object]:
    """All values of one fact."""
    return [fact.value for fact in found.facts if fact.name == name]


def component(type_: str, body: str) -> str:
    """One metadata file."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{type_} xmlns="{NAMESPACE}">{body}</{type_}>'


def zipped(files: Mapping[str, str]) -> bytes:
    """Files as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()
