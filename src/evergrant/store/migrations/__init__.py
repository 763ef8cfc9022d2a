"""Migrations: forward only, written by hand, run when the store is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from evergrant.errors import StoreTrouble

REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011",
    "0012", "0013", "0014",
)  # fmt: skip
"""Every revision this version knows, oldest first; the last is what the code needs."""


_CARRIERS = "procrastinate_"
"""How the tables of what carries the jobs begin; they lie beside ours."""
_ALONE = 0x45766572
"""Of several processes that start together, one at a time looks and migrates."""


def bring_up(tx: Connection, name: str) -> None:
    """Bring the tables up to the last revision, inside the caller's transaction.

    Raises `StoreTrouble` when a newer Evergrant, or something else, made the database.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"SELECT pg_advisory_xact_lock({_ALONE})"))
    found = _revision(tx, name)
    if found == REVISIONS[-1]:
        return
    if found and found not in REVISIONS:
        raise StoreTrouble(
            f"the database {name} was made by a newer Evergrant",
            why=f"Its tables are at revision {found}, this version knows up to {REVISIONS[-1]}; "
            "nothing was changed.",
            next_step="start the newer version again, or restore the backup made before it",
            whose="operator",
        )
    _upgrade(tx)


def _revision(tx: Connection, name: str) -> str:
    """The revision the tables are at; empty for a new database."""
    names = {each for each in inspect(tx).get_table_names() if not each.startswith(_CARRIERS)}
    if "alembic_version" in names:
        return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    if names:
        raise StoreTrouble(
            f"the database {name} belongs to another program",
            why=f"It has tables that are not ours: {', '.join(sorted(names)[:5])}; "
            "nothing was changed.",
            next_step="point EVERGRANT_DATABASE_URL to a file, or a database, of its own",
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
