"""Looking at the org with a read-only session: one part a question, each on its own.

A permission that is missing, an object that is refused or a network that fails makes the part's
facts `Unknown` with what would help, never "no", and does not stop the other parts.  Salesforce
hides other users' rows of LoginHistory and OauthToken without an error (org-model 2.2, 2.7), so
"no rows" counts only when the session may see, or is shown, rows of other users.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from evergrant.errors import Malformed, Refused, WireError
from evergrant.evidence.live_apps import app_policy, preauthorization, tokens
from evergrant.evidence.live_metadata import NAMES, metadata_facts
from evergrant.evidence.live_question import Found, Part, Question
from evergrant.evidence.live_sessions import limits, sessions
from evergrant.evidence.live_trails import (
    idp_events,
    login_rows,
    organization,
    secret_rotation,
    setup_trail,
)
from evergrant.evidence.live_users import SPECIAL, permissions, standing, user_record
from evergrant.model import Fact, Session, Unknown
from evergrant.oauth.identity import userinfo
from evergrant.org.resources import good_call
from evergrant.wire import Conversation

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
        ("user.api_enabled", *SPECIAL.values()),
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
    only: str = "",
) -> Conversation[list[Fact]]:
    """Everything that the session may see of a connection's app and user.

    `since` is where login rows and admin acts begin to count, `authorized_at` when the connection
    was authorized last, `worked_at` when it worked last, `failed_at` the first failure (older login
    rows are not of it), `at` the present.  The consumer key cannot be queried and only names the
    app in what is left unknown.  `only` is the id of one check: beside it, only what gives it the
    ids of app and user is asked.
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


def _door(question: Question) -> Conversation[Fact]:
    """What the org answers to this session at all: where it refuses an admin too, it is the org."""
    said = "none"
    try:
        yield from good_call(question.session)
    except Refused as error:
        said = error.error
    except (Malformed, WireError) as error:
        return Found("org.admin_refused", Unknown(error.what, "try again later")).as_fact(question)
    return Found("org.admin_refused", said, f"the API to this session: {said}").as_fact(question)


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
        return part.nothing(error.what, next_step="try again when the org can be reached")
