"""What an integration reports of its own work: syncs; and due work is found by its kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, and an index in the place of another."""
    op.create_table(
        "sync",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("succeeded", sa.Boolean, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("cleared_at", sa.String(32)),
    )
    op.create_index("sync_by_connection", "sync", ["connection", "seq"])
    # By time alone, SQLite would rather sort all work of a kind than walk the index.
    op.create_index("due_by_kind", "due", ["kind", "at"])
    op.drop_index("due_by_time", table_name="due")
