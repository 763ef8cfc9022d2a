"""The audit log: who did what, append-only in the database itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SQLITE = """
CREATE TRIGGER audit_log_refuses_{verb} BEFORE {verb} ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""
_POSTGRES = """
CREATE TRIGGER audit_log_refuses_change BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION audit_log_stays()
"""


def upgrade() -> None:
    """Make the table, and refuse that its lines are changed; nothing that was there changes."""
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), sa.ForeignKey("tenant.id"), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("act", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("audit_log_by_time", "audit_log", ["tenant", "at"])
    if op.get_bind().dialect.name == "postgresql":
        statements = [_FUNCTION, _POSTGRES]
    else:
        statements = [_SQLITE.format(verb=verb) for verb in ("UPDATE", "DELETE")]
    for statement in statements:
        op.execute(statement)
