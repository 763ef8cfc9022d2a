"""The checks of a preflight that look ahead: policies, certificate, standing, approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from evergrant.evidence.gathered import Wanted
from evergrant.evidence.requests.certificates import ends_at
from evergrant.evidence.requests.certificates import read as compared
from evergrant.keeper.examine import look_for
from evergrant.keeper.preflight_checks import Flight, Outcome, Row, token_of
from evergrant.keeper.record import AUTHORIZED
from evergrant.model import Fact, Value
from evergrant.org.refresh_policy import refresh_policy
from evergrant.store import events

SOON = timedelta(days=30)
MOST_APPROVALS = 5
"""Of one user for one app; with one more, the oldest is revoked (oauth-protocol 4.4)."""


def policy(flight: Flight) -> Iterator[Row]:
    """The refresh token policy and its date."""
    if flight.session is None or not token_of(flight):
        return
    found = flight.keeper.say(refresh_policy(flight.session, flight.integration.app_label))
    if found is None:
        told = f"the org shows no app labelled {flight.integration.app_label!r}"
        yield Row("Refresh policy", "could not look", told, "is the app_label the one in Setup?")
        return
    authorized, used = _dates(flight)
    ends = found.ends(authorized, used)
    until = f"; authorized {authorized:%Y-%m-%d}, ends {ends:%Y-%m-%d}" if ends else ""
    outcome, step = _POLICIES[found.kind]
    yield Row("Refresh policy", outcome, f"{found.quote}{until}", step)


_POLICIES: dict[str, tuple[Outcome, str]] = {
    "infinite": ("pass", ""),
    "zero": ("fail", "the admin sets another Refresh Token Policy: this one gives no second token"),
    "lifetime": ("warn", "plan the reauthorization before that day"),
    "inactivity": ("warn", "refresh well within that time, also while nobody uses it"),
    "not shown": ("warn", "read Refresh Token Policy in the app's policies in Setup"),
}


def _dates(flight: Flight) -> tuple[datetime, datetime]:
    with flight.keeper.reading() as tx:
        past = events.recent(tx, flight.connection, limit=200)
    now = flight.keeper.clock.now()
    return next((each.at for each in past if each.kind in AUTHORIZED), now), now


def certificate(flight: Flight) -> Iterator[Row]:
    """Until when the certificate is good that signed assertions are checked by."""
    if flight.integration.app.private_key is None:
        return
    ends = ends_at(flight.certificate) if flight.certificate else None
    if ends is None:
        told = "no certificate was given" if not flight.certificate else "it cannot be read"
        yield Row("Certificate", "could not look", told, "give it with --certificate",
                  is_optional=not flight.certificate)  # fmt: skip
        return
    left = ends - flight.keeper.clock.now()
    outcome: Outcome = "pass" if left > SOON else "warn" if left > timedelta() else "fail"
    step = "" if outcome == "pass" else "register a new certificate in the app"
    yield Row("Certificate", outcome, f"until {ends:%Y-%m-%d %H:%M} UTC", step)
    yield from _key(flight)


def _key(flight: Flight) -> Iterator[Row]:
    key = flight.integration.app.private_key
    if key is None:
        return
    wanted = Wanted(certificates=(flight.certificate,), keys=(key,))
    for fact in compared((), wanted).facts:
        if fact.name == "own.key_fits_certificate":
            outcome: Outcome = "pass" if fact.value is True else "fail"
            step = "" if fact.value is True else "sign with the key of that certificate"
            yield Row("Private key", outcome, fact.quote, step)


def standing(flight: Flight) -> Iterator[Row]:
    """What the org shows of app and user: there, active, allowed, and how many approvals."""
    if flight.session is None:
        yield Row("App and user", "could not look", "no admin lent a session",
                  "give --target-org or --session", is_optional=True)  # fmt: skip
        return
    facts = flight.keeper.say(
        look_for(flight.keeper, flight.now(), flight.integration, None, flight.session)
    )
    known = {fact.name: fact for fact in facts}
    yield from _app_and_user(known)
    yield from _approvals(known)


_MUST = {
    "app.in_org": ("App", True, "install it"),
    "user.active": ("User", True, "the admin activates the user"),
    "user.frozen": ("User", False, "the admin unfreezes the user"),
    "user.api_enabled": ("API Enabled", True, "the admin gives API Enabled"),
    "user.preauthorized": ("Preauthorized", True, "the admin assigns the permission set"),
}
"""Fact → row, the value that it must have, and what helps."""


def _app_and_user(known: Mapping[str, Fact]) -> Iterator[Row]:
    for name, (title, wanted, step) in _MUST.items():
        fact = known.get(name)
        if fact is None or not _matters(name, known):
            continue
        if not fact.is_known:
            yield Row(title, "could not look", _why(fact), "look with more permissions",
                      is_optional=True)  # fmt: skip
        elif fact.value is wanted:
            yield Row(title, "pass", fact.quote)
        else:
            yield Row(title, "fail", fact.quote, step)


def _matters(name: str, known: Mapping[str, Fact]) -> bool:
    """The list of the app is only asked where nobody else may in."""
    only = known.get("app.admin_approved_only")
    return name != "user.preauthorized" or (only is not None and only.value is True)


def _why(fact: Fact) -> str:
    return str(getattr(fact.value, "reason", ""))


def _approvals(known: Mapping[str, Fact]) -> Iterator[Row]:
    fact = known.get("user.app_tokens")
    if fact is None or not fact.is_known:
        return
    count: Value = fact.value
    is_many = isinstance(count, int) and count >= MOST_APPROVALS
    step = "revoke those that nobody uses, before one in use is revoked" if is_many else ""
    told = f"{count} of this user for this app; {MOST_APPROVALS} may stand"
    yield Row("Approvals", "warn" if is_many else "pass", told, step)
