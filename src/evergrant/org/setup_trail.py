"""What admins changed in an org: rows of SetupAuditTrail (Object reference, SetupAuditTrail)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from evergrant.errors import Malformed
from evergrant.model import Session
from evergrant.org.query import query, soql_time
from evergrant.wire import Conversation

MOST_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Act:
    """One change that somebody made in Setup."""

    at: datetime
    action: str
    """Salesforce's name of it, such as `unblockConnectedApplication`."""
    display: str
    """As Setup shows it."""
    by: str
    """Username; empty for Salesforce itself."""


def acts_between(session: Session, since: datetime, until: datetime) -> Conversation[list[Act]]:
    """The acts of a span of time, oldest first; at most `MOST_ROWS`.

    Raises `Refused` (View Setup and Configuration is needed) and `Malformed`.
    """
    rows = yield from query(
        session,
        "SELECT Action, Display, CreatedDate, CreatedBy.Username FROM SetupAuditTrail"
        f" WHERE CreatedDate >= {soql_time(since)} AND CreatedDate <= {soql_time(until)}"
        " ORDER BY CreatedDate ASC LIMIT 2000",
        max_rows=MOST_ROWS,
    )
    return [_act(row) for row in rows]


def _act(row: Mapping[str, object]) -> Act:
    by = row.get("CreatedBy")
    who = by.get("Username") if isinstance(by, dict) else None
    try:
        at = datetime.fromisoformat(str(row.get("CreatedDate")).replace("Z", "+00:00"))
    except ValueError as error:
        raise Malformed("a row of the audit trail has no readable time") from error
    display = str(row.get("Display") or "")
    return Act(at.astimezone(UTC), str(row.get("Action") or ""), display, str(who or ""))
