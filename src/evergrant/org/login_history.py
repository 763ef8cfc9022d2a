"""A user's rows of Login History, and the one that proves a success.

Only `LoginTime` and `UserId` are filtered by the org: `Status` and `Application` cannot be
(Object reference, LoginHistory), so they are compared here.  A session always sees its own user's
rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from evergrant.errors import Malformed
from evergrant.model import Session
from evergrant.org.query import query, soql_text, soql_time
from evergrant.wire import Conversation

SUCCESS = "Success"
APPLICATION_LENGTH = 64
"""`LoginHistory.Application` is a string of 64 characters; longer labels are cut."""

_FIELDS = "Id, UserId, LoginTime, LoginType, LoginSubType, Status, Application, SourceIp, LoginUrl"


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One row of Login History; texts as the org writes them, empty where it has none."""

    id: str
    user_id: str
    at: datetime
    """Whole seconds, UTC."""
    login_type: str
    login_subtype: str
    status: str
    application: str
    source_ip: str
    login_url: str


def own_logins(
    session: Session, user_id: str, since: datetime, *, max_rows: int = 2000
) -> Conversation[list[LoginRow]]:
    """The user's logins since then, newest first.

    Raises `Refused` and `Malformed` as `query` does.
    """
    return (yield from _logins(session, f"UserId = {soql_text(user_id)} AND ", since, max_rows))


def all_logins(
    session: Session, since: datetime, *, max_rows: int = 2000
) -> Conversation[list[LoginRow]]:
    """The logins of all users since then, newest first, as far as the session may see them.

    Raises `Refused` and `Malformed` as `query` does.
    """
    return (yield from _logins(session, "", since, max_rows))


def _logins(
    session: Session, where: str, since: datetime, max_rows: int
) -> Conversation[list[LoginRow]]:
    records = yield from query(
        session,
        f"SELECT {_FIELDS} FROM LoginHistory WHERE {where}LoginTime >= {soql_time(since)}"
        f" ORDER BY LoginTime DESC, Id DESC LIMIT {max_rows}",
        max_rows=max_rows,
    )
    return [_row(each) for each in records]


def success_row(rows: Iterable[LoginRow], app_label: str, since: datetime) -> LoginRow | None:
    """The newest successful login of the app since then, or None.

    There is no app id on Login History: label and row are compared as texts, which two apps of one
    label would share.  `since` is rounded down to the second, as the rows are.
    """
    label, start = app_label[:APPLICATION_LENGTH], since.replace(microsecond=0)
    good = [
        row
        for row in rows
        if row.status == SUCCESS and row.application == label and row.at >= start
    ]
    return max(good, key=lambda row: row.at, default=None)


def _row(record: Mapping[str, object]) -> LoginRow:
    return LoginRow(
        id=_text(record, "Id"),
        user_id=_text(record, "UserId"),
        at=_time(_text(record, "LoginTime")),
        login_type=_text(record, "LoginType"),
        login_subtype=_text(record, "LoginSubType"),
        status=_text(record, "Status"),
        application=_text(record, "Application"),
        source_ip=_text(record, "SourceIp"),
        login_url=_text(record, "LoginUrl"),
    )


def _text(record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _time(text: str) -> datetime:
    """`2026-11-22T09:00:00.000+0000`, as REST writes a dateTime."""
    try:
        at = datetime.fromisoformat(text)
        # A time without an offset could be anybody's local time.
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Malformed(f"a Login History row has no readable LoginTime: {text!r}")
