"""The tables: what Evergrant remembers, one noun each.

Ids are text, times are UTC text (`Moment`), lists and mappings are JSON text without secrets
(`Json`); what is secret lies only in the `sealed` blobs that the vault writes.  Nothing here is
particular to SQLite.  A change here needs a migration (`store/migrations/versions`).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from evergrant.store.types import Json, Masked, Moment

metadata = MetaData()


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(64), primary_key=True)


def _word(name: str) -> Column[str]:
    return Column(name, String(255), nullable=False)


def _link(name: str, target: str) -> Column[str]:
    return Column(name, String(64), ForeignKey(f"{target}.id"), nullable=False)


def _only_one(name: str, table: Table, columns: tuple[str, ...], where: str) -> None:
    """At most one row for these columns among those that the condition picks."""
    condition = text(where)
    Index(
        name,
        *(table.c[column] for column in columns),
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


tenant = Table(
    "tenant",
    metadata,
    _id(),
    Column("canary", LargeBinary),
)
"""Whose data it is; the canary is a known text, sealed, that finds a wrong master key at boot."""

integration = Table(
    "integration",
    metadata,
    _id(),
    _link("tenant", "tenant"),
    _word("name"),
    _word("app_label"),
    _word("app_owner"),
    _word("consumer_key"),
    _word("redirect_uri"),
    Column("scopes", Json, nullable=False),
    _word("flow"),
    _word("login_host"),
    _word("subject"),
    _word("support_contact"),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "name"),
)

part = Table(
    "part",
    metadata,
    _id(),
    _link("integration", "integration"),
    _word("name"),
    _word("kind"),
    Column("position", Integer, nullable=False),
    _word("label"),
    _word("flow"),
    Column("scopes", Json, nullable=False),
    _word("waits_for"),
    UniqueConstraint("integration", "name"),
)
"""What has to be authorized, in order; flow and scopes are empty where they are the
integration's own."""

