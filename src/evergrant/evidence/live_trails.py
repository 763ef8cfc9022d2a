"""Looking at what the org wrote down: logins, identity provider events, admin acts; and the org."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from evergrant.evidence import org_rows
from evergrant.evidence.exports.audit_acts import concerns, named
from evergrant.evidence.live_question import (
    Found,
    Question,
    Row,
    moment,
    not_known,
    profile_of,
    rows,
    sees_all,
    text,
    unknown,
)
from evergrant.model import Unknown
from evergrant.org.login_history import SUCCESS, LoginRow, own_logins
from evergrant.org.query import soql_time
from evergrant.wire import Conversation

SLACK = timedelta(minutes=1)
"""Between our clock and the org's."""
MONTH, KEPT = timedelta(days=30), timedelta(days=180)
"""How far back good logins are looked for; how long the audit trail is kept (org-model 2.12)."""


def login_rows(question: Question) -> Conversation[list[Found]]:
    """The newest row of this user and app; of the failure, where its time is known."""
    since = max(question.since, (question.failed_at or question.since) - SLACK)
    name = ("login_history.status",)
    if not question.app_label:
        return not_known(name, question.no_app)
    if not question.user_id:
        return not_known(name, question.no_user)
    found = yield from own_logins(question.session, question.user_id, since)
    label = question.app_label[:64]
    of_app = [row for row in found if row.application == label]
    if of_app:
        last = max(of_app, key=lambda row: row.at)
        return [_login(last), *(yield from _address(question, last))]
    if not (
        yield from sees_all(
            question, "LoginHistory", "UserId", ("MonitorLoginHistory", "ManageUsers")
        )
    ):
        reason = "this session may be shown its own logins only"
        return unknown(name, reason, "look with Monitor Login History or Manage Users")
    if question.app_doubt:
        return not_known(name, question.app_doubt)
    quote = f"no row of {label!r} since {since:%Y-%m-%d %H:%M} UTC"
    return [Found("login_history.status", "none", quote, "derived")]


def _address(question: Question, row: LoginRow) -> Conversation[list[Found]]:
    """Whether a row that is no success comes from where this user and app never had one."""
    if row.status == SUCCESS or not row.source_ip:
        return []
    before = yield from own_logins(question.session, question.user_id, row.at - MONTH)
    good = {
        each.source_ip
        for each in before
        if each.status == SUCCESS and each.application == row.application
    }
    if not good:
        return []
    quote = f"{row.source_ip}; the successes came from {', '.join(sorted(good))}"
    return [Found("login_history.new_address", row.source_ip not in good, quote, "derived")]


def _login(row: LoginRow) -> Found:
    quote = f"{row.at:%Y-%m-%d %H:%M:%S} UTC {row.application} {row.status}"
    quote += f" from {row.source_ip}" if row.source_ip else ""
    return Found("login_history.status", row.status, quote, at=row.at)


def idp_events(question: Question) -> Conversation[list[Found]]:
    """The newest code of the Identity Provider Event Log for this app since then."""
    if not question.app_id:
        return not_known(("idp.error_code",), question.no_app)
    found = yield from rows(
        question,
        "SELECT ErrorCode, Timestamp, UserId FROM IdpEventLog"
        f" WHERE AppId = {text(question.app_id)} AND Timestamp >= {soql_time(question.since)}"
        " ORDER BY Timestamp DESC, Id DESC LIMIT 50",
    )
    mine = [row for row in found if row.get("UserId") in (question.user_id, None, "")]
    if not mine:
        return [Found("idp.error_code", "none", "no event of this app and user", "derived")]
    quote = f"{mine[0].get('Timestamp')} {mine[0].get('ErrorCode')}"
    return [Found("idp.error_code", str(mine[0].get("ErrorCode")), quote,
                  at=moment(mine[0].get("Timestamp")))]  # fmt: skip


