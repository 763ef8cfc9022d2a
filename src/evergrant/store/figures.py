"""Figures: how many of what there are, for whoever watches over the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from evergrant.store import outbox
from evergrant.store.engine import Tx
from evergrant.store.tables import connection, due, incident, token_request
from evergrant.store.token_requests import OPEN


@dataclass(frozen=True, slots=True)
class Figures:
    """How much there is of what."""

    connections: Mapping[str, int]
    """By state."""
    incidents: int
    """Open ones."""
    due: int
    """Work of that kind that is due now."""
    late_s: float
    """For how long the longest overdue has been due."""
    notices: int
    """On their way."""
    requests: int
    """Token requests under way, or left by somebody."""


def of(tx: Tx, now: datetime, kind: str) -> Figures:
    """The figures of this moment; `kind` is that of the due work that is counted."""
    states = sa.select(connection.c.state, sa.func.count()).group_by(connection.c.state)
    count, oldest = tx.execute(
        sa.select(sa.func.count(), sa.func.min(due.c.at)).where(due.c.kind == kind, due.c.at <= now)
    ).one()
    return Figures(
        connections={str(state): int(number) for state, number in tx.execute(states)},
        incidents=_count(tx, incident, incident.c.closed_at.is_(None)),
        due=count,
        late_s=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        notices=outbox.waiting(tx),
        requests=_count(tx, token_request, token_request.c.state.in_(OPEN)),
    )


def _count(tx: Tx, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return int(tx.execute(sa.select(sa.func.count()).select_from(table).where(which)).scalar_one())
