"""Where breaks are foreseen from: one function a source, each on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from evergrant.audit.forecast_model import NOW, AtNext, Foreseen, Grant, On, Situation
from evergrant.audit.model import Finding, Subject
from evergrant.audit.subjects.names import plain
from evergrant.catalog.retirements import Retirement

IDLE_LIMIT_DAYS = 30
"""Of an app with `isEnforceRefreshTokenTTL` (oauth-protocol 5, `o-idlettl`)."""

_OCCASIONS = {
    "ACC-02": "next authorization",
    "ACC-03": "next authorization of that user",
    "ACC-06": "next authorization",
    "ACC-07": NOW,
    "ACC-08": NOW,
    "NET-03": "next login from those addresses",
    "NET-05": "next login outside the login hours",
    "TOK-01": "next end of an access token",
    "TOK-07": "next end of an access token",
    "TOK-08": "next authorization of that user",
    "TOK-10": NOW,
    "TOK-13": "next refresh by two workers at once",
    "CLI-02": "next authorization",
    "CLI-07": "next token request",
    "CLI-09": "next assertion",
    "CLI-11": "next assertion",
    "SRC-02": "next deploy to another org",
    "SRC-03": "next deploy",
    "SRC-04": "next deploy to another org",
    "ORG-01": "next login with a password",
    "ORG-03": "next call of an app that is not approved",
    "USR-02": "next authorization of an app that is not installed",
    "EVT-01": NOW,
    "EVT-04": NOW,
}
"""Code of a rule that breaks a client → when it does."""
_DATED = frozenset({"TOK-04", "TOK-06", "CLI-10", "EVT-05"})
"""Codes of rules whose days the other sources tell."""


def certificates(situation: Situation) -> Iterator[Foreseen]:
    """The end of each app's certificate."""
    for app in _apps(situation):
        ends = app.value("app.certificate_ends")
        if isinstance(ends, str):
            yield Foreseen(
                On(date.fromisoformat(ends)),
                (_label(app),),
                "",
                "the certificate that signed assertions are checked by ends",
                "CLI-10",
                "the certificate's own date",
                "register a new certificate, then sign with its key",
                # Whether Salesforce refuses an ended certificate is not documented (SE 313488).
                "inferred",
                app.project,
            )


def ages(situation: Situation) -> Iterator[Foreseen]:
    """The end of each grant by the app's refresh token policy.

    Where an org shows an app, its policy counts and not that of the app's source.
    """
    live = {name for app in _apps(situation) if _is_live(app) for name in _names(app)}
    grants: dict[str, list[Grant]] = {}
    for grant in situation.grants:
        grants.setdefault(plain(grant.app), []).append(grant)
    for app in _apps(situation):
        if not _is_live(app) and _names(app) & live:
            continue
        held = [grant for name in sorted(_names(app)) for grant in grants.get(name, ())]
        for grant in held:
            yield from _lifetime(app, grant)
            yield from _idle(app, grant)
        if not held:
            yield from _ageless(app)
    known = {name for app in _apps(situation) for name in _names(app)}
    for name, held in grants.items():
        for grant in held if name not in known else ():
            yield from _idle(Subject("app", grant.app, "", app=grant.app), grant)


def _is_live(app: Subject) -> bool:
    return app.value("app.in_source") is False


def _names(app: Subject) -> frozenset[str]:
    return frozenset({plain(_label(app)), plain(app.name)})


def _ageless(app: Subject) -> Iterator[Foreseen]:
    """A lifetime of which no grant is known: it ends, and nobody knows from when on it counts."""
    days = _days(app, "lifetime")
    if days is not None:
        yield Foreseen(
            AtNext(f"{days:g} day{'s' * (days != 1)} after each authorization"),
            (_label(app),),
            "",
            "the refresh token ends with its lifetime",
            "TOK-04",
            str(app.place) or app.project,
            "reauthorize before that day, or choose an inactivity policy",
            scope=app.project,
        )


def _lifetime(app: Subject, grant: Grant) -> Iterator[Foreseen]:
    days = _days(app, "lifetime")
    if days is None or grant.authorized is None:
        return
    yield Foreseen(
        On(_after(grant.authorized, days)),
        (_label(app),),
        grant.client,
        "the refresh token ends with its lifetime",
        "TOK-04",
        f"authorized {grant.authorized:%Y-%m-%d}, lifetime {days:g} days",
        "reauthorize before that day, or choose an inactivity policy",
        scope=app.project,
    )


def _idle(app: Subject, grant: Grant) -> Iterator[Foreseen]:
    told = (_days(app, "inactivity"), _idle_limit(app), grant.idle_limit_days)
    limits = [days for days in told if days is not None]
    if not limits or grant.used is None:
        return
    days = min(limits)
    yield Foreseen(
        On(_after(grant.used, days), unless="it is used before"),
        (_label(app),),
        grant.client,
        "the refresh token dies of not being used",
        "TOK-06",
        f"last used {grant.used:%Y-%m-%d}, idle limit {days:g} days",
        "refresh it before that day",
        scope=app.project,
    )


def retirements(situation: Situation) -> Iterator[Foreseen]:
    """What Salesforce ends or demands: once for all apps that it concerns."""
    for each in situation.retirements:
        concerned = sorted({_label(s) for s in situation.subjects if _concerns(each, s)})
        if concerned:
            yield Foreseen(
                On(each.day, is_about=bool(each.release)),
                tuple(concerned),
                "",
                each.what,
                each.rule,
                f"{each.basis} {each.day}",
                each.avert,
                each.mark,
            )


def _concerns(retirement: Retirement, subject: Subject) -> bool:
    return all(
        subject.kind == clause.trait.partition(".")[0]
        and clause.condition.holds(subject.value(clause.trait)) is True
        for clause in retirement.when
    )


def occasions(situation: Situation) -> Iterator[Foreseen]:
    """Findings that break a client at its next step: once a rule, or once a user."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in situation.findings:
        if each.kind == "breaks" and each.status == "fail" and each.code not in _DATED:
            client = each.name if each.subject == "grant" else ""
            groups.setdefault((each.rule, client), []).append(each)
    for (_, client), group in groups.items():
        yield _occasion(group, client)


def _occasion(group: Sequence[Finding], client: str) -> Foreseen:
    first, fixes, is_one = group[0], group[0].by.fixes, len(group) == 1
    return Foreseen(
        AtNext(_OCCASIONS.get(first.code, "next use")),
        tuple(sorted({each.app or each.name for each in group})),
        client,
        first.message if is_one else first.title,
        first.code,
        (str(first.place) or first.project) if is_one else f"{len(group)} findings of the audit",
        fixes[0].do if fixes else "",
        first.by.mark,
    )


Source = Callable[[Situation], Iterable[Foreseen]]
SOURCES: tuple[Source, ...] = (certificates, ages, retirements, occasions)


def _apps(situation: Situation) -> Iterable[Subject]:
    return (each for each in situation.subjects if each.kind == "app")


def _label(subject: Subject) -> str:
    return subject.app or subject.name


def _days(app: Subject, policy: str) -> float | None:
    """The days of the app's policy, where it is of that kind."""
    days = app.value("app.refresh_days")
    if app.value("app.refresh_policy") != policy or not isinstance(days, (int, float)):
        return None
    return float(days)


def _idle_limit(app: Subject) -> float | None:
    return IDLE_LIMIT_DAYS if app.value("app.idle_limit") is True else None


def _after(moment: datetime, days: float) -> date:
    return (moment + timedelta(days=days)).date()
