"""Users' approvals of apps → one subject for each user and app (org-model 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from evergrant.audit.model import Place, Subject, Trait
from evergrant.audit.subjects.names import grant_name, plain
from evergrant.audit.subjects.rows import People, Row, Table, moment, text
from evergrant.audit.traits import ranges
from evergrant.model import Value

Ranges = Mapping[str, Sequence[tuple[str, str]]]
_HOUR = timedelta(hours=1)
_DAY_S = 86_400


def grants(
    table: Table, people: People, apps: Mapping[str, Subject], bounds: Ranges
) -> Iterator[Subject]:
    """Every user's approvals of every app, with the user's logins through it."""
    held: dict[tuple[str, str], list[Row]] = {}
    for row in table.of("OauthToken"):
        held.setdefault((text(row, "AppName"), text(row, "UserId")), []).append(row)
    logins = _logins(table)
    for (label, user), rows in held.items():
        told = dict(_told(label, user, rows, table, people))
        told |= dict(_by_logins(logins.get((plain(label), user[:15]), ()), apps.get(plain(label)),
                                bounds.get(plain(people.profile(user)))))  # fmt: skip
        yield _subject(label, people.name(user), told, apps.get(plain(label)), table.name)


def _subject(
    label: str, user: str, told: Mapping[str, Value], app: Subject | None, project: str
) -> Subject:
    traits = dict(app.traits) if app else {}
    for name, value in told.items():
        traits[f"grant.{name}"] = Trait(f"grant.{name}", value, "org")
    kind = app.app_kind if app else ""
    return Subject("grant", grant_name(user, label), project, Place(), traits, {}, label, kind)


def _told(
    label: str, user: str, rows: list[Row], table: Table, people: People
) -> Iterator[tuple[str, Value]]:
    yield "approvals", len(rows)
    if state := people.state(user, rows[0]):
        yield "user_state", state
    if (privileged := people.is_privileged(user)) is not None:
        yield "user_privileged", privileged
    if (gap := _access_gap(label, user, table, people)) is not None:
        yield "access_gap", gap
    changed = moment(table.app(label), "LastModifiedDate")
    made = [at for each in rows if (at := moment(each, "CreatedDate"))]
    if changed and made:
        yield "older_than_policy", min(made) < changed


def _access_gap(label: str, user: str, table: Table, people: People) -> str | None:
    """Why the next token request is refused; None where not everything was read."""
    if people.has_api(user) is False:
        return "API Enabled is missing"
    sets, rows = people.sets(user), table.admitted(table.app(label))
    if sets is None or rows is None:
        return None
    admitted = {text(each, "ParentId")[:15] for each in rows}
    profile = people.profile_id(user)
    by_profile = bool(profile) and profile in {text(r, "Parent.ProfileId")[:15] for r in rows}
    if sets & admitted or by_profile:
        return ""
    return "no permission set or profile of the user is admitted"


Login = tuple[datetime, str]
"""When, and from which address."""


def _logins(table: Table) -> dict[tuple[str, str], list[Login]]:
    """Successful logins by app and user, oldest first."""
    found: dict[tuple[str, str], list[Login]] = {}
    for row in table.of("LoginHistory"):
        at = moment(row, "LoginTime")
        if at and text(row, "Status") == "Success":
            key = plain(text(row, "Application")), text(row, "UserId")[:15]
            found.setdefault(key, []).append((at, text(row, "SourceIp")))
    return {key: sorted(each) for key, each in found.items()}


def _by_logins(
    logins: Sequence[Login], app: Subject | None, bounds: Sequence[tuple[str, str]] | None
) -> Iterator[tuple[str, Value]]:
    if len(logins) > 1:
        pairs = pairwise(logins)
        gap = max((later[0] - earlier[0]).total_seconds() for earlier, later in pairs) / _DAY_S
        yield "longest_gap_days", round(gap, 2)
        days = app.value("app.refresh_days") if app else None
        if isinstance(days, (int, float)):
            yield "idle_reserve_days", round(days - gap, 2)
        yield "addresses_at_once", max(_near(logins, at) for at, _ in logins)
    if logins and bounds:
        yield "outside_ranges", ranges.outside(sorted({ip for _, ip in logins}), bounds)


def _near(logins: Sequence[Login], at: datetime) -> int:
    return len({ip for when, ip in logins if at <= when < at + _HOUR})
