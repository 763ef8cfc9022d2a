"""Parts of an integration have a flow and scopes of their own, and each stands for itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add columns and a table; what was there is the part that every integration has."""
    for name in ("label", "flow", "waits_for"):
        op.add_column("part", _word(name))
    op.add_column("part", sa.Column("scopes", sa.Text, nullable=False, server_default="[]"))
    op.add_column("incident", _word("part", "main"))
    op.add_column("flow", _word("part", "main"))
    op.create_table(
        "part_standing",
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), primary_key=True),
        sa.Column("part", sa.String(255), primary_key=True),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("last_success", sa.String(32)),
    )


def _word(name: str, before: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=False, server_default=before)
