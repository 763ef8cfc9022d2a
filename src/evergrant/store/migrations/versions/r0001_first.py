"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, and the one tenant that everything belongs to."""
    _tenancy()
    _connections()
    _history()
    _work()
    op.execute("INSERT INTO tenant (id) VALUES ('default')")


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=True)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=False)


def _link(name: str, target: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), sa.ForeignKey(f"{target}.id"), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _only_one(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=True, sqlite_where=condition, postgresql_where=condition
    )


def _tenancy() -> None:
    op.create_table("tenant", _id(), sa.Column("canary", sa.LargeBinary))
    op.create_table(
        "integration",
        _id(),
        _link("tenant", "tenant"),
        _word("name"),
        _word("app_label"),
        _word("app_owner"),
        _word("consumer_key"),
        _word("redirect_uri"),
        _text("scopes"),
        _word("flow"),
        _word("login_host"),
        _word("subject"),
        _word("support_contact"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("tenant", "name"),
    )
    op.create_table(
        "part",
        _id(),
        _link("integration", "integration"),
        _word("name"),
        _word("kind"),
        _number("position"),
        sa.UniqueConstraint("integration", "name"),
    )


def _connections() -> None:
    op.create_table(
        "connection",
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
        _text("settings"),
        _number("epoch"),
        _moment("since"),
        _moment("last_success"),
    )
    _only_one("one_name_in_use", "connection", ["integration", "name"], "state <> 'removed'")
    op.create_table(
        "credential",
        _id(),
        _link("tenant", "tenant"),
        _link("connection", "connection"),
        _word("part"),
        _number("epoch"),
        _number("generation"),
        _word("status"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _word("refresh_fingerprint"),
        _word("access_fingerprint"),
        _text("scopes"),
        _word("org_id"),
        _word("user_id"),
        _word("username"),
        _word("instance_url"),
        _moment("issued_at"),
        _moment("created_at", nullable=False),
    )
    _only_one("one_live_credential", "credential", ["connection", "part"], "status = 'live'")
    _only_one("one_held_credential", "credential", ["connection", "part"], "status = 'held'")


def _history() -> None:
    op.create_table(
        "incident",
        _id(),
        _link("connection", "connection"),
        _moment("opened_at", nullable=False),
        _word("cause"),
        _text("error"),
        _text("description"),
        _moment("closed_at"),
        _text("proofs"),
        _text("facts", nullable=True),
        _text("diagnosis", nullable=True),
    )
    op.create_index("incident_by_connection", "incident", ["connection", "opened_at"])
    _only_one("one_open_incident", "incident", ["connection"], "closed_at IS NULL")
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        _link("connection", "connection"),
        _moment("at", nullable=False),
        _word("kind"),
        _text("text"),
        _text("data"),
    )
    op.create_index("event_by_connection", "event", ["connection", "seq"])


def _work() -> None:
    op.create_table(
        "due",
        _id("kind"),
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), primary_key=True),
        _moment("at"),
        _word("owner"),
        _moment("leased_until"),
        _number("generation"),
    )
    op.create_index("due_by_time", "due", ["at"])
    op.create_table(
        "outbox",
        _id(),
        _word("channel"),
        _text("notice"),
        _number("attempts"),
        _moment("next_at"),
        _moment("delivered_at"),
        _text("error"),
    )
    op.create_index("outbox_by_time", "outbox", ["next_at"])
    op.create_table(
        "flow",
        _id(),
        _link("integration", "integration"),
        _word("connection"),
        _word("purpose"),
        _word("name"),
        _word("login_host"),
        _word("login_hint"),
        sa.Column("force_login", sa.Boolean, nullable=False),
        _word("ticket_hash"),
        _word("state_hash"),
        _word("browser_hash"),
        sa.Column("sealed", sa.LargeBinary),
        _word("status"),
        _text("outcome"),
        _moment("created_at", nullable=False),
        _moment("expires_at", nullable=False),
    )
    _only_one("one_ticket", "flow", ["ticket_hash"], "ticket_hash <> ''")
    _only_one("one_state", "flow", ["state_hash"], "state_hash <> ''")
