"""Processes: who runs, with which master keys; and since when everybody seals with one of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the table and the column."""
    op.add_column("tenant", sa.Column("canary_at", sa.String(32)))
    op.create_table(
        "process",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), sa.ForeignKey("tenant.id"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("ring", sa.Text, nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
    )
