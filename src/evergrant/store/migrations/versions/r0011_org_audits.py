"""What audits found in the orgs of connections; and each connection's org falls due for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_DUE = """
INSERT INTO due (kind, connection, at, owner, leased_until, generation)
SELECT 'audit', id, '2026-01-01T00:00:00.000000Z', '', NULL, 0 FROM connection
WHERE state NOT IN ('on hold', 'paused', 'removed')
"""
"""Overdue since long ago: the watch takes them one by one."""


def upgrade() -> None:
    """Make the table; what was connected before is audited, too."""
    op.create_table(
        "org_audit",
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), primary_key=True),
        sa.Column("tried_at", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32)),
        sa.Column("eyes", sa.String(255), nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("left_out", sa.Integer, nullable=False),
        sa.Column("hidden", sa.Text, nullable=False),
        sa.Column("unjudged", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text, nullable=False),
    )
    op.execute(_DUE)
