"""What follows from an app's elements: sums, kinds and flaws, each in the place of its source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from evergrant.audit.model import Trait
from evergrant.audit.source.xml import Document
from evergrant.audit.traits import callbacks, certificates, ranges
from evergrant.model import Unknown, Value

Traits = dict[str, Trait]
_DAYS = {"hours": 1 / 24, "days": 1.0, "months": 365.25 / 12}
_PERIOD = re.compile(r"specific_\w+:(\d{1,9}):(HOURS|DAYS|MONTHS)")
_BROAD = frozenset(
    {
        "standard user", "system administrator", "admin", "standard", "contract manager",
        "contractmanager", "marketing user", "marketinguser", "solution manager",
        "solutionmanager", "read only", "readonly", "standard platform user", "standardaul",
    }
)  # fmt: skip
"""Standard profiles, by label and by metadata name, that people are given by default."""
_WITHIN_FULL = frozenset({"RefreshToken", "OfflineAccess", "Full"})
_SHORT, _LONG = 15, 1440
"""Minutes: the shortest timeout that the org's settings offer, and a day."""
_CERTIFICATE = ("oauthConfig/certificate", "certificate")
_RANGES = (
    ("ConnectedApp", "ipRanges", "start", "end"),
    ("ExtlClntAppOauthSettings", "trustedIpRanges", "startIpAddress", "endIpAddress"),
)


def derive(traits: Traits, documents: Mapping[str, Document], now: datetime) -> None:
    """Add what follows; what rests on something unknown is unknown for the same reason."""
    for name, sources, make in _DERIVED:
        held = [traits[each] for each in sources if each in traits]
        if len(held) == len(sources):
            traits[name] = _made(name, held, make)
    _refreshes(traits)
    for document in documents.values():
        _from_document(traits, document, now)
        _point(traits, document)


def _made(name: str, held: list[Trait], make: Callable[..., Value]) -> Trait:
    values = [each.value for each in held]
    unknown = next((each for each in values if isinstance(each, Unknown)), None)
    first = next((each for each in held if each.origin == "written"), held[0])
    value = unknown if unknown else make(*values)
    mark = "inferred" if any(each.mark == "inferred" for each in held) else "documented"
    return Trait(name, value, "derived", first.place, first.quote, mark)  # type: ignore[arg-type]


def days_of(period: str, unit: str) -> float | None:
    """A period in days; None where it is none."""
    if not period.isdecimal() or unit.lower() not in _DAYS:
        return None
    return round(int(period) * _DAYS[unit.lower()], 2)


def _refresh_scope(scopes: tuple[str, ...]) -> Value:
    return bool({"RefreshToken", "OfflineAccess"} & set(scopes))


def _within_full(scopes: tuple[str, ...]) -> Value:
    return (
        ", ".join(each for each in scopes if each not in _WITHIN_FULL) if "Full" in scopes else ""
    )


def _admitted(sets: tuple[str, ...], profiles: tuple[str, ...]) -> Value:
    return len(sets) + len(profiles)


def _broad(profiles: tuple[str, ...]) -> Value:
    return ", ".join(each for each in profiles if each.lower() in _BROAD)


def _interactive(certificate: bool, client_credentials: bool) -> Value:
    return not certificate and not client_credentials


def _session(minutes: int) -> Value:
    if minutes == 0:
        return "inherited"
    return "short" if minutes < _SHORT else "long" if minutes >= _LONG else "usual"


_DERIVED: tuple[tuple[str, tuple[str, ...], Callable[..., Value]], ...] = (
    ("app.refresh_scope", ("app.scopes",), _refresh_scope),
    ("app.full_scope", ("app.scopes",), lambda scopes: "Full" in scopes),
    ("app.web_scope", ("app.scopes",), lambda scopes: "Web" in scopes),
    ("app.scopes_within_full", ("app.scopes",), _within_full),
    ("app.admitted", ("app.permission_sets", "app.profiles"), _admitted),
    ("app.broad_profiles", ("app.profiles",), _broad),
    ("app.interactive", ("app.certificate", "app.client_credentials"), _interactive),
    ("app.session_length", ("app.session_minutes",), _session),
    ("app.unsafe_callbacks", ("app.callbacks",), callbacks.unsafe),
    ("app.local_callbacks", ("app.callbacks",), callbacks.local),
    ("app.switched_off", ("app.enabled", "app.oauth_plugin"), lambda on, oauth: not (on and oauth)),
    ("app.rotates_on_deploy", ("app.rotates_key", "app.rotates_secret"), lambda a, b: a or b),
    (
        "app.refresh_days",
        ("app.refresh_period", "app.refresh_unit"),
        lambda period, unit: days_of(str(period), unit) or 0,
    ),
)
"""Trait, what it is made of, and how."""


def _from_document(traits: Traits, document: Document, now: datetime) -> None:
    _period(traits)
    for path in _CERTIFICATE:
        if pem := document.text(path):
            flaw, ends = certificates.judged(pem)
            told: dict[str, Value] = {
                "app.certificate_flaw": flaw,
                "app.certificate_ends": ends,
                "app.certificate_days": ends,
            }
            if not isinstance(ends, Unknown):
                told["app.certificate_ends"] = f"{ends:%Y-%m-%d}"
                told["app.certificate_days"] = (ends - now).days
            for name, value in told.items():
                quote = f"{document.type} certificate"
                traits[name] = Trait(name, value, "derived", document.place(path), quote)
    for type_, path, start, end in _RANGES:
        if document.type == type_:
            held = document.by_path.get(path, ())
            flaw = ranges.flawed((each.child(start), each.child(end)) for each in held)
            traits["app.flawed_ranges"] = Trait("app.flawed_ranges", flaw, "derived",
                                                document.place(path))  # fmt: skip


def _refreshes(traits: Traits) -> None:
    """Where the policy is not known refresh tokens are taken to live: only one policy ends them."""
    has, policy = traits.get("app.refresh_scope"), traits.get("app.refresh_policy")
    if has and policy:
        is_dead = policy.value == "zero"
        value = has.value if not is_dead or not has.is_known else False
        traits["app.refreshes"] = replace(has, name="app.refreshes", value=value)


_POINTS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("app.full_scope", "oauthConfig/scopes", lambda text: text == "Full"),
    ("app.scopes_within_full", "oauthConfig/scopes", lambda text: text == "Full"),
    ("app.web_scope", "oauthConfig/scopes", lambda text: text == "Web"),
    ("app.broad_profiles", "profileName", lambda text: text.lower() in _BROAD),
)
"""Trait, the element that repeats, and which of them is meant."""


def _point(traits: Traits, document: Document) -> None:
    """Where an element repeats, at the one that the trait is about."""
    for name, path, is_meant in _POINTS:
        meant = [each for each in document.by_path.get(path, ()) if is_meant(each.text)]
        if name in traits and meant:
            traits[name] = replace(traits[name], place=document.place(path, meant[0]))


def _period(traits: Traits) -> None:
    """The days of a connected app's policy, which its one element holds with the kind."""
    policy = traits.get("app.refresh_policy")
    if policy and "app.refresh_days" not in traits and (found := _PERIOD.search(policy.quote)):
        days = days_of(found[1], found[2]) or 0
        traits["app.refresh_days"] = Trait("app.refresh_days", days, "derived", policy.place,
                                           policy.quote)  # fmt: skip
