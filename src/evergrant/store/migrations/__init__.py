"""Migrations: forward only, written by hand, run when the store is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from evergrant.errors import StoreTrouble

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision this version knows, oldest first; the last is what the code needs."""


def bring_up(tx: Connection, path: Path) -> None:
    """Bring the tables up to the last revision, inside the caller's transaction.

    Raises `StoreTrouble` when a newer Evergrant, or something else, made the database.
    """
    found = _revision(tx, path)
    if found == REVISIONS[-1]:
        return
    if found and found not in REVISIONS:
        raise StoreTrouble(
            f"the database {path} was made by a newer Evergrant",
            why=f"Its tables are at revision {found}, this version knows up to {REVISIONS[-1]}; "
            "nothing was changed.",
            next_step="start the newer version again, or restore the backup made before it",
            whose="operator",
        )
    _upgrade(tx)


def _revision(tx: Connection, path: Path) -> str:
    """The revision the tables are at; empty for a new database."""
    names = set(
        tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    )
    if "alembic_version" in names:
        return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    if names - {"sqlite_sequence"}:
        raise StoreTrouble(
            f"the database {path} belongs to another program",
            why=f"It has tables that are not ours: {', '.join(sorted(names)[:5])}; "
            "nothing was changed.",
            next_step="point EVERGRANT_DATABASE_URL to a file of its own",
            whose="operator",
        )
    return ""


def _upgrade(tx: Connection) -> None:
    # Imported here: a database that is up to date need not pay for loading Alembic.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
