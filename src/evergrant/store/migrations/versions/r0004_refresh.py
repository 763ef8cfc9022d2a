"""What the refresh engine needs: token requests, lifetimes, use, and keep-alive policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables; nothing that was there changes."""
    _requests()
    op.create_table(
        "lifetime",
        sa.Column("integration", sa.String(64), primary_key=True),
        sa.Column("org_id", sa.String(64), primary_key=True),
        _number("told_s"),
        _word("told_by"),
        sa.Column("observed_s", sa.Text, nullable=False),
        _moment("at", nullable=False),
    )
    op.create_table(
        "usage",
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), primary_key=True),
        _moment("used_at", nullable=False),
    )
    op.create_table(
        "keep_alive",
        sa.Column("integration", sa.String(64), sa.ForeignKey("integration.id"), primary_key=True),
        _number("idle_limit_days"),
        _number("ahead_days"),
        _number("used_within_days"),
    )


def _requests() -> None:
    op.create_table(
        "token_request",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("connection", sa.String(64), sa.ForeignKey("connection.id"), nullable=False),
        _word("part"),
        _word("credential"),
        _number("epoch"),
        _number("generation"),
        _word("spent"),
        _word("flow"),
        _word("owner"),
        _number("beat"),
        _moment("leased_until", nullable=False),
        _word("state"),
        _number("tries"),
        sa.Column("sealed", sa.LargeBinary),
        _moment("began_at", nullable=False),
        _moment("answered_at"),
        _moment("ended_at"),
    )
    op.create_index("token_request_by_connection", "token_request", ["connection", "part", "seq"])
    under_way = sa.text("state IN ('under way', 'answered')")
    op.create_index(
        "one_token_request_under_way",
        "token_request",
        ["connection", "part"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=nullable)