connection = Table(
    "connection",
    metadata,
    _id(),
    _link("tenant", "tenant"),
    _link("integration", "integration"),
    _word("name"),
    _word("state"),
    _word("login_host"),
    _word("org_id"),
    _word("user_id"),
    _word("username"),
    _word("instance_url"),
    Column("settings", Json, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("since", Moment),
    Column("last_success", Moment),
)
_only_one("one_name_in_use", connection, ("integration", "name"), "state <> 'removed'")

credential = Table(
    "credential",
    metadata,
    _id(),
    _link("tenant", "tenant"),
    _link("connection", "connection"),
    _word("part"),
    Column("epoch", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    _word("status"),
    Column("sealed", LargeBinary, nullable=False),
    _word("refresh_fingerprint"),
    _word("access_fingerprint"),
    Column("scopes", Json, nullable=False),
    _word("org_id"),
    _word("user_id"),
    _word("username"),
    _word("instance_url"),
    Column("issued_at", Moment),
    Column("created_at", Moment, nullable=False),
)
_only_one("one_live_credential", credential, ("connection", "part"), "status = 'live'")
_only_one("one_held_credential", credential, ("connection", "part"), "status = 'held'")

incident = Table(
    "incident",
    metadata,
    _id(),
    _link("connection", "connection"),
    Column("opened_at", Moment, nullable=False),
    _word("cause"),
    Column("error", Masked, nullable=False),
    Column("description", Masked, nullable=False),
    Column("closed_at", Moment),
    Column("proofs", Json, nullable=False),
    Column("facts", Json),
    Column("diagnosis", Json),
    _word("part"),
    Index("incident_by_connection", "connection", "opened_at"),
    Index("incident_by_time", "opened_at"),
)
_only_one("one_open_incident", incident, ("connection",), "closed_at IS NULL")

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    _link("connection", "connection"),
    Column("at", Moment, nullable=False),
    _word("kind"),
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
    _word("owner"),
    Column("leased_until", Moment),
    Column("generation", Integer, nullable=False),
    Index("due_by_kind", "kind", "at"),
)
"""Work to do; a row outlives its work, so that its generation only ever grows."""

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _word("channel"),
    Column("notice", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("delivered_at", Moment),
    Column("error", Masked, nullable=False),
    Index("outbox_by_time", "next_at"),
)

flow = Table(
    "flow",
    metadata,
    _id(),
    _link("integration", "integration"),
    _word("connection"),
    _word("purpose"),
    _word("name"),
    _word("login_host"),
    _word("login_hint"),
    Column("force_login", Boolean, nullable=False),
    _word("ticket_hash"),
    _word("state_hash"),
    _word("browser_hash"),
    Column("sealed", LargeBinary),
    _word("status"),
    Column("outcome", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    _word("part"),
)
"""A browser authorization in progress; the connection is '' until it is known."""
_only_one("one_ticket", flow, ("ticket_hash",), "ticket_hash <> ''")
_only_one("one_state", flow, ("state_hash",), "state_hash <> ''")

sign_in = Table(
    "sign_in",
    metadata,
    _id("ticket_hash"),
    Column("expires_at", Moment, nullable=False),
    _word("role"),
)
"""Sign-in links that wait to be used; only their hashes, and each row is gone with its use."""

operator_session = Table(
    "operator_session",
    metadata,
    _id("token_hash"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    _word("role"),
)
"""Browsers in which the operator is signed in; only hashes of what their cookies hold."""

reading = Table(
    "reading",
    metadata,
    _id(),
    Column("at", Moment, nullable=False),
    _word("connection"),
    Column("facts", Json, nullable=False),
    Column("note", Masked, nullable=False),
    Index("reading_by_time", "at"),
)
"""What was read in a pasted text: its facts, never the text; the connection may be ''."""

examination = Table(
    "examination",
    metadata,
    _id(),
    Column("at", Moment, nullable=False),
    _word("connection"),
    Column("state", Json, nullable=False),
    Index("examination_by_time", "at"),
)
"""How far an examination by the doctor has come: facts and answers; the connection may be ''."""

token_request = Table(
    "token_request",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    _link("connection", "connection"),
    _word("part"),
    _word("credential"),
    Column("epoch", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    _word("spent"),
    _word("flow"),
    _word("owner"),
    Column("beat", Integer, nullable=False),
    Column("leased_until", Moment, nullable=False),
    _word("state"),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary),
    Column("began_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Index("token_request_by_connection", "connection", "part", "seq"),
)
_only_one(
    "one_token_request_under_way",
    token_request,
    ("connection", "part"),
    "state IN ('under way', 'answered')",
)
"""Token requests: written before the token is spent, and the lease on it; `seq` is the fencing
generation."""

part_standing = Table(
    "part_standing",
    metadata,
    Column("connection", String(64), ForeignKey("connection.id"), primary_key=True),
    Column("part", String(255), primary_key=True),
    _word("state"),
    Column("since", Moment, nullable=False),
    Column("last_success", Moment),
)
"""How each part of a connection stands; rows only where an integration has several."""

lifetime = Table(
    "lifetime",
    metadata,
    Column("integration", String(64), primary_key=True),
    Column("org_id", String(64), primary_key=True),
    Column("told_s", Integer, nullable=False),
    _word("told_by"),
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

reconnect_link = Table(
    "reconnect_link",
    metadata,
    _id(),
    _link("connection", "connection"),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("revoked_at", Moment),
    _word("flow"),
    Index("reconnect_link_by_connection", "connection", "made_at"),
    Index("reconnect_link_by_flow", "flow"),
)
"""Links that a vendor sends to a customer's admin; the word in them is signed and never stored.
The flow is '' until one is walked through the link."""

branding = Table(
    "branding",
    metadata,
    Column("integration", String(64), ForeignKey("integration.id"), primary_key=True),
    _word("name"),
    _word("accent"),
    _word("ground"),
    _word("logo_type"),
    Column("logo", LargeBinary),
)
"""How a vendor's customers see an integration: its name, its colours, its logo."""

api_key = Table(
    "api_key",
    metadata,
    _id(),
    _link("tenant", "tenant"),
    _word("name"),
    _word("hash"),
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
    _word("key"),
    _link("connection", "connection"),
    _word("generation"),
    _word("fingerprint"),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("times", Integer, nullable=False),
    Index("token_read_by_connection", "connection", "seq"),
    Index("token_read_by_key", "key", "seq"),
)
"""Which key read which token when: the line is there before the token leaves, and counts on."""

revocation = Table(
    "revocation",
    metadata,
    _id(),
    _link("connection", "connection"),
    _word("host"),
    _word("fingerprint"),
    Column("sealed", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Masked, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("next_at", Moment),
    Column("done_at", Moment),
    Index("revocation_by_time", "next_at"),
)
"""Tokens out of use, sealed, until Salesforce confirms that they are revoked."""

sync = Table(
    "sync",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    _link("connection", "connection"),
    Column("at", Moment, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("detail", Masked, nullable=False),
    Column("records", Integer, nullable=False),
    Column("cleared_at", Moment),
    Index("sync_by_connection", "connection", "seq"),
)
"""What an integration reported of its own work with a connection."""

expectation = Table(
    "expectation",
    metadata,
    Column("integration", String(64), ForeignKey("integration.id"), primary_key=True),
    Column("told", Json, nullable=False),
)
"""What an integration needs of an org and does once it is connected; without a row, nothing."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    _link("tenant", "tenant"),
    Column("at", Moment, nullable=False),
    _word("actor"),
    _word("act"),
    _word("subject"),
    Column("text", Masked, nullable=False),
    Index("audit_log_by_time", "tenant", "at"),
)
"""Who did what; append-only by triggers.  The subject is the id of what it was done to, or ''."""

org_audit = Table(
    "org_audit",
    metadata,
    Column("connection", String(64), ForeignKey("connection.id"), primary_key=True),
    Column("tried_at", Moment, nullable=False),
    Column("at", Moment),
    _word("eyes"),
    Column("found", Json, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("hidden", Json, nullable=False),
    Column("unjudged", Integer, nullable=False),
    Column("trouble", Masked, nullable=False),
)
"""What the audits of a connection's org found and still stands; without a row, none was tried."""
