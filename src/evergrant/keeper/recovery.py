"""What a check has to find before it calls a broken connection recovered."""

from __future__ import annotations

from dataclasses import replace

from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import is_of
from evergrant.keeper.prove import recovered
from evergrant.keeper.record import AUTHORIZED
from evergrant.model import Connection, Event, Integration, Proof
from evergrant.store import Tx, events
from evergrant.store.parts import MAIN

_OF_RENEWALS = frozenset({"refused", "renewed", *AUTHORIZED})
_LAST = 20
"""Kinds of events that tell how renewals went, and how many of the last are looked at."""


def was_refused(tx: Tx, connection: Connection, part: str) -> bool:
    """Whether the last that was heard of a part's renewals is that one was refused.

    While that is so, a call with the token at hand says nothing about what comes after it.
    """
    past = events.of_kinds(tx, connection.id, _OF_RENEWALS, limit=_LAST)
    last = next((each for each in past if is_of(each, part) and _is_of_renewal(each)), None)
    return last is not None and last.kind == "refused"


def _is_of_renewal(event: Event) -> bool:
    return event.kind != "refused" or "retry" in event.data


def besides_the_call(
    keeper: Keeper, connection: Connection, integration: Integration, part: str
) -> tuple[Proof, ...]:
    """What an open incident needs besides a good call; what cannot be looked at says so."""
    with keeper.reading() as tx:
        kept = keeper.vault.live(tx, connection.id, part)
    if kept is None:
        return ()
    whose = connection if part == MAIN else replace(connection, identity=kept.identity)
    return keeper.say(recovered(whose, integration, kept))
