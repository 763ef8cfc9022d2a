"""Looking at the user's sessions, and at how many API requests the org has left."""

from __future__ import annotations

from evergrant.evidence import org_rows
from evergrant.evidence.live_question import (
    Found,
    Question,
    not_known,
    rows,
    sees_all,
    text,
    unknown,
)
from evergrant.model import Unknown
from evergrant.org import VERSION
from evergrant.org.rest import get
from evergrant.wire import Conversation


def sessions(question: Question) -> Conversation[list[Found]]:
    """Whether a session of the user that OAuth gave still stands."""
    name = ("user.session_stands",)
    if not question.user_id or question.at is None:
        return not_known(name, question.no_user)
    found = yield from rows(
        question,
        "SELECT LoginType, SourceIp, LastModifiedDate, NumSecondsValid, SessionSecurityLevel"
        f" FROM AuthSession WHERE UsersId = {text(question.user_id)}",
    )
    if not found and not (
        yield from sees_all(question, "AuthSession", "UsersId", ("ManageUsers",))
    ):
        return unknown(
            name, "this session may be shown its own sessions only", "look with Manage Users"
        )
    return [org_rows.sessions(found, question.at)]


def limits(question: Question) -> Conversation[list[Found]]:
    """API requests that the org has left today (REST API, Limits)."""
    told = yield from get(question.session, f"/services/data/{VERSION}/limits")
    day = told.get("DailyApiRequests") if isinstance(told, dict) else None
    left = day.get("Remaining") if isinstance(day, dict) else None
    if not isinstance(left, int) or isinstance(left, bool):
        gap = Unknown("the answer has no DailyApiRequests", "look at Setup > Company Information")
        return [Found("org.api_requests_left", gap)]
    quote = f"DailyApiRequests: {left} of {day.get('Max') if isinstance(day, dict) else '?'} left"
    return [Found("org.api_requests_left", left, quote)]
