"""What the token broker needs: API keys, who read which token, and revocations that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables; nothing that was there changes."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), sa.ForeignKey("tenant.id"), nullable=False),
        _word("name"),
        _word("hash"),
        sa.Column("opens", sa.Text, nullable=False),
        _number("per_minute"),
        _moment("created_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("revoked_at"),
    )
    _reads()
    _revocations()


def _reads() -> None:
    op.create_table(
        "token_read",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        _word("key"),
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), nullable=False),
        _word("generation"),
        _word("fingerprint"),
        _moment("first_at", nullable=False),
        _moment("last_at", nullable=False),
        _number("times"),
    )
    op.create_index("token_read_by_connection", "token_read", ["connection", "seq"])
    op.create_index("token_read_by_key", "token_read", ["key", "seq"])


def _revocations() -> None:
    op.create_table(
        "revocation",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), nullable=False),
        _word("host"),
        _word("fingerprint"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _number("attempts"),
        sa.Column("error", sa.Text, nullable=False),
        _moment("made_at", nullable=False),
        _moment("next_at"),
        _moment("done_at"),
    )
    op.create_index("revocation_by_time", "revocation", ["next_at"])


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=nullable)
