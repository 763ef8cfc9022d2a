"""Keep-alive policies: which integrations refresh ahead of an idle limit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import keep_alive as table

_POLICY = Prepared(
    sa.select(table).where(table.c.integration == sa.bindparam("whose", type_=sa.String))
)


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """When a refresh token that nothing else refreshes is refreshed all the same."""

    idle_limit_days: int = 30
    """After so many days without use Salesforce lets the token die."""
    ahead_days: int = 7
    """So many days before that it is refreshed."""
    used_within_days: int = 90
    """Only for connections that an application asked for within so many days."""


def policy(tx: Tx, integration: str) -> KeepAlive | None:
    """The policy of an integration; None: nothing is kept alive by itself."""
    row = _POLICY.one(tx, whose=integration)
    return KeepAlive(*(row[each.name] for each in fields(KeepAlive))) if row else None


def set_policy(tx: Tx, integration: str, policy: KeepAlive | None) -> None:
    """Set an integration's policy, or take it away."""
    tx.execute(sa.delete(table).where(table.c.integration == integration))
    if policy is not None:
        tx.execute(sa.insert(table).values(integration=integration, **asdict(policy)))
