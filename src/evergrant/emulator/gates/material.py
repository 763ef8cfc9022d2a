"""Gates on what the client brings: a code, a refresh token or an assertion."""

from datetime import datetime, timedelta
from functools import cache
from typing import Final

from evergrant.emulator.gates.attempt import (
    AssertionMaterial,
    Attempt,
    CodeMaterial,
    DeviceMaterial,
    ExchangeMaterial,
    RefreshMaterial,
)
from evergrant.emulator.gates.verdict import NotApplicable, Passed, Refused, Verdict, on_app, unless
from evergrant.emulator.policies import AppPolicy

_UNITS: Final = {"HOURS": timedelta(hours=1), "DAYS": timedelta(days=1)}
_VERIFIER: Final = {
    "wrong": "the verifier does not match the challenge",
    "missing": "a challenge was sent and no verifier came",
    "unexpected": "a verifier came and no challenge was sent",
}


def authorization_code(attempt: Attempt) -> Verdict:
    """The code is this app's, fresh, and not used before."""
    match attempt.material:
        case CodeMaterial(state="live", age_s=age_s):
            return unless(
                age_s > attempt.org.code_seconds, "code_expired",
                f"the code is {age_s:.0f} s old", "the code is fresh",
            )  # fmt: skip
        case CodeMaterial(state="used"):
            return Refused("code_used", "the code was redeemed before")
        case CodeMaterial(state=state):
            return Refused("code_unknown", f"the code is {state}")
        case DeviceMaterial():
            return _device_code(attempt, attempt.material)
        case _:
            return NotApplicable("the flow has no code")


def _device_code(attempt: Attempt, code: DeviceMaterial) -> Verdict:
    """The device code is this app's, fresh, not used, and not polled for too often."""
    if code.state in ("unknown", "foreign"):
        return Refused("device_unknown", f"the device code is {code.state}")
    if code.age_s > attempt.org.device_seconds:
        return Refused("device_expired", f"the device code is {code.age_s:.0f} s old")
    if code.state in ("used", "crossed"):
        return Refused(f"device_{code.state}", f"the device code is {code.state}")
    shortest = attempt.org.device_interval_seconds - 1
    is_hasty = code.since_poll_s is not None and code.since_poll_s < shortest
    why = f"polled again within {shortest} s"
    return unless(is_hasty, "device_too_fast", why, "the device code is fresh")


def code_verifier(attempt: Attempt) -> Verdict:
    """The PKCE verifier belongs to the challenge (S256)."""
    match attempt.material:
        case CodeMaterial(state="live", verifier="not_due" | "right"):
            return Passed("PKCE is in order")
        case CodeMaterial(state="live", verifier=verifier):
            return Refused(f"verifier_{verifier}", _VERIFIER[verifier])
        case _:
            return NotApplicable("there is no live code")


def refresh_token(attempt: Attempt) -> Verdict:
    """The refresh token is this app's and stands."""
    match attempt.material:
        case RefreshMaterial(state="live"):
            return Passed("the refresh token stands")
        case RefreshMaterial(state="foreign"):
            return Refused("refresh_token_unknown", "the refresh token is another app's")
        case RefreshMaterial(state=state):
            return Refused(f"refresh_token_{state}", f"the refresh token is {state}")
        case _:
            return NotApplicable("the flow has no refresh token")


@on_app
def refresh_token_policy(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The app's refresh token policy still lets it live; looked at on use only."""
    match attempt.material:
        case RefreshMaterial(state="live", issued_at=datetime() as issued, last_used_at=used):
            dead = died_by_policy(app, issued, used or issued, attempt.at)
            why = f"the policy {app.refresh_policy} ended it"
            return unless(dead, "refresh_token_expired", why, "the policy lets it live")
        case _:
            return NotApplicable("there is no refresh token that stands")


def died_by_policy(app: AppPolicy, issued: datetime, used: datetime, now: datetime) -> bool:
    """Whether a refresh token is dead by the app's policy or idle limit.

    Raises ValueError for a policy that is none of Salesforce's four.
    """
    kind, span = read_policy(app.refresh_policy)
    if kind == "zero":
        return True
    if app.idle_limit_days is not None:
        return now - used > timedelta(days=app.idle_limit_days)
    if span is None:
        return False
    return now - (issued if kind == "specific_lifetime" else used) > span


@cache
def read_policy(text: str) -> tuple[str, timedelta | None]:
    """The kind of a refresh token policy and its span; a month counts as 30 days (inferred)."""
    if text in ("infinite", "zero"):
        return text, None
    kind, _, rest = text.partition(":")
    number, _, unit = rest.partition(":")
    one = timedelta(days=30) if unit == "MONTHS" else _UNITS.get(unit)
    if kind not in ("specific_lifetime", "specific_inactivity") or one is None:
        raise ValueError(f"expected a refresh token policy, got {text!r}")
    return kind, int(number) * one


def refresh_token_free(attempt: Attempt) -> Verdict:
    """No other request is using the same refresh token at this moment."""
    match attempt.material:
        case RefreshMaterial(state="live", is_busy=is_busy):
            return unless(
                is_busy, "refresh_token_busy", "another request holds this refresh token",
                "no other request holds it",
            )  # fmt: skip
        case _:
            return NotApplicable("there is no refresh token that stands")


@on_app
def assertion_signature(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The assertion can be read, and the app's certificate signed it and has not ended."""
    match attempt.material:
        case AssertionMaterial(is_readable=False):
            return Refused(_named(attempt, "unreadable"), "the assertion cannot be read")
        case AssertionMaterial(is_signed_right=False):
            is_eca = app.kind == "external_client_app" and attempt.flow == "jwt_bearer"
            refusal = "jwt_signature_eca" if is_eca else _named(attempt, "signature")
            return Refused(refusal, "the signature is not that of the app's certificate")
        case AssertionMaterial(certificate_ends_at=end):
            is_over = end is not None and end < attempt.at
            why = f"the app's certificate ended {end}"
            return unless(is_over, "certificate_expired", why, "the signature is right")
        case ExchangeMaterial(is_valid=is_valid, message=words):
            if is_valid:
                return Passed("the handler took the token")
            return Refused("handler_failed", "the handler did not take the token", words)
        case _:
            return NotApplicable("the flow has no assertion")


def _named(attempt: Attempt, problem: str) -> str:
    return f"{'saml' if attempt.flow == 'saml_bearer' else 'jwt'}_{problem}"


def assertion_audience(attempt: Attempt) -> Verdict:
    """The assertion is meant for this org's authorization server."""
    match attempt.material:
        case AssertionMaterial(is_readable=True, is_for_here=False):
            return Refused("saml_recipient", "the recipient is another place")
        case AssertionMaterial(is_readable=True, audience=audience, audiences=audiences):
            return unless(
                audience not in audiences, _named(attempt, "audience"),
                f"the audience is {audience}", "the audience is this org's",
            )  # fmt: skip
        case _:
            return NotApplicable("there is no assertion to read")


def assertion_expiry(attempt: Attempt) -> Verdict:
    """The assertion's end is not past, but for a few minutes of skew."""
    match attempt.material:
        case AssertionMaterial(is_readable=True, expires_at=None):
            return Refused(_named(attempt, "expired"), "the assertion says no end")
        case AssertionMaterial(is_readable=True, expires_at=datetime() as expires_at):
            late = attempt.at - expires_at > timedelta(seconds=attempt.org.jwt_skew_seconds)
            why = f"it ended {expires_at.isoformat()}"
            return unless(late, _named(attempt, "expired"), why, "the assertion is in time")
        case _:
            return NotApplicable("there is no assertion to read")
