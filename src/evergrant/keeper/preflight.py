"""Preflight: the day before go-live, everything that could fail tomorrow is tried today.

Real credentials, the real way out, every part; two renewals in a row, because the second is where
a zero policy and rotation come to light; the row in Login History; the dates of the policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from evergrant.errors import Malformed, Refused, WireError
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.preflight_checks import (
    Check,
    Flight,
    Outcome,
    Row,
    egress,
    needs,
    network,
    proofs,
    renewals,
    salesforce,
    scopes,
)
from evergrant.keeper.preflight_policy import certificate, policy, standing
from evergrant.model import Session
from evergrant.store import connections, parts

CHECKS: tuple[tuple[str, Check], ...] = (
    ("Network", network),
    ("Salesforce's status", salesforce),
    ("First renewal", renewals),
    ("Login History", proofs),
    ("Egress address", egress),
    ("Scopes", scopes),
    ("Needs", needs),
    ("Certificate", certificate),
    ("Refresh policy", policy),
    ("App and user", standing),
)
"""What is checked, in order; the name is for a check that could not be carried out at all."""


@dataclass(frozen=True, slots=True)
class With:
    """What a preflight is given besides the connection."""

    session: Session | None = None
    """An admin's evidence session."""
    certificate: bytes = b""
    """PEM; the one that is registered in the app."""
    egress: str = ""
    """The address that requests are meant to come from."""


def preflight(
    keeper: Keeper,
    connection_id: str,
    given: With,
    watch: Callable[[Row], None] = lambda _: None,
) -> tuple[Row, ...]:
    """Check a connection as if tomorrow were today; `watch` hears each row as it is known.

    Renews twice: whoever holds copies of a rotating refresh token elsewhere loses them.  Raises
    `NotFound`.
    """
    rows = []
    flight = _flight(keeper, connection_id, given)
    for row in chain(_parts(flight), _all(flight)):
        watch(row)
        rows.append(row)
    return tuple(rows)


def _flight(keeper: Keeper, connection_id: str, given: With) -> Flight:
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
    return Flight(
        keeper,
        connection.id,
        integration,
        keeper.clock.now(),
        given.session,
        given.certificate,
        given.egress,
    )


def _all(flight: Flight) -> Iterator[Row]:
    for name, look in CHECKS:
        yield from _carried_out(flight, name, look)


def _carried_out(flight: Flight, name: str, look: Check) -> Iterator[Row]:
    """The rows of one check; what hinders it is a row as well, and stops no other."""
    try:
        yield from look(flight)
    except (Refused, Malformed, WireError) as trouble:
        yield Row(name, "could not look", trouble.what, trouble.next_step or "try again")


def _parts(flight: Flight) -> Iterator[Row]:
    """Each credential that is held; steps inside the org are among the needs."""
    with flight.keeper.reading() as tx:
        held = {
            part.name: flight.keeper.vault.live(tx, flight.connection, part=part.name)
            for part in parts.of(tx, flight.integration.id)
            if part.kind == "credential"
        }
    for name, kept in held.items():
        if kept is None:
            yield Row(f"Part {name}", "fail", "no credential", "authorize it")
        else:
            yield Row(f"Part {name}", "pass", "a credential is held")


def outcome_of(rows: tuple[Row, ...]) -> Outcome:
    """The worst of the table; what was optional and could not be looked at does not count."""
    found = {row.outcome for row in rows if not row.is_optional}
    order: tuple[Outcome, ...] = ("fail", "could not look", "warn")
    return next((each for each in order if each in found), "pass")
