"""Integrations, connections, and the credentials that they live on."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from evergrant.store.tables.columns import key, link, metadata, only_one, word
from evergrant.store.types import Json, Moment, Words

tenant = Table(
    "tenant",
    metadata,
    key(),
    Column("canary", LargeBinary),
    Column("made_at", Moment),
    Column("canary_at", Moment),
)
"""Whose data it is; the canary of the first one is a known text, sealed, that finds a wrong master
key at boot, and says with which key everybody seals, since `canary_at`.  Nobody knows when the
first one was made."""

process = Table(
    "process",
    metadata,
    key(),
    link("tenant", "tenant"),
    word("name"),
    Column("ring", Words, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
"""Processes of the service that run, with the ids of the master keys that each has."""

integration = Table(
    "integration",
    metadata,
    key(),
    link("tenant", "tenant"),
    word("name"),
    word("app_label"),
    word("app_owner"),
    word("consumer_key"),
    word("redirect_uri"),
    Column("scopes", Words, nullable=False),
    word("flow"),
    word("login_host"),
    word("subject"),
    word("support_contact"),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "name"),
)

part = Table(
    "part",
    metadata,
    key(),
    link("integration", "integration"),
    word("name"),
    word("kind"),
    Column("position", Integer, nullable=False),
    word("label"),
    word("flow"),
    Column("scopes", Words, nullable=False),
    word("waits_for"),
    UniqueConstraint("integration", "name"),
)
"""What has to be authorized, in order; flow and scopes are empty where they are the
integration's own."""

connection = Table(
    "connection",
    metadata,
    key(),
    link("tenant", "tenant"),
    link("integration", "integration"),
    word("name"),
    word("state"),
    word("login_host"),
    word("org_id"),
    word("user_id"),
    word("username"),
    word("instance_url"),
    Column("settings", Json, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("since", Moment),
    Column("last_success", Moment),
)
only_one("one_name_in_use", connection, ("integration", "name"), "state <> 'removed'")

credential = Table(
    "credential",
    metadata,
    key(),
    link("tenant", "tenant"),
    link("connection", "connection"),
    word("part"),
    Column("epoch", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    word("status"),
    Column("sealed", LargeBinary, nullable=False),
    word("refresh_fingerprint"),
    word("access_fingerprint"),
    Column("scopes", Words, nullable=False),
    word("org_id"),
    word("user_id"),
    word("username"),
    word("instance_url"),
    Column("issued_at", Moment),
    Column("created_at", Moment, nullable=False),
)
only_one("one_live_credential", credential, ("connection", "part"), "status = 'live'")
only_one("one_held_credential", credential, ("connection", "part"), "status = 'held'")

part_standing = Table(
    "part_standing",
    metadata,
    Column("connection", String(64), ForeignKey("connection.id"), primary_key=True),
    Column("part", String(255), primary_key=True),
    word("state"),
    Column("since", Moment, nullable=False),
    Column("last_success", Moment),
)
"""How each part of a connection stands; rows only where an integration has several."""

expectation = Table(
    "expectation",
    metadata,
    Column("integration", String(64), ForeignKey("integration.id"), primary_key=True),
    Column("told", Json, nullable=False),
)
"""What an integration needs of an org and does once it is connected; without a row, nothing."""
