"""The gates an attempt passes, in Salesforce's order, and the one pure function that walks them.

Every gate is asked even after one refused, so that what stands behind the first refusal can be
seen; the first refusal is what the caller gets.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, assert_never

from evergrant.emulator.gates import app, login_host, material, standing, user
from evergrant.emulator.gates.attempt import BROWSER, Attempt
from evergrant.emulator.gates.verdict import Judge, NotApplicable, Passed, Refused, Verdict
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.refusals.refusal import Leg, Refusal
from evergrant.emulator.schema import Mark

Outcome = Literal["passed", "refused", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, the knob that answers it, and how sure we are of its place and meaning."""

    id: str
    knob: str
    """A key of KNOBS, or what stands in its place."""
    mark: Mark


@dataclass(frozen=True, slots=True)
class Gate(Question):
    """One question to every attempt at a grant."""

    judge: Judge


class Step(NamedTuple):
    """What one gate said."""

    question: Question
    verdict: Verdict

    @property
    def id(self) -> str:
        """Of the gate."""
        return self.question.id

    @property
    def outcome(self) -> Outcome:
        """In one word."""
        match self.verdict:
            case Passed():
                return "passed"
            case Refused():
                return "refused"
            case NotApplicable():
                return "not_applicable"
            case _:
                assert_never(self.verdict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all gates said, and the refusal the caller gets, if any."""

    said: tuple[tuple[Question, Verdict], ...]
    """Steps or their plain pairs: every token request makes some thirty, and few are ever read."""
    refusal: Refusal | None

    @property
    def steps(self) -> tuple[Step, ...]:
        """What each gate said, in their order."""
        return tuple(Step(*each) for each in self.said)

    @property
    def gate(self) -> str | None:
        """The id of the first gate that refused."""
        return next((asked.id for asked, said in self.said if isinstance(said, Refused)), None)


GATES: Final = (
    Gate("request_form", "request", "recorded", app.request_form),
    Gate("org_alive", "org.locked", "official", app.org_alive),
    Gate("client_known", "app.deleted", "official", app.client_known),
    Gate("host", "request", "recorded", app.host),
    Gate("login_host", "request", "recorded", login_host.login_host),
    Gate("redirect_uri", "app.callbacks", "official", app.redirect_uri),
    Gate("app_in_org", "app.in_org", "recorded", standing.app_in_org),
    Gate("response_type", "request", "recorded", app.response_type),
    Gate("app_blocked", "app.blocked", "official", standing.app_blocked),
    Gate("app_enabled", "app.enabled", "official", standing.app_enabled),
    Gate("api_access_control", "org.api_access_control", "official", standing.api_access_control),
    Gate("uninstalled_restriction", "app.installed", "official", standing.uninstalled_restriction),
    Gate("flow_enabled", "app.client_credentials", "official", app.flow_enabled),
    Gate("code_challenge", "app.pkce_required", "official", app.code_challenge),
    Gate("scopes", "app.scopes", "recorded", app.scopes),
    Gate("client_auth", "app.secret_for_refresh", "official", app.client_auth),
    Gate("authorization_code", "org.code_seconds", "recorded", material.authorization_code),
    Gate("code_verifier", "request", "recorded", material.code_verifier),
    Gate("refresh_token", "request", "official", material.refresh_token),
    Gate("refresh_token_policy", "app.refresh_policy", "official", material.refresh_token_policy),
    Gate("refresh_token_free", "org.token_request_ms", "recorded", material.refresh_token_free),
    Gate("assertion_signature", "app.certificate", "recorded", material.assertion_signature),
    Gate("assertion_audience", "request", "official", material.assertion_audience),
    Gate("assertion_expiry", "org.jwt_skew_seconds", "recorded", material.assertion_expiry),
    Gate("user_known", "user", "inferred", user.user_known),
    Gate("run_as_user", "app.run_as", "recorded", user.run_as_user),
    Gate("user_active", "user.IsActive", "official", user.user_active),
    Gate("user_frozen", "user.IsFrozen", "official", user.user_frozen),
    Gate("api_enabled", "profile.PermissionsApiEnabled", "inferred", user.api_enabled),
    Gate("permitted_users", "app.admin_approved", "official", user.permitted_users),
    Gate("prior_approval", "user.approvals", "official", user.prior_approval),
    Gate("ip_ranges", "profile.login_ranges", "official", user.ip_ranges),
    Gate("login_hours", "profile.login_hours", "official", user.login_hours),
    Gate("session_level", "app.session_level", "official", user.session_level),
    Gate("consent", "user", "official", user.consent),
)
"""The order follows the fidelity notes (F4); the order among neighbours is inferred."""
_JUDGES: Final = tuple(gate.judge for gate in GATES)


def evaluate(attempt: Attempt) -> Evaluation:
    """Ask every gate; pure, so the same attempt always gets the same answer."""
    said = [ask(attempt) for ask in _JUDGES]
    first = next((each for each in said if isinstance(each, Refused)), None)
    refusal = None if first is None else _refusal(attempt, first)
    return Evaluation(tuple(zip(GATES, said, strict=True)), refusal)


_HIDDEN: Final = frozenset({"not_admitted", "user_inactive", "user_frozen"})
"""What the username-password flow hides behind its one text (3.3)."""


def _refusal(attempt: Attempt, said: Refused) -> Refusal:
    leg: Leg = "authorize" if attempt.flow in BROWSER else "token"
    is_hidden = attempt.flow == "password" and said.refusal in _HIDDEN
    row = REFUSALS[f"password_{said.refusal}" if is_hidden else said.refusal, leg]
    return replace(row, description=said.words) if said.words else row
