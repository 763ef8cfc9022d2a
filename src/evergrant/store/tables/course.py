"""What happened to connections, and what is due."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from evergrant.store.tables.columns import key, link, metadata, only_one, whose, word
from evergrant.store.types import Json, Masked, Moment

incident = Table(
    "incident",
    metadata,
    key(),
    link("connection", "connection"),
    Column("opened_at", Moment, nullable=False),
    word("cause"),
    Column("error", Masked, nullable=False),
    Column("description", Masked, nullable=False),
    Column("closed_at", Moment),
    Column("proofs", Json, nullable=False),
    Column("facts", Json),
    Column("diagnosis", Json),
    word("part"),
    Index("incident_by_connection", "connection", "opened_at"),
    Index("incident_by_time", "opened_at"),
)
only_one("one_open_incident", incident, ("connection",), "closed_at IS NULL")

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    link("connection", "connection"),
    Column("at", Moment, nullable=False),
    word("kind"),
    Column("text", Masked, nullable=False),
    Column("data", Json, nullable=False),
    Index("event_by_connection", "connection", "seq"),
    Index(
        "event_by_change",
        "at",
        sqlite_where=text("kind = 'state changed'"),
        postgresql_where=text("kind = 'state changed'"),
    ),
)
"""Append-only; `seq` orders what happened within one instant."""

due = Table(
    "due",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("connection", String(64), ForeignKey("connection.id"), primary_key=True),
    Column("at", Moment),
    word("owner"),
    Column("leased_until", Moment),
    Column("generation", Integer, nullable=False),
    Index("due_by_kind", "kind", "at"),
)
"""Work to do; a row outlives its work, so that its generation only ever grows."""

outbox = Table(
    "outbox",
    metadata,
    key(),
    word("channel"),
    Column("notice", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("delivered_at", Moment),
    Column("error", Masked, nullable=False),
    whose(),
    Index("outbox_by_time", "next_at"),
)

reading = Table(
    "reading",
    metadata,
    key(),
    Column("at", Moment, nullable=False),
    word("connection"),
    Column("facts", Json, nullable=False),
    Column("note", Masked, nullable=False),
    whose(),
    Index("reading_by_time", "at"),
)
"""What was read in a pasted text: its facts, never the text; the connection may be ''."""

examination = Table(
    "examination",
    metadata,
    key(),
    Column("at", Moment, nullable=False),
    word("connection"),
    Column("state", Json, nullable=False),
    whose(),
    Index("examination_by_time", "at"),
)
"""How far an examination by the doctor has come: facts and answers; the connection may be ''."""

sync = Table(
    "sync",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    link("connection", "connection"),
    Column("at", Moment, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("detail", Masked, nullable=False),
    Column("records", Integer, nullable=False),
    Column("cleared_at", Moment),
    Index("sync_by_connection", "connection", "seq"),
)
"""What an integration reported of its own work with a connection."""

org_audit = Table(
    "org_audit",
    metadata,
    Column("connection", String(64), ForeignKey("connection.id"), primary_key=True),
    Column("tried_at", Moment, nullable=False),
    Column("at", Moment),
    word("eyes"),
    Column("found", Json, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("hidden", Json, nullable=False),
    Column("unjudged", Integer, nullable=False),
    Column("trouble", Masked, nullable=False),
)
"""What the audits of a connection's org found and still stands; without a row, none was tried."""
