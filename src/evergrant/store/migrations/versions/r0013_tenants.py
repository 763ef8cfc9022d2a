"""Tenants: whatever had none belongs to the first one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add a column to each table whose rows lead to no tenant yet."""
    op.add_column("tenant", sa.Column("made_at", sa.String(32)))
    for table in ("outbox", "reading", "examination", "sign_in", "operator_session"):
        # SQLite adds no column that refers to another table and is never empty.
        whose = sa.Column("tenant", sa.String(64), nullable=False, server_default="default")
        op.add_column(table, whose)
