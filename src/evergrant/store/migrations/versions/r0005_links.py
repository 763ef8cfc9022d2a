"""What links and roles need: reconnect links, branding, and a role for whoever signs in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the two tables; whoever is signed in already is an operator."""
    op.create_table(
        "reconnect_link",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), nullable=False),
        _moment("made_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("opened_at"),
        _moment("revoked_at"),
        _word("flow"),
    )
    op.create_index("reconnect_link_by_connection", "reconnect_link", ["connection", "made_at"])
    op.create_index("reconnect_link_by_flow", "reconnect_link", ["flow"])
    op.create_table(
        "branding",
        sa.Column("integration", sa.String(64), sa.ForeignKey("integration.id"), primary_key=True),
        _word("name"),
        _word("accent"),
        _word("ground"),
        _word("logo_type"),
        sa.Column("logo", sa.LargeBinary),
    )
    for table in ("sign_in", "operator_session"):
        role = sa.Column("role", sa.String(255), nullable=False, server_default="operator")
        op.add_column(table, role)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=nullable)
