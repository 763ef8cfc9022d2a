"""All evidence by time: the first failure, the last change before it, and how far it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from evergrant.evidence.exports.audit_acts import concerns
from evergrant.evidence.exports.logins import SUCCESS
from evergrant.evidence.gathered import Gathered, Moment, Standing, Wanted, fact, short
from evergrant.model import Fact, Unknown

SOURCE, OWN = "timeline", "own_history"
TRAILS = frozenset({"audit_trail"})
"""Sources that hold every act of an admin: where they were read, *none* can be said."""
MOST = 200
"""Moments that a timeline keeps: the newest."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, oldest first, and the three moments that matter."""

    moments: tuple[Moment, ...]
    first_failure: Moment | None
    """Since the last success."""
    last_success: Moment | None
    """Before that failure, or of all where nothing fails."""
    last_change: Moment | None
    """Of the app, its user, the org or our settings, before the first failure."""
    last_act: Moment | None
    """The last change that somebody made in the org."""
    reach: str | Unknown
    """`one user`, `one app`, `all apps of a user`, `all users`, `one org`, `all orgs`, or why not
    known."""


def of(gathered: Gathered, wanted: Wanted) -> Timeline:
    """The timeline of everything that was gathered; facts that carry a time join in."""
    moments = sorted(
        dict.fromkeys(chain(gathered.moments, moments_in(gathered.facts))), key=lambda each: each.at
    )
    first, success = _break(moments, wanted.at)
    changes = _changes(moments, first, wanted)
    acts = [each for each in changes if each.source != OWN]
    return Timeline(
        tuple(moments[-MOST:]),
        first,
        success,
        changes[-1] if changes else None,
        acts[-1] if acts else None,
        reach_of(gathered.standings, first, wanted),
    )


def facts_in(timeline: Timeline, gathered: Gathered) -> list[Fact]:
    """What only the whole shows: the last act before the failure, and the reach."""
    found = []
    if change := timeline.last_act:
        found.append(fact("audit.last_act", change.act, change.source or SOURCE, quote=change.text,
                          at=change.at, mark=change.mark, line=change.line))  # fmt: skip
    elif any(each.source in TRAILS and each.read for each in gathered.readings):
        quote = "no act on this app, its user or the org before the first failure"
        found.append(fact("audit.last_act", "none", "audit_trail", quote=quote, mark="derived"))
    if gathered.standings:
        quote = _standing_quote(gathered.standings)
        found.append(fact("failure.reach", timeline.reach, SOURCE, quote=quote, mark="derived"))
    return found


def _break(
    moments: Sequence[Moment], asked: datetime | None
) -> tuple[Moment | None, Moment | None]:
    """The first failure since the last success, and that success."""
    ours = [each for each in moments if each.is_ours]
    failures = [each for each in ours if each.what == "failure"]
    successes = [each for each in ours if each.what == "success"]
    if not failures:
        return None, successes[-1] if successes else None
    last = failures[-1] if asked is None else min(failures, key=lambda each: abs(each.at - asked))
    before = [each for each in successes if each.at < last.at]
    success = before[-1] if before else None
    since = [each for each in failures if success is None or each.at > success.at]
    return since[0], success


def _changes(moments: Iterable[Moment], first: Moment | None, wanted: Wanted) -> list[Moment]:
    """Acts on our app, our user or the org, before the failure where its time is known."""
    until = first.at if first else wanted.at
    acts = [
        each
        for each in moments
        if each.what == "change" and each.act and (until is None or each.at <= until)
    ]
    return [each for each in acts if _is_on(each, first, wanted)]


def _is_on(change: Moment, first: Moment | None, wanted: Wanted) -> bool:
    """Whether a change is on what fails; any is, where nobody knows what fails."""
    failing = (first.app, first.user) if first else ("", "")
    names = {each for each in (wanted.app, wanted.user, *failing) if each}
    if change.source not in TRAILS:
        return change.is_ours
    return not names or concerns(change.act, change.text.partition(": ")[2], *names)


def moments_in(facts: Iterable[Fact]) -> Iterator[Moment]:
    """The moments of facts that carry the time of what they tell (a look at the org, a history)."""
    for each in facts:
        known = each.value
        if isinstance(known, datetime) and each.name == "own.last_success":
            yield Moment(known, "success", short(each.quote or "the connection worked"),
                         source=each.source)  # fmt: skip
        elif isinstance(known, str) and each.observed_at and each.source in _TIMED:
            yield from _moment(each, known, each.observed_at)


