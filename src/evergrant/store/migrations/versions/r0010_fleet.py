"""How a fleet has been: changes of state and incidents are found by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make both indexes."""
    op.create_index("incident_by_time", "incident", ["opened_at"])
    change = sa.text("kind = 'state changed'")
    op.create_index(
        "event_by_change", "event", ["at"], sqlite_where=change, postgresql_where=change
    )
