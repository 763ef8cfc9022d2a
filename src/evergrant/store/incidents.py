"""Incidents: a connection's break, from first failure to proof of recovery; one open at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from evergrant.model import Incident, Proof
from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.tables import incident as table

_OPEN = Prepared(
    sa.select(table).where(
        table.c.connection == sa.bindparam("connection_id", type_=sa.String),
        table.c.closed_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Case:
    """What an incident was judged by, as redacted JSON values; None before it was looked at."""

    facts: Any = None
    diagnosis: Any = None


def add(tx: Tx, new: Incident) -> None:
    """Remember an incident; the table refuses a second open one of the same connection."""
    tx.execute(
        sa.insert(table).values(
            id=new.id, connection=new.connection, opened_at=new.opened_at, **_changing(new)
        )
    )


def open_for(tx: Tx, connection_id: str) -> Incident | None:
    """The connection's open incident, if it has one."""
    row = _OPEN.one(tx, connection_id=connection_id)
    return from_row(row) if row else None


def get(tx: Tx, incident_id: str) -> Incident:
    """The incident with that id.  Raises `NotFound`."""
    return _read(_row(tx, incident_id))


def of(tx: Tx, connection_id: str, *, limit: int = 50) -> Sequence[Incident]:
    """The connection's incidents, newest first."""
    wanted = sa.select(table).where(table.c.connection == connection_id)
    newest = wanted.order_by(table.c.opened_at.desc(), table.c.id.desc()).limit(limit)
    return [_read(row) for row in tx.execute(newest)]


def update(tx: Tx, incident: Incident) -> None:
    """Write what changes about an incident: cause, words, proofs, its end.  Raises `NotFound`."""
    changed = sa.update(table).where(table.c.id == incident.id).values(_changing(incident))
    if not tx.execute(changed).rowcount:
        _row(tx, incident.id)


def keep_case(tx: Tx, incident_id: str, case: Case) -> None:
    """Keep the facts and the diagnosis beside the incident, redacted.  Raises `NotFound`."""
    kept = sa.update(table).where(table.c.id == incident_id)
    if not tx.execute(kept.values(facts=case.facts, diagnosis=case.diagnosis)).rowcount:
        _row(tx, incident_id)


def case(tx: Tx, incident_id: str) -> Case:
    """What the incident was judged by.  Raises `NotFound`."""
    row = _row(tx, incident_id)
    return Case(row.facts, row.diagnosis)


def _row(tx: Tx, incident_id: str) -> sa.Row[Any]:
    row = tx.execute(sa.select(table).where(table.c.id == incident_id)).one_or_none()
    if row is None:
        raise not_found("incident", incident_id, tx.execute(sa.select(table.c.id)).scalars())
    return row


def _changing(incident: Incident) -> dict[str, Any]:
    return {
        "cause": incident.cause,
        "error": incident.error,
        "description": incident.description,
        "closed_at": incident.closed_at,
        "proofs": incident.proofs,
        "part": incident.part,
    }


def from_row(row: Mapping[str, Any]) -> Incident:
    """The incident that a row of the table says."""
    return _read(SimpleNamespace(**row))


def _read(row: Any) -> Incident:
    return Incident(
        id=row.id,
        connection=row.connection,
        opened_at=row.opened_at,
        cause=row.cause,
        error=row.error,
        description=row.description,
        closed_at=row.closed_at,
        proofs=tuple(Proof(**proof) for proof in row.proofs),
        part=row.part,
    )