def setup_trail(question: Question) -> Conversation[list[Found]]:
    """The last act of an admin that concerns this app or user since then, with who and when."""
    found = yield from rows(
        question,
        "SELECT Action, Display, CreatedDate, CreatedBy.Username FROM SetupAuditTrail"
        f" WHERE CreatedDate >= {soql_time(question.since)}"
        " ORDER BY CreatedDate DESC, Id DESC LIMIT 200",
    )
    profile = yield from profile_of(question)
    ours = [each for each in map(_named, found) if _is_ours(question, profile, each)]
    froze = any(act == "user frozen" for act, _, _ in ours)
    told = Found("audit.user_frozen", froze, f"{len(ours)} acts on this app or user", "derived")
    if not froze and not (question.user_id or question.username):
        told = Found("audit.user_frozen", question.no_user)
    if ours:
        return [_act(*ours[0]), told]
    if why := _nobody(question):
        return [Found("audit.last_act", why), told]
    quote = f"no act on this app or user since {question.since:%Y-%m-%d %H:%M} UTC"
    return [Found("audit.last_act", "none", quote, "derived"), told]


def _nobody(question: Question) -> Unknown | None:
    """Why nobody can say that nothing was done to what fails."""
    if question.app_doubt or not question.app_label:
        return question.no_app
    return None if question.user_id or question.username else question.no_user


Act = tuple[str, Literal["derived", "inferred"], Row]


def _named(row: Row) -> Act:
    act, mark = named(str(row.get("Action")), str(row.get("Display") or ""))
    return act, mark, row


def _is_ours(question: Question, profile: str, each: Act) -> bool:
    """Whether an act concerns this app, this user, the user's profile, or the whole org."""
    act, _, row = each
    display = str(row.get("Display") or "")
    if not act or _is_of_another(profile, display):
        return False
    return concerns(act, display, question.app_label, question.username)


def _is_of_another(profile: str, display: str) -> bool:
    """Whether a line is about a profile, and not about the user's."""
    said = display.casefold()
    return bool(profile) and "profile" in said and profile.casefold() not in said


def secret_rotation(question: Question) -> Conversation[list[Found]]:
    """How long ago the app's consumer secret was rotated, as far as the audit trail reaches."""
    name = "app.secret_rotated_days"
    now = question.at
    if now is None:
        return unknown((name,), "the present time was not given", "pass `at`")
    found = yield from rows(
        question,
        "SELECT Action, Display, CreatedDate FROM SetupAuditTrail"
        f" WHERE CreatedDate >= {soql_time(now - KEPT)}"
        " ORDER BY CreatedDate DESC, Id DESC LIMIT 2000",
        most=2000,
    )
    for row in found:
        display, at = str(row.get("Display") or ""), moment(row.get("CreatedDate"))
        act, mark = named(str(row.get("Action")), display)
        if at and act == "secret rotated" and concerns(act, display, question.app_label):
            days = round((now - at) / timedelta(days=1), 2)
            return [Found(name, days, f"{row.get('CreatedDate')}: {display}", mark)]
    return unknown((name,), "no rotation in the audit trail", "nothing to do")


def _act(act: str, mark: Literal["derived", "inferred"], row: Row) -> Found:
    who = (row.get("CreatedBy") or {}).get("Username") or "somebody"
    at = moment(row.get("CreatedDate"))
    stamp = f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else str(row.get("CreatedDate"))
    return Found("audit.last_act", act, f"{stamp} {who}: {row.get('Display')}", mark, at)


def organization(question: Question) -> Conversation[list[Found]]:
    """Whether the org is a sandbox, and whether its trial has ended."""
    found = yield from rows(question, "SELECT IsSandbox, TrialExpirationDate FROM Organization")
    if not found:
        return unknown(("org.is_sandbox", "org.trial_ended"), "no row is shown", "ask an admin")
    return [*org_rows.organization(found[0], question.at)]
