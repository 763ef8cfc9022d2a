"""The Login History file that Setup lets one download: the newest rows, under the page's labels.

Security guide, Monitor Login History: the columns and the 20,000 rows.  No captured file is known,
so that the order of the columns, the spelling of the header and the form of the time are inferred;
a reader must match headers without regard to case and order.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

MOST: Final = 20_000
COLUMNS: Final[dict[str, str]] = {
    "Username": 'u."Username"',
    "Login Time": (
        "strftime('%m/%d/%Y %H:%M:%S', substr(h.\"LoginTime\", 1, 19)) || ' GMT'"
    ),
    "Source IP": 'h."SourceIp"',
    "Location": "COALESCE(h.\"CountryIso\", 'Unavailable')",
    "Login Type": 'h."LoginType"',
    "Login Subtype": 'h."LoginSubType"',
    "Status": 'h."Status"',
    "Browser": 'h."Browser"',
    "Platform": 'h."Platform"',
    "Application": 'h."Application"',
    "Client Version": 'h."ClientVersion"',
    "API Type": 'h."ApiType"',
    "API Version": 'h."ApiVersion"',
    "Login URL": 'h."LoginUrl"',
    "TLS Protocol": 'h."TlsProtocol"',
    "TLS Cipher Suite": 'h."CipherSuite"',
    "Country Code": 'h."CountryIso"',
    "HTTP Method": (
        "CASE WHEN h.\"OptionsIsPost\" THEN 'POST' WHEN h.\"OptionsIsGet\" THEN 'GET' END"
    ),
    "Authentication Method Reference": 'h."AuthMethodReference"',
    "Forwarded For IP": 'h."ForwardedForIp"',
}  # fmt: skip
"""Header and SQL."""

_ROWS: Final = (
    f'SELECT {", ".join(COLUMNS.values())} FROM "LoginHistory" h'
    ' LEFT JOIN "User" u ON u."Id" = h."UserId" WHERE h."LoginTime" >= :since'
    " AND (:login_type = '' OR h.\"LoginType\" = :login_type)"
    ' ORDER BY h."LoginTime" DESC, h.rowid DESC LIMIT :rows'
)


def export(
    db: Connection, rows: int | None = MOST, *, since: str = "", login_type: str = ""
) -> str:
    """The newest rows as CSV, newest first; the caller holds the org's lock.

    Since a stored moment, and of one LoginType, where these are given; rows None: all.
    """
    made = io.StringIO()
    writer = csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    limit = -1 if rows is None else rows
    words: dict[str, str | int] = {"rows": limit, "since": since, "login_type": login_type}
    writer.writerows(_lines(db, words))
    return made.getvalue()


def _lines(db: Connection, words: dict[str, str | int]) -> Iterator[tuple[str, ...]]:
    for row in db.execute(_ROWS, words):
        yield tuple("" if value is None else str(value) for value in row)