_TIMED = frozenset({"live_org", OWN})
"""Sources whose facts are observed when they happened; files bring moments of their own."""
_FAILURES = ("token_reply.error", "page.error", "api_reply.error", "idp.error_code")


def _moment(each: Fact, known: str, at: datetime) -> Iterator[Moment]:
    text = short(each.quote or known)
    if each.name == "audit.last_act" and known != "none":
        yield Moment(at, "change", text, act=known, mark=each.mark, source=each.source)
    elif each.name == "login_history.status" and known != "none":
        is_good = known.casefold() in SUCCESS
        yield Moment(at, "success" if is_good else "failure", text, source=each.source)
    elif each.name in _FAILURES and known.casefold() not in ("none", "success"):
        yield Moment(at, "failure", text, source=each.source)


# --- reach ---------------------------------------------------------------------------------------


def reach_of(standings: Sequence[Standing], first: Moment | None, wanted: Wanted) -> str | Unknown:
    """How far the failure reaches, seen from the app and user that fail.

    Others that fail do not make it theirs: what counts is whether *this* app works for anybody,
    and whether *this* user works with anything.
    """
    if not standings:
        return Unknown("nothing shows how others fare", "give the Login History of all users")
    ours = _ours(standings, first, wanted)
    if ours is None:
        return Unknown("nothing of this app and user fails", "name both, or the time it failed")
    orgs = {each.org for each in standings if each.org}
    if len(orgs) > 1 and not any(each.works for each in standings):
        return "all orgs"
    here = [each for each in standings if each.org == ours.org and bool(each.app) is bool(ours.app)]
    users = [each.works for each in here if each.app == ours.app and each.user != ours.user]
    apps = [each.works for each in here if each.user == ours.user and each.app != ours.app]
    if len(orgs) > 1 and not users and not apps:
        return "one org"
    return _reach(users, apps, anybody=any(each.works for each in here))


def _ours(standings: Sequence[Standing], first: Moment | None, wanted: Wanted) -> Standing | None:
    failing = [each for each in standings if not each.works]
    if first is not None:
        same = [each for each in failing if (each.app, each.user) == (first.app, first.user)]
        if same:
            return same[0]
    named = [e for e in failing if (not e.app or wanted.is_app(e.app)) and wanted.is_user(e.user)]
    return named[0] if named and (wanted.app or wanted.user or len(named) == 1) else None


def _reach(users: list[bool], apps: list[bool], *, anybody: bool) -> str | Unknown:
    """`users` is whether the app works for each other user, `apps` whether each other app works
    for the user."""
    if not users and not apps:
        return Unknown("only one user and one app are seen", "give rows of all users and apps")
    if users and not any(users):
        return "one app" if anybody else "all users"
    if apps and not any(apps):
        return "all apps of a user"
    return "one user" if users else "one app"


def _standing_quote(standings: Sequence[Standing]) -> str:
    failing = sum(not each.works for each in standings)
    apps = len({each.app for each in standings if each.app})
    users = len({each.user for each in standings})
    return f"{failing} of {len(standings)} pairs of {users} users and {apps} apps fail"


def lines(timeline: Timeline) -> Iterator[str]:
    """The timeline as a person reads it: what came before the break, the break, its reach."""
    if success := timeline.last_success:
        yield f"last success: {_told(success)}"
    if change := timeline.last_change:
        mark = " (inferred)" if change.mark == "inferred" else ""
        before = "last change before the first failure" if timeline.first_failure else "last change"
        yield f"{before}: {_told(change)} — {change.act}{mark}"
    if first := timeline.first_failure:
        yield f"first failure: {_told(first)}"
    match timeline.reach:
        case Unknown(reason=reason):
            if timeline.first_failure:
                yield f"reach: not known ({reason})"
        case reach:
            yield f"reach: {reach}"


def _told(moment: Moment) -> str:
    stamp = f"{moment.at:%Y-%m-%d %H:%M:%S} UTC"
    return moment.text if moment.text.startswith(stamp) else f"{stamp} {moment.text}"
