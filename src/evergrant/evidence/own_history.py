"""What a connection knows about itself → facts: its state, its events, its authorizations.

Members of `Event.data` that are read (all optional, none secret): `given` and `spent`
(fingerprints of the token that came and of the one that was used), `refresh_token` (whether one
came), `rotated`, `overlapped`, `answer_lost`, `code` (fingerprint), `code_age_s`, `secret_changed`,
`secret_sent`, `host` (that was asked), `client_id`, `secret_print` (fingerprint), `subject` (of an
assertion), `api_scope` (whether the token has api or full), `key_fits_certificate`,
`certificate_ended`, `request_flaw` (a value of request.flaw), `complaint` (a value of
client.complaint), `channel` (of a refusal).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from evergrant.catalog import load
from evergrant.errors import EvergrantError, Malformed, NotSent, OutcomeUnknown, Refused
from evergrant.evidence import token_reply
from evergrant.log import mask
from evergrant.model import Connection, Event, Fact, Integration, Subject, Value

SOURCE = "own_history"
AUTHORIZED = frozenset({"connected", "reauthorized"})
RENEWED = frozenset({"renewed", "refreshed"})
WORKED = AUTHORIZED | RENEWED | {"call succeeded"}
ASSERTED = frozenset({"jwt_bearer", "saml_bearer"})
"""Flows whose assertion names the user."""
RECENT = timedelta(days=30)
_OF_REFRESH_TOKENS = frozenset(
    {
        "own.refresh_token_age_days",
        "own.has_refresh_token",
        "own.ever_refreshed",
        "own.rotation_seen",
        "own.same_token_sent_twice",
        "own.token_is_ours",
    }
)
"""Facts that mean nothing for flows without refresh tokens."""


@dataclass(frozen=True, slots=True)
class _History:
    connection: Connection
    integration: Integration
    events: tuple[Event, ...]
    """Oldest first."""
    now: datetime

    def last(self, kinds: Iterable[str]) -> Event | None:
        wanted = frozenset(kinds)
        return next((e for e in reversed(self.events) if e.kind in wanted), None)

    def since_authorization(self) -> tuple[Event, ...]:
        begun = self.last(AUTHORIZED)
        return tuple(e for e in self.events if begun is None or e.at >= begun.at)


def read(
    connection: Connection,
    integration: Integration,
    events: Sequence[Event],
    *,
    now: datetime,
) -> list[Fact]:
    """The facts in a connection's history; what the history does not hold is left out."""
    # NOTE: imported here: explaining a pasted text needs no wire.
    from evergrant.oauth import FLOWS

    ordered = tuple(sorted(events, key=lambda event: event.at))
    history, kinds = _History(connection, integration, ordered, now), load().facts
    found = _last_refusal(history)
    for name, look in LOOKS.items():
        if name in _OF_REFRESH_TOKENS and not FLOWS[integration.flow].gives_refresh_token:
            continue
        value, event = look(history)
        if value is not None:
            quote = f"{event.at:%Y-%m-%d %H:%M:%S} UTC {event.kind}: {event.text}" if event else ""
            about = Subject(kinds[name].about, connection.id)
            found.append(Fact(name, value, about, SOURCE, now, "derived", quote))
    return found


def _last_refusal(history: _History) -> list[Fact]:
    """What Salesforce said last, unless the connection worked since."""
    refused, worked = history.last(["refused"]), history.last(WORKED)
    if refused is None or (worked is not None and worked.at > refused.at):
        return []
    failure = _failure_in(refused)
    read = token_reply.read(failure, at=refused.at) if failure else []
    quote = f"{refused.at:%Y-%m-%d %H:%M:%S} UTC {refused.text}"
    return [replace(fact, source=SOURCE, quote=mask(quote)[:300]) for fact in read]


_ON_THE_WAY: Mapping[str, type[EvergrantError]] = {
    each.__name__: each for each in (NotSent, OutcomeUnknown, Malformed)
}
"""What an event calls a failure that is no word of Salesforce's."""


def _failure_in(refused: Event) -> EvergrantError | None:
    """The failure that an event tells of; None where it names none."""
    said = {name: str(refused.data.get(name) or "") for name in ("error", "description", "channel")}
    error = said["error"]
    if not error or " " in error:
        return None
    if on_the_way := _ON_THE_WAY.get(error):
        return on_the_way(refused.text, why=str(refused.data.get("why") or ""))
    told = "rest" if error.lower() in load().facts["api_reply.error"].background else "json"
    return Refused(error, said["description"], channel=said["channel"] or told)


Look = Callable[[_History], tuple[Value | None, Event | None]]


def _last_success(history: _History) -> tuple[Value | None, Event | None]:
    event = history.last(WORKED)
    times = [t for t in (history.connection.last_success, event and event.at) if t]
    return (max(times) if times else None), event


def _ever_worked(history: _History) -> tuple[Value | None, Event | None]:
    moment, event = _last_success(history)
    return (True, event) if moment else (None, None)


def _days_idle(history: _History) -> tuple[Value | None, Event | None]:
    moment, event = _last_success(history)
    if not isinstance(moment, datetime):
        return None, None
    return round((history.now - moment) / timedelta(days=1), 2), event


def _token_age(history: _History) -> tuple[Value | None, Event | None]:
    begun = history.last(AUTHORIZED)
    rotated = [e for e in history.since_authorization() if e.data.get("rotated") is True]
    event = rotated[-1] if rotated else begun
    if event is None:
        return None, None
    return round((history.now - event.at) / timedelta(days=1), 2), event


