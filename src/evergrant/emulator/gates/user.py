"""Gates on the user: standing, permission, place, time, session level and approval."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address
from typing import Final, assert_never

from evergrant.emulator.gates.app import REFRESH_SCOPES
from evergrant.emulator.gates.attempt import (
    ASSERTED,
    Attempt,
    AuthorizeMaterial,
    DeviceMaterial,
    Flow,
    PasswordMaterial,
    UserFacts,
)
from evergrant.emulator.gates.verdict import (
    NotApplicable,
    Passed,
    Refused,
    Verdict,
    on_app,
    on_user,
    unless,
)
from evergrant.emulator.policies import AppPolicy, Hours, Range

_WEB_SERVER: Final[frozenset[Flow]] = frozenset({"authorize", "authorization_code"})
_BEFORE_A_PERSON: Final[frozenset[Flow]] = frozenset({"authorize", "user_agent"})
UNATTENDED: Final[frozenset[Flow]] = ASSERTED | {"client_credentials"}
NEED_APPROVAL: Final[frozenset[Flow]] = ASSERTED | {"token_exchange"}
_NAMED: Final[frozenset[Flow]] = NEED_APPROVAL
"""Flows in which the client names the user."""
_ALLOWLISTED: Final = _WEB_SERVER | {"refresh_token"}


@on_app
def user_known(attempt: Attempt, _app: AppPolicy) -> Verdict:
    """The subject of an assertion is a user of this org, and a password is the user's."""
    match attempt.material:
        case PasswordMaterial(problem=""):
            return Passed("username and password are right")
        case PasswordMaterial(problem=problem):
            return Refused(f"password_{problem}", _PASSWORDS[problem])
        case _ if attempt.flow not in _NAMED:
            return NotApplicable("the user follows from the sign-in, the token or the app")
        case _:
            return unless(
                attempt.user is None, "user_unknown", "the subject is no user of this org",
                "the user is known",
            )  # fmt: skip


_PASSWORDS: Final = {
    "unknown": "no user has this username",
    "wrong": "the password is wrong",
    "no_security_token": "the address is not trusted and no security token follows the password",
    "locked": "the password is locked after too many wrong ones",
}


@on_app
def run_as_user(attempt: Attempt, _app: AppPolicy) -> Verdict:
    """The client credentials flow has an active user to run as."""
    if attempt.flow != "client_credentials":
        return NotApplicable("not the client credentials flow")
    is_there = attempt.user is not None and attempt.user.is_active
    return unless(
        not is_there, "no_run_as_user", "no active user to run as", "there is a user to run as"
    )


@on_user
def user_active(_attempt: Attempt, _app: AppPolicy, user: UserFacts) -> Verdict:
    """The user is active."""
    return unless(not user.is_active, "user_inactive", "the user is inactive", "the user is active")


@on_user
def user_frozen(_attempt: Attempt, _app: AppPolicy, user: UserFacts) -> Verdict:
    """The user is not frozen."""
    return unless(user.is_frozen, "user_frozen", "the user is frozen", "the user is not frozen")


@on_user
def api_enabled(attempt: Attempt, _app: AppPolicy, user: UserFacts) -> Verdict:
    """Org and user have API access; asked when a code is redeemed (elsewhere: at the call)."""
    if attempt.flow != "authorization_code":
        return NotApplicable("the REST API asks, not this flow (inferred)")
    is_off = not attempt.org.api_enabled or "ApiEnabled" not in user.permissions
    return unless(is_off, "api_disabled", "API Enabled is missing", "org and user have API access")


@on_user
def permitted_users(attempt: Attempt, app: AppPolicy, _user: UserFacts) -> Verdict:
    """Where the app takes admin-approved users only, the user is one of them."""
    if attempt.flow == "client_credentials" and not attempt.org.client_credentials_need_approval:
        return NotApplicable("the run-as user needs no approval (sources disagree: inferred)")
    if not app.admin_approved:
        return Passed("all users may self-authorize")
    return unless(
        not attempt.approvals.is_granted, "not_admitted",
        "no profile or permission set of the user is on the app's list",
        "an admin approved the user",
    )  # fmt: skip


@on_user
def prior_approval(attempt: Attempt, app: AppPolicy, _user: UserFacts) -> Verdict:
    """A flow without a person rests on an approval given before."""
    if attempt.flow not in NEED_APPROVAL or app.admin_approved:
        return NotApplicable("the flow asks the user, or an admin approved")
    if attempt.approvals.scopes - REFRESH_SCOPES:
        return Passed("the user approved the app before")
    if not REFRESH_SCOPES & set(app.scopes):
        return Refused("no_refresh_scope", "the app lacks the refresh_token scope")
    return Refused("not_approved", "the user never approved the app")


