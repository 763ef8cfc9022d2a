"""The gates an attempt passes, in Salesforce's order, and the one pure function that walks them.

Every gate is asked even after one refused, so that what stands behind the first refusal can be
seen; the first refusal is what the caller gets.  A request waits for that alone: what every gate
said is worked out from the same facts when somebody looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, assert_never, get_args

from evergrant.emulator.gates import app, login_host, material, standing, user
from evergrant.emulator.gates.attempt import (
    BROWSER,
    AssertionMaterial,
    Attempt,
    AuthorizeMaterial,
    CodeMaterial,
    DeviceMaterial,
    ExchangeMaterial,
    Flow,
    Material,
    RefreshMaterial,
)
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
    flows: frozenset[Flow] | None = None
    """The flows in which it may refuse; None: all."""
    materials: tuple[type[Material], ...] = ()
    """The materials that it may refuse; none: whatever is brought."""

    def may_refuse(self, flow: Flow, material: type[Material]) -> bool:
        """Whether there is anything to refuse in an attempt of this flow with such a material."""
        is_looked_at = not self.materials or material in self.materials
        return is_looked_at and (self.flows is None or flow in self.flows)


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

    steps: tuple[Step, ...]
    """What each gate said, in their order."""
    refusal: Refusal | None

    @property
    def gate(self) -> str | None:
        """The id of the first gate that refused."""
        return next((asked.id for asked, said in self.steps if isinstance(said, Refused)), None)


GATES: Final = (
    Gate("request_form", "request", "recorded", app.request_form),
    Gate("org_alive", "org.locked", "official", app.org_alive),
    Gate("client_known", "app.deleted", "official", app.client_known),
    Gate("host", "request", "recorded", app.host),
    Gate("login_host", "request", "recorded", login_host.login_host),
    Gate("redirect_uri", "app.callbacks", "official", app.redirect_uri,
         materials=(AuthorizeMaterial, CodeMaterial)),
    Gate("app_in_org", "app.in_org", "recorded", standing.app_in_org),
    Gate("response_type", "request", "recorded", app.response_type, materials=(AuthorizeMaterial,)),
    Gate("app_blocked", "app.blocked", "official", standing.app_blocked),
    Gate("app_enabled", "app.enabled", "official", standing.app_enabled),
    Gate("api_access_control", "org.api_access_control", "official", standing.api_access_control),
    Gate("uninstalled_restriction", "app.installed", "official", standing.uninstalled_restriction),
    Gate("flow_enabled", "app.client_credentials", "official", app.flow_enabled),
    Gate("code_challenge", "app.pkce_required", "official", app.code_challenge,
         materials=(AuthorizeMaterial,)),
    Gate("scopes", "app.scopes", "recorded", app.scopes,
         flows=BROWSER | {"client_credentials", "device_code"}),
    Gate("client_auth", "app.secret_for_refresh", "official", app.client_auth),
    Gate("authorization_code", "org.code_seconds", "recorded", material.authorization_code,
         materials=(CodeMaterial, DeviceMaterial)),
    Gate("code_verifier", "request", "recorded", material.code_verifier, materials=(CodeMaterial,)),
    Gate("refresh_token", "request", "official", material.refresh_token,
         materials=(RefreshMaterial,)),
    Gate("refresh_token_policy", "app.refresh_policy", "official", material.refresh_token_policy,
         materials=(RefreshMaterial,)),
    Gate("refresh_token_free", "org.token_request_ms", "recorded", material.refresh_token_free,
         materials=(RefreshMaterial,)),
    Gate("assertion_signature", "app.certificate", "recorded", material.assertion_signature,
         materials=(AssertionMaterial, ExchangeMaterial)),
    Gate("assertion_audience", "request", "official", material.assertion_audience,
         materials=(AssertionMaterial,)),
    Gate("assertion_expiry", "org.jwt_skew_seconds", "recorded", material.assertion_expiry,
         materials=(AssertionMaterial,)),
    Gate("user_known", "user", "inferred", user.user_known),
    Gate("run_as_user", "app.run_as", "recorded", user.run_as_user,
         flows=frozenset({"client_credentials"})),
    Gate("user_active", "user.IsActive", "official", user.user_active),
    Gate("user_frozen", "user.IsFrozen", "official", user.user_frozen),
    Gate("api_enabled", "profile.PermissionsApiEnabled", "inferred", user.api_enabled,
         flows=frozenset({"authorization_code"})),
    Gate("permitted_users", "app.admin_approved", "official", user.permitted_users),
    Gate("prior_approval", "user.approvals", "official", user.prior_approval,
         flows=user.NEED_APPROVAL),
    Gate("ip_ranges", "profile.login_ranges", "official", user.ip_ranges),
    Gate("login_hours", "profile.login_hours", "official", user.login_hours),
    Gate("session_level", "app.session_level", "official", user.session_level,
         flows=user.UNATTENDED),
    Gate("consent", "user", "official", user.consent,
         materials=(AuthorizeMaterial, DeviceMaterial)),
)  # fmt: skip
"""The order follows the fidelity notes (F4); the order among neighbours is inferred."""
_MATERIALS: Final[tuple[type[Material], ...]] = get_args(Material)
_JUDGES: Final[Mapping[tuple[Flow, type[Material]], tuple[Judge, ...]]] = {
    (flow, brought): tuple(gate.judge for gate in GATES if gate.may_refuse(flow, brought))
    for flow in get_args(Flow)
    for brought in _MATERIALS
}
"""Whom an attempt has to fear, by its flow and what it brings."""


def refusal_of(attempt: Attempt) -> Refusal | None:
    """What `evaluate` comes to, without what every gate said: most attempts want no more."""
    for ask in _JUDGES[attempt.flow, type(attempt.material)]:
        said = ask(attempt)
        if isinstance(said, Refused):
            return _refusal(attempt, said)
    return None


def evaluate(attempt: Attempt) -> Evaluation:
    """Ask every gate; pure, so the same attempt always gets the same answer."""
    steps = tuple(Step(gate, gate.judge(attempt)) for gate in GATES)
    first = next((said for _, said in steps if isinstance(said, Refused)), None)
    return Evaluation(steps, None if first is None else _refusal(attempt, first))


_HIDDEN: Final = frozenset({"not_admitted", "user_inactive", "user_frozen"})
"""What the username-password flow hides behind its one text (3.3)."""


def _refusal(attempt: Attempt, said: Refused) -> Refusal:
    leg: Leg = "authorize" if attempt.flow in BROWSER else "token"
    is_hidden = attempt.flow == "password" and said.refusal in _HIDDEN
    row = REFUSALS[f"password_{said.refusal}" if is_hidden else said.refusal, leg]
    return replace(row, description=said.words) if said.words else row
