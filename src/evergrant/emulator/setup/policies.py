"""The policies an admin sets for an app: the choices of the form, and what a filled one means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.policy_changes import JWT_MINUTES
from evergrant.emulator.setup.desk import BadForm
from evergrant.emulator.setup.lookup import picked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.setup.desk import Desk, Form

PERMITTED: Final = {
    "all": "All users may self-authorize",
    "admin": "Admin approved users are pre-authorized",
}
RELAXATION: Final = {
    "ENFORCE": "Enforce IP restrictions",
    "ENFORCE_RELAXREFRESH": "Enforce IP restrictions, but relax for refresh tokens",
    "BYPASS_2FACTOR": "Relax IP restrictions for activated devices",
    "BYPASS": "Relax IP restrictions",
}
REFRESH: Final = {
    "infinite": "Refresh token is valid until revoked",
    "zero": "Immediately expire refresh token",
    "specific_inactivity": "Expire refresh token if not used for",
    "specific_lifetime": "Expire refresh token after",
}
UNITS: Final = {"HOURS": "Hours", "DAYS": "Days", "MONTHS": "Months"}
TIMEOUTS: Final = (15, 30, 60, 90, 120, 240, 480, 720, 1440)
"""Minutes; the values of SessionTimeout in SecuritySettings."""
JWT_TIMEOUTS: Final = {
    "Custom": "Custom timeout", "UserSession": "The user's session timeout",
}  # fmt: skip
_JWT_MINUTES: Final = {str(minutes): minutes for minutes in JWT_MINUTES}
ACTIONS: Final = {"": "None", "Block": "Block", "RaiseSessionLevel": "RaiseSessionLevel"}
_FULL_DAY: Final = 1440


def choice(form: Form, field: str, choices: Mapping[str, object]) -> str:
    """The value of a field that must be one of the choices; raises BadForm."""
    value = form.get(field)
    if value is None or value not in choices:
        raise BadForm(f"choose one of the values for {field}")
    return value


def whole(form: Form, field: str, what: str) -> int:
    """A number from 1 up; raises BadForm."""
    text = form.get(field, "").strip()
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) <= 5):
        raise BadForm(f"{what} must be a whole number from 1 to 99999")
    return int(text)


def minutes(form: Form, field: str) -> int | None:
    """A session timeout, or None where the form leaves it to the level above; raises BadForm."""
    text = form.get(field, "")
    if not text:
        return None
    value = whole(form, field, "the session timeout")
    if value > _FULL_DAY:
        raise BadForm("a session lasts 1440 minutes at most")
    return value


def refresh_parts(policy: str) -> dict[str, str]:
    """A refresh token policy as the form shows it: its kind, and number and unit by kind."""
    kind, _, rest = policy.partition(":")
    number, _, unit = rest.partition(":")
    parts = {f"{each}_{what}": "" for each in REFRESH for what in ("n", "unit")}
    return {**parts, "kind": kind, f"{kind}_n": number, f"{kind}_unit": unit}


def refresh_choices(app: AppPolicy) -> dict[str, str]:
    """The four choices; an idle limit hides "valid until revoked" and says itself instead.

    Source: help page xcloud.connected_app_limit_idle_ttl; the stored policy stays as it is.
    """
    if app.idle_limit_days is None:
        return REFRESH
    return {
        **REFRESH,
        "infinite": f"Expire refresh token if not used for {app.idle_limit_days} days",
    }


def words(desk: Desk, form: Form, app: AppPolicy) -> dict[str, Any]:
    """The knobs that a filled policy form turns; those it leaves alone are not named."""
    read = {
        "admin_approved": choice(form, "permitted", PERMITTED) == "admin",
        "ip_relaxation": choice(form, "ip_relaxation", RELAXATION),
        "refresh_policy": _refresh(form),
        "session_minutes": minutes(form, "session_minutes"),
        "session_action": choice(form, "session_action", ACTIONS),
        "session_level": _level(form, app),
        "run_as": picked(desk, form, "run_as", "005")["Username"] if form.get("run_as") else "",
    }
    if app.kind == "external_client_app":
        read |= _of_external(form, app)
    return differing(app, read)


def _of_external(form: Form, app: AppPolicy) -> dict[str, Any]:
    """What only an external client app's policies have: its switches, and JWT access tokens."""
    # A block shows as an empty box too; saving it empty must not switch the app off besides.
    is_left = app.blocked and "enabled" not in form
    boxes = ("oauth_enabled", "client_credentials", "token_exchange")
    return {
        "enabled": app.enabled if is_left else "enabled" in form,
        **{name: name in form for name in boxes},
        "jwt_timeout": choice(form, "jwt_timeout", JWT_TIMEOUTS),
        "jwt_minutes": int(choice(form, "jwt_minutes", _JWT_MINUTES)),
    }


def _level(form: Form, app: AppPolicy) -> str:
    """The checkbox knows one level; a lower one, set elsewhere, is left alone."""
    if "high_assurance" in form:
        return "HIGH_ASSURANCE"
    return "" if app.session_level == "HIGH_ASSURANCE" else app.session_level


def _refresh(form: Form) -> str:
    kind = choice(form, "refresh_policy", REFRESH)
    if not kind.startswith("specific"):
        return kind
    number = whole(form, f"{kind}_n", "the time after which a refresh token expires")
    return f"{kind}:{number}:{choice(form, f'{kind}_unit', UNITS)}"


def differing(policy: object, read: dict[str, Any]) -> dict[str, Any]:
    """Those words that say something else than the policy does now."""
    return {name: value for name, value in read.items() if getattr(policy, name) != value}
