"""How long access tokens live: learned for one app in one org, from what was told and seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import lifetime as table
from evergrant.store.upsert import put

REMEMBERED = 5
"""So many of the newest observations count."""
SHORTER = 0.9
"""What was observed was over by then: so much of the shortest is taken."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What is known of one app's access tokens in one org."""

    told_s: int = 0
    """As introspection or a session policy says, in seconds; 0 when nobody did."""
    told_by: str = ""
    """`introspection`, `session policy`, or `not told` when it was asked for in vain."""
    observed_s: tuple[int, ...] = ()
    """Ages at which tokens were refused, newest first, in seconds."""
    at: datetime | None = None

    @property
    def life(self) -> timedelta | None:
        """How long a token can be trusted to live; None when nothing is known."""
        known = [each for each in (self.told_s, SHORTER * min(self.observed_s, default=0)) if each]
        return timedelta(seconds=min(known)) if known else None


def get(tx: Tx, integration: str, org_id: str) -> Lifetime:
    """What is known; of an org never seen, nothing."""
    row = tx.execute(sa.select(table).where(*_key(integration, org_id))).one_or_none()
    return from_row(dict(row._mapping)) if row else Lifetime()


def of_integration(tx: Tx, integration: str) -> list[Lifetime]:
    """What is known of an app's access tokens, org by org."""
    rows = tx.execute(sa.select(table).where(table.c.integration == integration))
    return [from_row(dict(row._mapping)) for row in rows]


def from_row(row: Mapping[str, Any]) -> Lifetime:
    """What a row of the table says."""
    return Lifetime(row["told_s"], row["told_by"], tuple(row["observed_s"]), row["at"])


def told(tx: Tx, integration: str, org_id: str, seconds: int, by: str, at: datetime) -> None:
    """Remember what introspection or a session policy says; 0 seconds: it was asked in vain."""
    _keep(tx, integration, org_id, told_s=seconds, told_by=by, at=at)


def observed(tx: Tx, integration: str, org_id: str, seconds: int, at: datetime) -> None:
    """Remember at which age a token was refused."""
    ages = (seconds, *get(tx, integration, org_id).observed_s)[:REMEMBERED]
    _keep(tx, integration, org_id, observed_s=ages, at=at)


def _keep(tx: Tx, integration: str, org_id: str, **changes: object) -> None:
    key = {"integration": integration, "org_id": org_id}
    empty = {"told_s": 0, "told_by": "", "observed_s": ()}
    put(tx, table, key, new={**empty, **changes}, changed=changes)


def _key(integration: str, org_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.integration == integration, table.c.org_id == org_id
