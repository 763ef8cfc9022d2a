"""What will end although it works now: a certificate, a refresh token's lifetime, an unused token.

A certificate's day is what the integration says; it is told once for all its connections.  A
lifetime is what an audit saw of the app's policy in that org; an idle limit is the one that the
integration's keep-alive policy names, and it only comes near where nobody used the connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from evergrant.audit.model import OrgRows
from evergrant.audit.subjects.every import every_subject
from evergrant.audit.subjects.names import plain
from evergrant.health import State
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import health_of, titled
from evergrant.keeper.record import AUTHORIZED, note, tell
from evergrant.model import Connection, FlowId, Integration
from evergrant.store import Tx, due, events, expectations, integrations, keep_alive
from evergrant.store.parts import MAIN

ENDS = "ends"
"""Kind of the due rows at whose time a refresh token's lifetime is over."""
NEAR = "expiring soon"
"""Kind of the event, and of the notice, that says so."""
SOON = timedelta(days=30)
"""So long before, an end is near."""
SHARE = 0.25
"""Of a short lifetime only the last quarter is."""
SIGNED: frozenset[FlowId] = frozenset({"jwt_bearer", "saml_bearer"})
"""Flows whose assertions a certificate checks."""
_REGISTER = "register a new certificate in the app, and say until when it is good"
_REAUTHORIZE = "reauthorize before that day: settings stay as they are"
_USE = "read its token, or remove the connection if nobody needs it"
TOLD = 20
"""So many endings that were told before are remembered."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends, and when."""

    what: str
    at: datetime
    do: str
    """What helps."""
    is_shared: bool = False
    """Whether every connection of the integration has it."""

    def text(self, now: datetime) -> str:
        """In a few words."""
        return f"{self.what} {'ends' if self.at > now else 'ended'} on {self.at:%Y-%m-%d}"


def ending_of(
    keeper: Keeper, tx: Tx, connection: Connection, integration: Integration, part: str = MAIN
) -> Ending | None:
    """The next end of a part that is near; `integration` is as that part authorizes."""
    now = keeper.clock.now()
    if integration.flow in SIGNED:
        return _certificate(tx, integration, now)
    found = [_lifetime(tx, connection, now), _unused(keeper, tx, connection, part, now)]
    near = [each for each in found if each]
    if not near or not _refreshes(keeper, tx, connection, part):
        return None
    return min(near, key=lambda each: each.at)


def _certificate(tx: Tx, integration: Integration, now: datetime) -> Ending | None:
    told = expectations.of(tx, integration.id).certificate_ends
    if not told:
        return None
    at = datetime.combine(date.fromisoformat(told), time(), UTC)
    what = f"the certificate of {integration.name}"
    return Ending(what, at, _REGISTER, is_shared=True) if at - now <= SOON else None


def _lifetime(tx: Tx, connection: Connection, now: datetime) -> Ending | None:
    at = due.at(tx, ENDS, connection.id)
    if at is None or at - now > SOON:
        return None
    began = _authorized(tx, connection.id) or at - SOON
    is_near = at - now <= SHARE * (at - began)
    return Ending("the refresh token, by the app’s policy,", at, _REAUTHORIZE) if is_near else None


def _unused(
    keeper: Keeper, tx: Tx, connection: Connection, part: str, now: datetime
) -> Ending | None:
    """A token that is kept alive is renewed at that time, and so is never near its limit."""
    policy = keep_alive.policy(tx, connection.integration)
    if policy is None:
        return None
    kept = keeper.vault.live(tx, connection.id, part)
    if kept is None or (issued := kept.credential.issued_at) is None:
        return None
    at = issued + timedelta(days=policy.idle_limit_days)
    is_near = at - now <= timedelta(days=policy.ahead_days)
    return Ending("the refresh token, which nobody uses,", at, _USE) if is_near else None


def _refreshes(keeper: Keeper, tx: Tx, connection: Connection, part: str) -> bool:
    kept = keeper.vault.live(tx, connection.id, part)
    return kept is not None and kept.credential.refresh_token is not None


def _authorized(tx: Tx, connection_id: str) -> datetime | None:
    last = events.of_kinds(tx, connection_id, AUTHORIZED, limit=1)
    return last[0].at if last else None


def warn(keeper: Keeper, tx: Tx, connection: Connection, part: str, ending: Ending) -> str:
    """Say that something ends soon, once; returns the words."""
    now = keeper.clock.now()
    text = titled(tx, connection, part, ending.text(now))
    key = f"{ending.what} {ending.at:%Y-%m-%d}"
    before = events.of_kinds(tx, connection.id, {NEAR}, limit=TOLD)
    if any(each.data.get("ending") == [part, key] for each in before):
        return text
    note(keeper, tx, connection.id, NEAR, text, ending=[part, key])
    if not ending.is_shared or expectations.is_news(tx, connection.integration, key):
        tell(keeper, tx, connection, NEAR, f"{connection.name}: {NEAR}", f"{text}; {ending.do}")
    return text


def endings(keeper: Keeper, tx: Tx, known: Iterable[Connection]) -> Iterator[str]:
    """What makes connections expire soon, each once, with the connections that it concerns."""
    told: dict[str, list[str]] = {}
    now = keeper.clock.now()
    for each in known:
        if each.state is State.EXPIRING_SOON:
            for ending in endings_of(keeper, tx, each):
                told.setdefault(ending.text(now), []).append(each.name)
    for text, names in told.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{names[0]}{more}: {text}"


def endings_of(keeper: Keeper, tx: Tx, connection: Connection) -> Iterator[Ending]:
    """The next end of each part that is near."""
    whole = keeper.vault.integration(tx, connection.integration)
    for each in health_of(tx, connection):
        ending = ending_of(keeper, tx, connection, each.part.view(whole), each.part.name)
        if ending is not None:
            yield ending


def learn_lifetime(tx: Tx, connection: Connection, org: OrgRows, now: datetime) -> None:
    """Learn from an audit's rows when the refresh token's lifetime is over, if it has one.

    What the session could not see changes nothing.
    """
    label = plain(integrations.get(tx, connection.integration).app_label)
    shown = [
        each
        for each in every_subject([], org, now)
        if each.kind == "app" and label in (plain(each.app), plain(each.name))
    ]
    policies = [
        (each.value("app.refresh_policy"), each.value("app.refresh_days")) for each in shown
    ]
    if not any(isinstance(policy, str) for policy, _ in policies):
        return
    days = [
        days for policy, days in policies if policy == "lifetime" and isinstance(days, (int, float))
    ]
    began = _authorized(tx, connection.id)
    if days and began:
        due.schedule(tx, ENDS, connection.id, began + timedelta(days=min(days)))
    else:
        due.cancel(tx, ENDS, connection.id)
