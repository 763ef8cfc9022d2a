"""Keep-alive: refreshing a token that nothing else refreshes, ahead of its idle limit.

An access token that is called with again and again never ends, and meanwhile the refresh token
behind it may die unused.  Only what an application asked for lately is kept alive, and only where
the integration's policy says so: access that nobody uses is to end.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

from evergrant.errors import BadInput
from evergrant.health import WATCHED
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection, Event, as_json
from evergrant.store import Tx, connections, events, integrations, keep_alive, usage
from evergrant.store.keep_alive import KeepAlive
from evergrant.vault import Kept

KEPT_ALIVE = "kept alive"
"""Kind of the event before such a refresh; it says by which policy."""
POLICY = "keep-alive policy"
MOST_DAYS = 3650


def keep_alive_policy(keeper: Keeper, integration: str) -> KeepAlive | None:
    """When an integration's idle connections are refreshed; None: never.  Raises `NotFound`."""
    with keeper.reading() as tx:
        return keep_alive.policy(tx, integrations.get(tx, integration).id)


def set_keep_alive(keeper: Keeper, integration: str, policy: KeepAlive | None) -> KeepAlive | None:
    """Set when an integration's idle connections are refreshed; returns the policy before.

    A change is written with its numbers into the audit log, and into the history of each of its
    connections.  Raises `NotFound` and `BadInput`.
    """
    if policy is not None:
        _require_sense(policy)
    with keeper.writing() as tx:
        row = integrations.get(tx, integration)
        before = keep_alive.policy(tx, row.id)
        if policy == before:
            return before
        keep_alive.set_policy(tx, row.id, policy)
        told = f"{in_words(policy)}; before: {in_words(before)}"
        did(keeper, tx, POLICY, subject=row.id, text=f"{row.name}: {told}")
        changed = Event(keeper.clock.now(), POLICY, told, {"policy": as_json(policy)})
        for each in connections.every(tx, integration=row.id):
            events.add(tx, each.id, changed)
    return before


def in_words(policy: KeepAlive | None) -> str:
    """A policy as people read it, with its numbers."""
    if policy is None:
        return "nothing is kept alive"
    after = policy.idle_limit_days - policy.ahead_days
    return (
        f"refreshed after {after} days without a refresh ({policy.ahead_days} days ahead of a limit"
        f" of {policy.idle_limit_days}), if it was asked for within {policy.used_within_days} days"
    )


def _require_sense(policy: KeepAlive) -> None:
    for field in fields(policy):
        days = getattr(policy, field.name)
        if not 1 <= days <= MOST_DAYS:
            name = field.name.replace("_", " ")
            raise BadInput(f"{name}: {days}", next_step=f"give 1 to {MOST_DAYS} days")
    if policy.ahead_days >= policy.idle_limit_days:
        raise BadInput(
            f"{policy.ahead_days} days ahead of a limit of {policy.idle_limit_days} days",
            next_step="refresh some days before the limit, and after it began",
        )


def is_due(keeper: Keeper, tx: Tx, connection: Connection, kept: Kept) -> bool:
    """Whether a credential is to be refreshed now so that it does not die unused; audited."""
    policy, issued = keep_alive.policy(tx, connection.integration), kept.credential.issued_at
    if policy is None or issued is None or kept.credential.refresh_token is None:
        return False
    now, used_at = keeper.clock.now(), usage.last(tx, connection.id)
    is_used = used_at is not None and now - used_at <= timedelta(days=policy.used_within_days)
    limit = timedelta(days=policy.idle_limit_days - policy.ahead_days)
    return connection.state in WATCHED and is_used and now - issued >= limit
