"""What the console needs: sign-in links, operator sessions, and readings of pasted texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the three tables; nothing that was there changes."""
    op.create_table("sign_in", _id("ticket_hash"), _moment("expires_at"))
    op.create_table(
        "operator_session", _id("token_hash"), _moment("created_at"), _moment("expires_at")
    )
    op.create_table(
        "reading",
        _id("id"),
        _moment("at"),
        sa.Column("connection", sa.String(255), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("reading_by_time", "reading", ["at"])


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=True)


def _moment(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=False)
