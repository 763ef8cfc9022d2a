"""What the refresh engine remembers."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from evergrant.store.tables.columns import key, link, metadata, only_one, word
from evergrant.store.types import Json, Masked, Moment

token_request = Table(
    "token_request",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    link("connection", "connection"),
    word("part"),
    word("credential"),
    Column("epoch", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    word("spent"),
    word("flow"),
    word("owner"),
    Column("beat", Integer, nullable=False),
    Column("leased_until", Moment, nullable=False),
    word("state"),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary),
    Column("began_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Index("token_request_by_connection", "connection", "part", "seq"),
)
only_one(
    "one_token_request_under_way",
    token_request,
    ("connection", "part"),
    "state IN ('under way', 'answered')",
)
"""Token requests: written before the token is spent, and the lease on it; `seq` is the fencing
generation."""

lifetime = Table(
    "lifetime",
    metadata,
    Column("integration", String(64), primary_key=True),
    Column("org_id", String(64), primary_key=True),
    Column("told_s", Integer, nullable=False),
    word("told_by"),
    Column("observed_s", Json, nullable=False),
    Column("at", Moment, nullable=False),
)
"""How long access tokens live, learned for one app in one org; nothing is ever assumed."""

usage = Table(
    "usage",
    metadata,
    Column("connection", String(64), ForeignKey("connection.id"), primary_key=True),
    Column("used_at", Moment, nullable=False),
)
"""When an application last asked for a connection's token."""

keep_alive = Table(
    "keep_alive",
    metadata,
    Column("integration", String(64), ForeignKey("integration.id"), primary_key=True),
    Column("idle_limit_days", Integer, nullable=False),
    Column("ahead_days", Integer, nullable=False),
    Column("used_within_days", Integer, nullable=False),
)
"""Policies for refreshing ahead of an idle limit; without a row nothing is kept alive by itself."""

revocation = Table(
    "revocation",
    metadata,
    key(),
    link("connection", "connection"),
    word("host"),
    word("fingerprint"),
    Column("sealed", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Masked, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("next_at", Moment),
    Column("done_at", Moment),
    Index("revocation_by_time", "next_at"),
)
"""Tokens out of use, sealed, until Salesforce confirms that they are revoked."""
