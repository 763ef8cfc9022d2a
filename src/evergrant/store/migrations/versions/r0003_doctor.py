"""What the doctor needs: examinations that can be taken up again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; nothing that was there changes."""
    op.create_table(
        "examination",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("connection", sa.String(255), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("examination_by_time", "examination", ["at"])
