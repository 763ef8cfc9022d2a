"""Keep-alive: refreshing a token that nothing else refreshes, ahead of its idle limit.

An access token that is called with again and again never ends, and meanwhile the refresh token
behind it may die unused.  Only what an application asked for lately is kept alive, and only where
the integration's policy says so: access that nobody uses is to end.
"""

from __future__ import annotations

from datetime import timedelta

from evergrant.errors import BadInput
from evergrant.health import WATCHED
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.model import Connection, as_json
from evergrant.store import Tx, connections, integrations, keep_alive, usage
from evergrant.store.keep_alive import KeepAlive
from evergrant.vault import Kept

KEPT_ALIVE = "kept alive"
"""Kind of the event before such a refresh; it says by which policy."""


def set_keep_alive(keeper: Keeper, integration: str, policy: KeepAlive | None) -> None:
    """Set when an integration's idle connections are refreshed; None: never.

    Written into the history of each of its connections.  Raises `NotFound` and `BadInput`.
    """
    if policy is not None and not 0 < policy.ahead_days < policy.idle_limit_days:
        raise BadInput(
            f"{policy.ahead_days} days ahead of a limit of {policy.idle_limit_days} days",
            next_step="refresh some days before the limit, and after it began",
        )
    with keeper.writing() as tx:
        row = integrations.get(tx, integration)
        keep_alive.set_policy(tx, row.id, policy)
        for each in connections.every(tx, integration=row.id):
            told = {"policy": as_json(policy)}
            note(keeper, tx, each.id, "keep-alive policy", "set" if policy else "off", **told)


def is_due(keeper: Keeper, tx: Tx, connection: Connection, kept: Kept) -> bool:
    """Whether a credential is to be refreshed now so that it does not die unused; audited."""
    policy, issued = keep_alive.policy(tx, connection.integration), kept.credential.issued_at
    if policy is None or issued is None or kept.credential.refresh_token is None:
        return False
    now, used_at = keeper.clock.now(), usage.last(tx, connection.id)
    is_used = used_at is not None and now - used_at <= timedelta(days=policy.used_within_days)
    limit = timedelta(days=policy.idle_limit_days - policy.ahead_days)
    return connection.state in WATCHED and is_used and now - issued >= limit
