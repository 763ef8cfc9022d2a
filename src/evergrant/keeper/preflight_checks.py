"""The checks of a preflight: each looks at one thing and answers with a row of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from evergrant.keeper.check import check
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.needs import look_at_needs
from evergrant.keeper.prove import prove
from evergrant.keeper.renew import wire_flow
from evergrant.keeper.way import ask_status, look_at_way
from evergrant.model import Connection, Fact, Integration, Session, Unknown
from evergrant.org.login_history import own_logins, success_row
from evergrant.store import connections
from evergrant.vault import Kept

Outcome = Literal["pass", "warn", "fail", "could not look"]
SKEW = timedelta(minutes=1)
"""Clock difference from which it is worth a word."""
ASSERTION = timedelta(minutes=3)
"""How long our assertions are good for: a clock that is off by more makes none that works."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    check: str
    outcome: Outcome
    told: str
    next_step: str = ""
    is_optional: bool = False
    """Whether it needs something that was not given: an admin's session, a certificate."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What is checked, and with what."""

    keeper: Keeper
    connection: str
    integration: Integration
    since: datetime
    session: Session | None = None
    """An admin's evidence session."""
    certificate: bytes = b""
    """PEM; the one that is registered in the app."""
    egress: str = ""
    """The address that requests are meant to come from."""

    def now(self) -> Connection:
        """The connection as it stands."""
        with self.keeper.reading() as tx:
            return connections.get(tx, self.connection)

    def kept(self) -> Kept | None:
        """The credential in use."""
        with self.keeper.reading() as tx:
            return self.keeper.vault.live(tx, self.connection)


Check = Callable[[Flight], Iterator[Row]]
"""Looks at something; raises `Refused`, `Malformed` or `WireError` where it cannot."""


def network(flight: Flight) -> Iterator[Row]:
    """Name, TLS, proxy and redirects on the way to the login host, and the clock against it."""
    for fact in look_at_way(flight.keeper, flight.connection):
        if fact.name == "network.failure":
            step = "look at DNS, proxy and firewall between here and Salesforce"
            yield _passed("Network", fact, is_good=fact.value == "none", step=step)
        elif fact.name == "own.clock_off_s" and isinstance(fact.value, int):
            yield _clock(fact, timedelta(seconds=fact.value))


def salesforce(flight: Flight) -> Iterator[Row]:
    """Whether Salesforce itself reports trouble of the org's instance today."""
    for fact in ask_status(flight.keeper, flight.connection):
        if isinstance(fact.value, Unknown):
            told, step = fact.value.reason, fact.value.next_step
            yield Row("Salesforce's status", "could not look", told, step, is_optional=True)
        else:
            step = "wait until Salesforce has ended it" if fact.value else ""
            yield Row("Salesforce's status", "warn" if fact.value else "pass", fact.quote, step)


def _passed(check: str, fact: Fact, *, is_good: bool, step: str) -> Row:
    return Row(check, "pass" if is_good else "fail", fact.quote, "" if is_good else step)


def _clock(fact: Fact, off: timedelta) -> Row:
    outcome: Outcome = "pass" if off < SKEW else "warn" if off < ASSERTION else "fail"
    step = "" if outcome == "pass" else "set the clock by NTP; assertions end after three minutes"
    return Row("Clock", outcome, f"{off.seconds} s off; {fact.quote}", step)


def renewals(flight: Flight) -> Iterator[Row]:
    """Two renewals, one with what the other brought: where zero and rotation come to light."""
    before = token_of(flight)
    for name in ("First renewal", "Second renewal"):
        checked = check(flight.keeper, flight.connection, renew=True)
        if checked.failure is not None:
            cause = checked.diagnosis.cause if checked.diagnosis else ""
            step = f"see `evergrant explain {cause}`" if cause else "see `evergrant doctor`"
            yield Row(name, "fail", checked.failure.what, step)
            if name == "First renewal":
                yield Row("Second renewal", "could not look", "the first one failed")
            return
        after = token_of(flight)
        yield Row(name, "pass", _renewed(flight, before, after))
        before = after


def token_of(flight: Flight) -> str:
    """Fingerprint of the refresh token in use; empty where there is none."""
    kept = flight.kept()
    token = kept.credential.refresh_token if kept else None
    return token.fingerprint if token else ""


def _renewed(flight: Flight, before: str, after: str) -> str:
    flow = wire_flow(flight.integration, flight.kept())
    if not after:
        return f"a new access token by {flow}"
    came = "the refresh token stays" if before == after else "a new refresh token came: it rotates"
    return f"a new access token by {flow}; {came}"


_PROVEN: dict[bool | None, Outcome] = {True: "pass", False: "fail", None: "could not look"}
_PROOFS = {"identity": "Identity", "call": "Call", "login_history": "Login History"}


def proofs(flight: Flight) -> Iterator[Row]:
    """Whose it is, a good call, and the Success row of the renewals."""
    if flight.kept() is None:
        return
    for proof in prove(flight.keeper, flight.connection, flight.since)[1]:
        step = "" if proof.proven else "see `evergrant doctor`"
        yield Row(_PROOFS[proof.kind], _PROVEN[proof.proven], proof.detail, step)


def egress(flight: Flight) -> Iterator[Row]:
    """The address that Salesforce saw, which admins must allow."""
    kept, who = flight.kept(), flight.now().identity
    if kept is None or who is None:
        return
    session = Session(kept.credential.instance_url, kept.credential.access_token)
    since = flight.since.replace(microsecond=0) - timedelta(seconds=1)
    rows = flight.keeper.say(own_logins(session, who.user_id, since))
    row = success_row(rows, flight.integration.app_label, since)
    if row is None or not row.source_ip:
        yield Row("Egress address", "could not look", "Login History shows no row of it yet")
        return
    if flight.egress and flight.egress != row.source_ip:
        told = f"Salesforce saw {row.source_ip}, not {flight.egress}"
        yield Row("Egress address", "fail", told, "call from where production will call from")
        return
    step = "" if flight.egress else "is it the one that production will call from? (--egress)"
    yield Row("Egress address", "pass", f"Salesforce saw {row.source_ip}", step)


_STANDINGS: dict[str, Outcome] = {
    "there": "pass",
    "missing": "fail",
    "not known": "could not look",
}


def needs(flight: Flight) -> Iterator[Row]:
    """What the integration needs of the org, and the steps inside it, one by one."""
    if flight.kept() is None:
        return
    for need in look_at_needs(flight.keeper, flight.connection):
        outcome = _STANDINGS[need.standing]
        worst: Outcome = "warn" if need.is_optional and outcome == "fail" else outcome
        yield Row(need.title, worst, need.told, need.next_step, need.is_optional)


def scopes(flight: Flight) -> Iterator[Row]:
    """Whether all scopes that the integration asks for were given."""
    kept, wanted = flight.kept(), flight.integration.app.scopes
    if kept is None or not wanted:
        return
    given = kept.credential.scopes
    if missing := [each for each in wanted if each not in given and "full" not in given]:
        told = f"not given: {', '.join(missing)}"
        yield Row("Scopes", "fail", told, "add them to the app, then authorize anew")
        return
    yield Row("Scopes", "pass", ", ".join(given))
