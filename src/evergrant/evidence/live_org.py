"""Looking at the org with a read-only session: one part a question, each on its own.

A permission that is missing, an object that is refused or a network that fails makes the part's
facts `Unknown` with what would help, never "no", and does not stop the other parts.  Salesforce
hides other users' rows of LoginHistory and OauthToken without an error (org-model 2.2, 2.7), so
"no rows" counts only when the session may see, or is shown, rows of other users.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from evergrant.errors import (
    EvergrantError,
    Malformed,
    NotSent,
    OutcomeUnknown,
    Refused,
    WireError,
)
from evergrant.evidence.live_apps import app_policy, preauthorization, tokens
from evergrant.evidence.live_metadata import NAMES, metadata_facts
from evergrant.evidence.live_question import Found, Part, Question, not_known
from evergrant.evidence.live_sessions import limits, sessions
from evergrant.evidence.live_trails import (
    idp_events,
    login_rows,
    organization,
    secret_rotation,
    setup_trail,
)
from evergrant.evidence.live_users import permissions, standing, user_record
from evergrant.evidence.org_rows import PERMISSIONS
from evergrant.model import Fact, Session, Unknown, Value
from evergrant.oauth.identity import userinfo
from evergrant.org.resources import good_call
from evergrant.wire import Conversation, host_of

PARTS: tuple[Part, ...] = (
    Part("organization", organization, ("org.is_sandbox", "org.trial_ended"), "API Enabled"),
    Part(
        "user",
        user_record,
        ("user.exists", "user.active", "user.password_changed"),
        "View All Users",
    ),
    Part("user", standing, ("user.frozen", "user.password_locked"), "Manage Users"),
    Part(
        "user-permissions",
        permissions,
        tuple(PERMISSIONS.values()),
        "View Setup and Configuration",
    ),
    Part(
        "app-policy",
        app_policy,
        (
            "app.in_org",
            "app.admin_approved_only",
            "app.refresh_token_policy",
            "app.refresh_token_limited",
            "app.session_level_required",
        ),
        "View Setup and Configuration",
    ),
    Part(
        "preauthorization",
        preauthorization,
        ("user.preauthorized",),
        "View Setup and Configuration",
    ),
    Part(
        "oauth-tokens",
        tokens,
        ("user.app_tokens", "user.newer_tokens", "user.oldest_token"),
        "Customize Application",
    ),
    Part(
        "login-history",
        login_rows,
        ("login_history.status", "login_history.new_address"),
        "Monitor Login History",
    ),
    Part("idp-event-log", idp_events, ("idp.error_code",), "Customize Application"),
    Part(
        "setup-audit-trail",
        setup_trail,
        ("audit.last_act", "audit.user_frozen"),
        "View Setup and Configuration",
    ),
    Part(
        "secret-rotation",
        secret_rotation,
        ("app.secret_rotated_days",),
        "View Setup and Configuration",
    ),
    Part("sessions", sessions, ("user.session_stands",), "Manage Users"),
    Part("limits", limits, ("org.api_requests_left",), "View Setup and Configuration"),
    Part(
        "metadata",
        metadata_facts,
        NAMES,
        "Modify Metadata Through Metadata API Functions",
    ),
)
"""What is asked, in order; the id is that of the check in `facts.toml`."""

_IDS = frozenset({"user", "app-policy"})
"""Checks that learn the ids of user and app, which others need."""


def look(
    session: Session,
    *,
    app_label: str,
    consumer_key: str = "",
    user_id: str = "",
    username: str = "",
    since: datetime,
    authorized_at: datetime | None = None,
    failed_at: datetime | None = None,
    worked_at: datetime | None = None,
    at: datetime | None = None,
    is_hearsay: bool = False,
    only: str = "",
) -> Conversation[list[Fact]]:
    """Everything that the session may see of a connection's app and user.

    `since` is where login rows and admin acts begin to count, `authorized_at` when the connection
    was authorized last, `worked_at` when it worked last, `failed_at` the first failure (older login
    rows are not of it), `at` the present.  The consumer key cannot be queried and only names the
    app in what is left unknown.  With `is_hearsay`, a person named app and user, and a
    name that the org does not have may be mistyped: *not known* then, never "no".  `only` is the
    id of one check: beside it, only what gives it the ids of app and user is asked.
    """
    question = Question(
        session,
        app_label,
        consumer_key,
        user_id,
        username,
        since,
        authorized_at,
        failed_at,
        worked_at,
        at,
        is_hearsay=is_hearsay,
    )
    question = replace(question, viewer=(yield from viewer_of(session)))
    facts: list[Fact] = [(yield from _door(question))] if not only else []
    for part in PARTS:
        if only and part.check not in (only, *_IDS):
            continue
        found = yield from _ask(part, question)
        facts += [each.as_fact(question) for each in found]
        question = question.learned(found)
    return facts


def knock(session: Session, at: datetime) -> Conversation[Fact]:
    """What the org answers to this session at all: where it refuses an admin too, it is the org.

    *Not known* where it does not answer, or does not take the session: nothing else can be asked.
    """
    question = Question(session, "", "", "", "", at, None, None, None, at)
    return (yield from _door(question))


def _door(question: Question) -> Conversation[Fact]:
    said: Value = "none"
    try:
        yield from good_call(question.session)
    except Refused as error:
        said = _dead(error) if error.error in DEAD else error.error
    except (Malformed, WireError) as error:
        said = _trouble(question, error)
    quote = "" if isinstance(said, Unknown) else f"the API to this session: {said}"
    return Found("org.admin_refused", said, quote).as_fact(question)


DEAD = frozenset({"INVALID_SESSION_ID", "Bad_OAuth_Token"})
"""Answers about a session, not about the org (oauth-protocol 3.8)."""


def _dead(error: Refused) -> Unknown:
    words = ": ".join(each for each in (error.error, error.description) if each)
    return Unknown(f"the org does not take this session ({words})", SIGN_IN)


SIGN_IN = "sign in again (sf org login web), and give the new session"


def _trouble(question: Question, error: EvergrantError) -> Unknown:
    """Trouble on the way, named by host: an address would show the whole query."""
    host = host_of(question.session.instance_url)
    said = error.what
    if isinstance(error, NotSent):
        said = f"could not reach {host}"
    elif isinstance(error, OutcomeUnknown):
        said = f"{host} gave no whole answer"
    why = f" ({error.why})" if error.why else ""
    return Unknown(f"{said}{why}", "try again when the org can be reached")


def viewer_of(session: Session) -> Conversation[str]:
    """Whose session it is, as far as it can be learned."""
    try:
        return (yield from userinfo(session)).user_id
    except (Refused, Malformed, WireError):
        return ""


def _ask(part: Part, question: Question) -> Conversation[list[Found]]:
    try:
        return (yield from part.ask(question))
    except Refused as error:
        return part.nothing(f"the org refused: {error.error} {error.description}".strip())
    except (Malformed, WireError) as error:
        return not_known(part.names, _trouble(question, error))
