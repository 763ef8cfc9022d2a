"""Who comes in, by which door, and what they did."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from evergrant.store.tables.columns import key, link, metadata, only_one, whose, word
from evergrant.store.types import Json, Masked, Moment

flow = Table(
    "flow",
    metadata,
    key(),
    link("integration", "integration"),
    word("connection"),
    word("purpose"),
    word("name"),
    word("login_host"),
    word("login_hint"),
    Column("force_login", Boolean, nullable=False),
    word("ticket_hash"),
    word("state_hash"),
    word("browser_hash"),
    Column("sealed", LargeBinary),
    word("status"),
    Column("outcome", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    word("part"),
)
"""A browser authorization in progress; the connection is '' until it is known."""
only_one("one_ticket", flow, ("ticket_hash",), "ticket_hash <> ''")
only_one("one_state", flow, ("state_hash",), "state_hash <> ''")

sign_in = Table(
    "sign_in",
    metadata,
    key("ticket_hash"),
    Column("expires_at", Moment, nullable=False),
    word("role"),
    whose(),
)
"""Sign-in links that wait to be used; only their hashes, and each row is gone with its use."""

operator_session = Table(
    "operator_session",
    metadata,
    key("token_hash"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    word("role"),
    whose(),
)
"""Browsers in which the operator is signed in; only hashes of what their cookies hold."""

reconnect_link = Table(
    "reconnect_link",
    metadata,
    key(),
    link("connection", "connection"),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("revoked_at", Moment),
    word("flow"),
    Index("reconnect_link_by_connection", "connection", "made_at"),
    Index("reconnect_link_by_flow", "flow"),
)
"""Links that a vendor sends to a customer's admin; the word in them is signed and never stored.
The flow is '' until one is walked through the link."""

branding = Table(
    "branding",
    metadata,
    Column("integration", String(64), ForeignKey("integration.id"), primary_key=True),
    word("name"),
    word("accent"),
    word("ground"),
    word("logo_type"),
    Column("logo", LargeBinary),
)
"""How a vendor's customers see an integration: its name, its colours, its logo."""

api_key = Table(
    "api_key",
    metadata,
    key(),
    link("tenant", "tenant"),
    word("name"),
    word("hash"),
    Column("opens", Json, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)
"""Keys of applications that read tokens; only their hashes."""

token_read = Table(
    "token_read",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    word("key"),
    link("connection", "connection"),
    word("generation"),
    word("fingerprint"),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("times", Integer, nullable=False),
    Index("token_read_by_connection", "connection", "seq"),
    Index("token_read_by_key", "key", "seq"),
)
"""Which key read which token when: the line is there before the token leaves, and counts on."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    link("tenant", "tenant"),
    Column("at", Moment, nullable=False),
    word("actor"),
    word("act"),
    word("subject"),
    Column("text", Masked, nullable=False),
    Index("audit_log_by_time", "tenant", "at"),
)
"""Who did what; append-only by triggers.  The subject is the id of what it was done to, or ''."""
