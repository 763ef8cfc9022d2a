"""The gates of the REST API: a call is let in with a live, fitting session, or gets the array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, PlainTextResponse

from evergrant.emulator import containment, propagation, sessions, state
from evergrant.emulator.accounts import profile_of, user_facts
from evergrant.emulator.gates import Evaluation, Question, Step
from evergrant.emulator.gates.rules import is_under_access_control
from evergrant.emulator.gates.user import inside
from evergrant.emulator.gates.verdict import unless
from evergrant.emulator.levels import HIGH
from evergrant.emulator.objects import stamp
from evergrant.emulator.records import described
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.strict import demand

if TYPE_CHECKING:
    from starlette.requests import Request

    from evergrant.emulator.gates.attempt import UserFacts
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy, OrgPolicy
    from evergrant.emulator.schema import Mark
    from evergrant.emulator.sessions import Session

_API_SCOPES: Final = frozenset({"api", "full"})
_REFUSED_BY: Final = {
    "session_live": "session_dead",
    "session_place": "session_elsewhere",
    "session_scope": "session_unfit",
    "session_client": "session_unfit",
    "session_level": "session_unfit",
    "api_allowed": "rest_disabled",
    "org_standing": "trial_over",
}
"""Which refusal each gate of the API gives."""
_IDENTITY_REFUSED_BY: Final = {
    "session_live": "token_dead",
    "identity_org": "org_mistaken",
    "identity_user": "user_mistaken",
}
"""Which refusal each gate of the identity URL and userinfo gives."""


def check(org: Org, request: Request) -> Session | JSONResponse:
    """Let a call in, or say why not; a refusal is traced."""
    token = bearer(request.headers.get("authorization", ""))
    session = sessions.live_session(org, token)
    if session is not None and session.app_id and containment.watch(org, session.user_id):
        session = sessions.live_session(org, token)
    steps = _steps(org, session)
    gate = next((each.id for each in steps if each.outcome == "refused"), None)
    if gate is None and session is not None:
        _demand(org, session, Evaluation(steps, None))
        return session
    refusal = REFUSALS[_REFUSED_BY[gate or "session_live"], "api"]
    _demand(org, session, Evaluation(steps, refusal))
    _trace(org, session, Evaluation(steps, refusal))
    body = [{"message": refusal.description, "errorCode": refusal.error}]
    return JSONResponse(body, refusal.status)


def refuse_identity(org: Org, session: Session | None, gate: str) -> PlainTextResponse:
    """The identity URL and userinfo say no in plain text; traced like any other refusal."""
    refusal = REFUSALS[_IDENTITY_REFUSED_BY[gate], "api"]
    steps = (_step(gate, True, refusal.error, "session", refusal.mark),)
    _demand(org, session, Evaluation(steps, refusal))
    _trace(org, session, Evaluation(steps, refusal))
    return PlainTextResponse(refusal.error, refusal.status)


def bearer(header: str) -> str:
    """The token of an Authorization header; Salesforce takes the word OAuth too."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def _steps(org: Org, session: Session | None) -> tuple[Step, ...]:
    if session is None:
        return (_step("session_live", True, "no live session has this token", "session"),)
    user = propagation.user(org, user_facts(org.db, session.user_id, org.clock.now()))
    policy = propagation.org_policy(org)
    latest = state.load_app(org.db, session.app_id) if session.app_id else None
    app = propagation.app(org, latest)
    return (
        _step("org_standing", policy.standing == "trial_expired", "the org's trial",
              "org.standing", "recorded"),
        _step("session_live", not user.is_active or user.is_frozen, "the user's standing", "user"),
        _step("session_place", _is_elsewhere(org, policy, session, user),
              f"the call came from {org.ip}", "org.lock_sessions_to_ip"),
        _step("session_scope", app is not None and not session.scopes & _API_SCOPES,
              "the scopes must hold api or full", "app.scopes", "recorded"),
        _step("session_level", HIGH == user.profile.session_level != session.level,
              "the profile wants a high assurance session", "profile.session_level", "recorded"),
        _step("session_client", _is_kept_out(policy, app, user),
              "API Access Control", "org.api_access_control", "recorded"),
        _step("api_allowed", not policy.api_enabled or "ApiEnabled" not in user.permissions,
              "org and user need API access", "profile.PermissionsApiEnabled"),
    )  # fmt: skip


def _is_elsewhere(org: Org, policy: OrgPolicy, session: Session, user: UserFacts) -> bool:
    ranges = user.profile.login_ranges
    is_out = policy.enforce_ip_every_request and bool(ranges) and not inside(org.ip, ranges)
    return is_out or (policy.lock_sessions_to_ip and session.source_ip != org.ip)


def _is_kept_out(policy: OrgPolicy, app: AppPolicy | None, user: UserFacts) -> bool:
    is_bound = is_under_access_control(policy, is_external=user.is_external)
    is_listed = app is not None and app.api_allowlisted
    return is_bound and not is_listed and "UseAnyApiClient" not in user.permissions


def _step(id_: str, is_refused: bool, detail: str, knob: str, mark: Mark = "official") -> Step:
    return Step(Question(id_, knob, mark), unless(is_refused, id_, detail, detail))


def _demand(org: Org, session: Session | None, evaluation: Evaluation) -> None:
    app = state.load_app(org.db, session.app_id) if session and session.app_id else None
    profile = profile_of(org.db, session.user_id) if session else None
    policies = (app, profile, state.load_org(org.db))
    demand(org, evaluation, policies, lambda: described(evaluation), has_user=False)


def _trace(org: Org, session: Session | None, evaluation: Evaluation) -> None:
    app = session and session.app_id and state.load_app(org.db, session.app_id)
    user = session and user_facts(org.db, session.user_id, org.clock.now())
    at, source_ip = org.clock.now(), org.ip
    org.attempts.keep(lambda: {
        "at": stamp(at),
        "flow": "call",
        "app": app.name if app else None,
        "user": user.username if user else None,
        "source_ip": source_ip,
        "host": "my_domain",
        **described(evaluation),
    })  # fmt: skip