def _ever_refreshed(history: _History) -> tuple[Value | None, Event | None]:
    if history.last(AUTHORIZED) is None:
        return None, None
    renewed = [e for e in history.since_authorization() if e.kind in RENEWED]
    return bool(renewed), renewed[-1] if renewed else None


def _rotation_seen(history: _History) -> tuple[Value | None, Event | None]:
    said = [e for e in history.events if e.kind in RENEWED and "rotated" in e.data]
    if not said:
        return None, None
    rotated = [e for e in said if e.data["rotated"] is True]
    return bool(rotated), (rotated or said)[-1]


def _same_token_twice(history: _History) -> tuple[Value | None, Event | None]:
    """A token was used although a renewal had already replaced it."""
    spent = [e for e in history.events if e.data.get("spent")]
    gone: set[str] = set()
    for event in spent:
        if event.data["spent"] in gone:
            return True, event
        if event.data.get("rotated") is True:
            gone.add(str(event.data["spent"]))
    return (False, None) if spent else (None, None)


def _authorizations(history: _History) -> tuple[Value | None, Event | None]:
    made = [e for e in history.events if e.kind in AUTHORIZED and history.now - e.at <= RECENT]
    return (len(made), made[-1]) if made else (None, None)


def _has_refresh_token(history: _History) -> tuple[Value | None, Event | None]:
    begun = history.last(AUTHORIZED)
    if begun is None or "refresh_token" not in begun.data:
        return None, None
    return bool(begun.data["refresh_token"]), begun


def _code_twice(history: _History) -> tuple[Value | None, Event | None]:
    codes = [e for e in history.events if e.data.get("code")]
    if not codes:
        return None, None
    last = codes[-1]
    return sum(e.data["code"] == last.data["code"] for e in codes) > 1, last


def _token_is_ours(history: _History) -> tuple[Value | None, Event | None]:
    """Whether the token that was sent last is one that an answer of this connection brought."""
    given = {str(e.data["given"]) for e in history.events if e.data.get("given")}
    spent = [e for e in history.events if e.data.get("spent")]
    if not given or not spent:
        return None, None
    return str(spent[-1].data["spent"]) in given, spent[-1]


def _host_is_the_orgs(history: _History) -> tuple[Value | None, Event | None]:
    """Whether tokens are asked for where the org itself is reached (My Domain)."""
    asked = next((str(e.data["host"]) for e in reversed(history.events) if e.data.get("host")), "")
    host = asked or urlsplit(history.integration.login_host).netloc
    home = urlsplit(history.connection.instance_url).netloc
    return (host == home, None) if host and home else (None, None)


def _key_fits(history: _History) -> tuple[Value | None, Event | None]:
    """Whether the client asked with the consumer key that the integration has."""
    return _same(history, "client_id", history.integration.app.consumer_key)


def _secret_fits(history: _History) -> tuple[Value | None, Event | None]:
    """Whether the client sent the secret that the integration has, by fingerprint."""
    ours = history.integration.app.consumer_secret
    return _same(history, "secret_print", ours.fingerprint if ours else "")


def _secret_sent(history: _History) -> tuple[Value | None, Event | None]:
    """What the client told, else what our own requests of these flows hold."""
    told = _told("secret_sent")(history)
    if told[0] is not None or history.integration.flow in ASSERTED:
        return told
    return history.integration.app.consumer_secret is not None, None


def _subject_fits(history: _History) -> tuple[Value | None, Event | None]:
    """Whether the assertion named the user whom the integration is to be."""
    told, who = _same(history, "subject", history.integration.subject), history.connection.identity
    if told[0] is not None or who is None or history.integration.flow not in ASSERTED:
        return told
    ours = history.integration.subject
    return (ours == who.username, None) if ours and who.username else (None, None)


def _same(history: _History, member: str, ours: str) -> tuple[Value | None, Event | None]:
    event = next((e for e in reversed(history.events) if e.data.get(member)), None)
    return (event.data[member] == ours, event) if event and ours else (None, None)


def _told(member: str) -> Look:
    """The newest event that says something under this name."""

    def look(history: _History) -> tuple[Value | None, Event | None]:
        event = next((e for e in reversed(history.events) if member in e.data), None)
        return (event.data[member], event) if event else (None, None)

    return look


LOOKS: dict[str, Look] = {
    "own.ever_worked": _ever_worked,
    "own.last_success": _last_success,
    "own.days_idle": _days_idle,
    "own.refresh_token_age_days": _token_age,
    "own.has_refresh_token": _has_refresh_token,
    "own.ever_refreshed": _ever_refreshed,
    "own.rotation_seen": _rotation_seen,
    "own.same_token_sent_twice": _same_token_twice,
    "own.refreshes_overlapped": _told("overlapped"),
    "own.answer_lost": _told("answer_lost"),
    "own.token_is_ours": _token_is_ours,
    "own.host_is_the_orgs": _host_is_the_orgs,
    "own.consumer_key_fits": _key_fits,
    "own.secret_fits": _secret_fits,
    "own.subject_fits": _subject_fits,
    "own.api_scope": _told("api_scope"),
    "request.flaw": _told("request_flaw"),
    "own.authorizations": _authorizations,
    "own.code_sent_twice": _code_twice,
    "own.code_age_s": _told("code_age_s"),
    "own.secret_changed": _told("secret_changed"),
    "own.secret_sent": _secret_sent,
    "own.key_fits_certificate": _told("key_fits_certificate"),
    "own.certificate_ended": _told("certificate_ended"),
    "client.complaint": _told("complaint"),
}
"""Fact → how a history shows it."""
