"""A connection's evidence by time: what worked, what changed, what failed, and for whom."""

from __future__ import annotations

from collections.abc import Iterable

from evergrant import evidence
from evergrant.evidence import Evidence, Gathered, Wanted
from evergrant.evidence.own_moments import read
from evergrant.keeper.keeper import Keeper
from evergrant.model import Fact
from evergrant.store import connections, events

LATEST = 500
"""Events of the connection that are looked at."""


def by_time(
    keeper: Keeper, connection_id: str, facts: Iterable[Fact], *, brought: Gathered | None = None
) -> Evidence:
    """What is known of a connection as one body of evidence, with its timeline.

    `brought` is what files showed besides.  The reach is told from how the other connections of its
    integration fare.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        history = events.recent(tx, connection.id, limit=LATEST)
        siblings = connections.every(tx, integration=integration.id)
    own = read(connection, integration, history, siblings)
    who = connection.identity
    user = (who.username or who.user_id) if who else integration.subject
    wanted = Wanted(integration.app_label, user, now=keeper.clock.now())
    return evidence.together(Gathered(tuple(facts)).with_(own, brought or Gathered()), wanted)


def reach(keeper: Keeper, connection_id: str) -> list[Fact]:
    """How far a connection's failure reaches, where its siblings show it."""
    found = by_time(keeper, connection_id, ()).facts
    return [each for each in found if each.name == "failure.reach" and each.is_known]
