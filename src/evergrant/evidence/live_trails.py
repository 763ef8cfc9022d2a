"""Looking at what the org wrote down: logins, identity provider events, admin acts; and the org."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from evergrant.evidence.live_question import (
    Found,
    Question,
    Row,
    moment,
    rows,
    sees_all,
    text,
    unknown,
)
from evergrant.model import Unknown
from evergrant.org.login_history import LoginRow, own_logins
from evergrant.org.query import soql_time
from evergrant.wire import Conversation

ACTS = {
    "blockConnectedApplication": "app blocked",
    "unblockConnectedApplication": "app unblocked",
    "insertConnectedApplication": "app installed",
    "deleteConnectedApplication": "app uninstalled",
    "deleteApplication": "app deleted",
    "changeUserRuntimeAccessPolicy": "permitted users changed",
    "changeIpRelaxationPolicy": "ip policy changed",
    "loginIpRange": "login ranges changed",
    "deleteIpWhiteList": "login ranges changed",
    "PermSetUnassign": "permission set unassigned",
    "PermSetAssign": "permission set assigned",
    "changedprofileforuser": "profile changed",
    "frozeuser": "user frozen",
    "deactivateduser": "user deactivated",
    "generateOauthStagedCredential": "secret rotated",
    "changeApplicationCallbackUrl": "callback changed",
    "insertApplicationCertificate": "certificate changed",
    "changeApplicationCertificate": "certificate changed",
    "changeApplicationClientCredentialEnabled": "client credentials changed",
    "addOauthClientCredentialUser": "client credentials changed",
    "changeApplicationPkceRequired": "pkce required",
    "changeApplicationRefreshTokenRotationEnabled": "rotation changed",
    "changeOauthDefaultScope": "scopes changed",
    "adminApprovedAppsOnlyOffOn": "api access control changed",
    "adminApprovedAppsOnlyOnOff": "api access control changed",
}
"""Action of SetupAuditTrail → value of `audit.last_act` (org-model 2.8)."""
INFERRED_ACTS = (
    ("rotated secret", "secret rotated"),
    ("consumer secret", "secret rotated"),
    ("refresh token policy", "refresh policy changed"),
    ("login hours", "login hours changed"),
    ("changed profile", "profile changed"),
    ("revoked", "tokens revoked"),
)
"""Words of Display → value, for acts whose action name no source has: inferred."""
SLACK = timedelta(minutes=1)
"""Between our clock and the org's."""
_OF_THE_ORG = frozenset(
    {"login ranges changed", "login hours changed", "profile changed", "api access control changed"}
)
"""Acts that name neither app nor user and count all the same."""


def login_rows(question: Question) -> Conversation[list[Found]]:
    """The newest row of this user and app; of the failure, where its time is known."""
    since = max(question.since, (question.failed_at or question.since) - SLACK)
    name = ("login_history.status",)
    if not question.user_id:
        return unknown(name, "nobody named the user", "name the user (username or id)")
    found = yield from own_logins(question.session, question.user_id, since)
    label = question.app_label[:64]
    of_app = [row for row in found if row.application == label]
    if of_app:
        return [_login(max(of_app, key=lambda row: row.at))]
    if not (
        yield from sees_all(
            question, "LoginHistory", "UserId", ("MonitorLoginHistory", "ManageUsers")
        )
    ):
        reason = "this session may be shown its own logins only"
        return unknown(name, reason, "look with Monitor Login History or Manage Users")
    quote = f"no row of {label!r} since {since:%Y-%m-%d %H:%M} UTC"
    return [Found("login_history.status", "none", quote, "derived")]


def _login(row: LoginRow) -> Found:
    quote = f"{row.at:%Y-%m-%d %H:%M:%S} UTC {row.application} {row.status}"
    quote += f" from {row.source_ip}" if row.source_ip else ""
    return Found("login_history.status", row.status, quote, at=row.at)


def idp_events(question: Question) -> Conversation[list[Found]]:
    """The newest code of the Identity Provider Event Log for this app since then."""
    if not question.app_id:
        return unknown(("idp.error_code",), "the app is not known in this org", "install it first")
    found = yield from rows(
        question,
        "SELECT ErrorCode, Timestamp, UserId FROM IdpEventLog"
        f" WHERE AppId = {text(question.app_id)} AND Timestamp >= {soql_time(question.since)}"
        " ORDER BY Timestamp DESC LIMIT 50",
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
        f" WHERE CreatedDate >= {soql_time(question.since)} ORDER BY CreatedDate DESC LIMIT 200",
    )
    for row in found:
        act, mark = _named(row)
        if act and _concerns(question, act, str(row.get("Display") or "")):
            return [_act(act, mark, row)]
    quote = f"no act on this app or user since {question.since:%Y-%m-%d %H:%M} UTC"
    return [Found("audit.last_act", "none", quote, "derived")]


def _concerns(question: Question, act: str, display: str) -> bool:
    names = (question.app_label, question.username)
    return act in _OF_THE_ORG or any(name and name.lower() in display.lower() for name in names)


def _named(row: Row) -> tuple[str, Literal["derived", "inferred"]]:
    if act := ACTS.get(str(row.get("Action"))):
        return act, "derived"
    display = str(row.get("Display") or "").lower()
    return next((act for words, act in INFERRED_ACTS if words in display), ""), "inferred"


def _act(act: str, mark: Literal["derived", "inferred"], row: Row) -> Found:
    who = (row.get("CreatedBy") or {}).get("Username") or "somebody"
    quote = f"{row.get('CreatedDate')} {who}: {row.get('Display')}"
    return Found("audit.last_act", act, quote, mark, moment(row.get("CreatedDate")))


def organization(question: Question) -> Conversation[list[Found]]:
    """Whether the org is a sandbox, and whether its trial has ended."""
    found = yield from rows(question, "SELECT IsSandbox, TrialExpirationDate FROM Organization")
    if not found:
        return unknown(("org.is_sandbox", "org.trial_ended"), "no row is shown", "ask an admin")
    ends = moment(found[0].get("TrialExpirationDate"))
    quote = f"Organization: IsSandbox {found[0].get('IsSandbox')}, trial ends {ends}"
    ended = _ended(ends, question.at)
    return [
        Found("org.is_sandbox", found[0].get("IsSandbox") is True, quote),
        Found("org.trial_ended", ended, quote, "derived"),
    ]


def _ended(ends: datetime | None, now: datetime | None) -> bool | Unknown:
    if ends is None:
        return False
    return now >= ends if now else Unknown("the present time was not given", "pass `at`")
