"""What an integration expects of an org."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; an integration without a row expects nothing in particular."""
    op.create_table(
        "expectation",
        sa.Column("integration", sa.String(64), sa.ForeignKey("integration.id"), primary_key=True),
        sa.Column("told", sa.Text, nullable=False),
    )