@on_user
def ip_ranges(attempt: Attempt, app: AppPolicy, user: UserFacts) -> Verdict:
    """The caller's address is within the profile's ranges, or the app relaxes them."""
    is_held = bool(app.refresh_allowlist) and attempt.flow in _ALLOWLISTED
    if is_held and not inside(attempt.source_ip, app.refresh_allowlist):
        return Refused("ip_restricted", "outside the app's refresh token allowlist")
    ranges = user.profile.login_ranges
    if not ranges:
        return Passed("the profile has no login ranges")
    if inside(attempt.source_ip, ranges) or is_relaxed(attempt, app, user):
        return Passed("within the profile's login ranges, or relaxed")
    return Refused("ip_restricted", f"{attempt.source_ip} is outside the profile's login ranges")


def is_relaxed(attempt: Attempt, app: AppPolicy, user: UserFacts) -> bool:
    """Whether the app's IP relaxation covers this flow; signed assertions are never relaxed."""
    if attempt.flow in ASSERTED:
        return False
    match app.ip_relaxation:
        case "ENFORCE":
            return False
        case "ENFORCE_RELAXREFRESH":
            return attempt.flow == "refresh_token"
        case "BYPASS_2FACTOR" if app.trusted_ranges:
            return attempt.flow in _WEB_SERVER and inside(attempt.source_ip, app.trusted_ranges)
        case "BYPASS_2FACTOR":
            return _is_confirmed(attempt, user)
        case "BYPASS":
            return True
        case _:
            assert_never(app.ip_relaxation)


def _is_confirmed(attempt: Attempt, user: UserFacts) -> bool:
    """Whether the user confirmed who they are on this device (4.8).

    A device is told by its address; that codes and refresh tokens of a confirmed user need no
    confirmation of their own is inferred.
    """
    if attempt.flow in _BEFORE_A_PERSON:
        return attempt.source_ip in user.confirmed_from
    return attempt.flow in ("authorization_code", "refresh_token") and bool(user.confirmed_from)


def inside(address: str, ranges: Iterable[Range]) -> bool:
    """Whether an address lies in one of the ranges, both ends included."""
    here = ip_address(address)
    return any(
        here.version == ip_address(first).version
        and int(ip_address(first)) <= int(here) <= int(ip_address(last))
        for first, last in ranges
    )


@on_user
def login_hours(attempt: Attempt, _app: AppPolicy, user: UserFacts) -> Verdict:
    """The time is within the profile's login hours."""
    hours = user.profile.login_hours
    if not hours:
        return Passed("the profile has no login hours")
    return unless(
        not within_hours(attempt.at, hours), "hours_restricted",
        f"{attempt.at:%A %H:%M} UTC is outside the profile's login hours",
        "within the profile's login hours",
    )  # fmt: skip


def within_hours(moment: datetime, hours: Iterable[Hours]) -> bool:
    """Whether a UTC moment lies within one of the weekly windows."""
    minute = moment.hour * 60 + moment.minute
    return any(day == moment.weekday() and start <= minute < end for day, start, end in hours)


@on_user
def session_level(attempt: Attempt, app: AppPolicy, user: UserFacts) -> Verdict:
    """A high assurance session, where app or profile want one, needs a person."""
    is_wanted = "HIGH_ASSURANCE" in (app.session_level, user.profile.session_level)
    return unless(
        is_wanted and attempt.flow in UNATTENDED, "session_level",
        "a high assurance session is wanted and the flow has no person in it",
        "the session level is enough",
    )  # fmt: skip


def consent(attempt: Attempt) -> Verdict:
    """The user allowed the app, or did so before."""
    match attempt.material:
        case AuthorizeMaterial(is_denied=True):
            return Refused("denied", "the user denied the app")
        case AuthorizeMaterial(is_immediate=True):
            asked = frozenset(attempt.scopes)
            is_settled = attempt.user is not None and bool(attempt.approvals.live)
            is_settled = is_settled and asked <= attempt.approvals.scopes
            return unless(
                not is_settled, "immediate", "not signed in, or not approved before",
                "approved before",
            )  # fmt: skip
        case AuthorizeMaterial():
            return Passed("the user did not deny")
        case DeviceMaterial(state="denied"):
            refusal = "denied" if attempt.flow == "device_approval" else "device_denied"
            return Refused(refusal, "the user denied the device")
        case DeviceMaterial(state="pending") if attempt.flow == "device":
            return Refused("device_pending", "the user has not entered the code yet")
        case _:
            return NotApplicable("nobody is asked")
