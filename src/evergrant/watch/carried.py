"""Procrastinate's tables: made once, then brought up to the Procrastinate that is installed.

Procrastinate ships the whole schema and the steps between versions, and keeps no account of which
were taken; the account is a comment on its first table.  Source: Procrastinate's documentation,
*Migrations*.
"""

from __future__ import annotations

from pathlib import Path

import procrastinate
from sqlalchemy import text

from evergrant.log import logger
from evergrant.store import Tx

_ALONE = 1164403059
"""Of workers that start together, one at a time looks."""
_MARK = "evergrant: up to "
_FIRST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""Where tables stand that were made before there was an account."""

log = logger("watch")


async def bring_up(app: procrastinate.App, tx: Tx) -> None:
    """Make the tables, or take the steps that they lack; the caller's transaction only waits."""
    tx.execute(text(f"SELECT pg_advisory_xact_lock({_ALONE})"))
    steps = _steps(app)
    at = _reached(tx)
    if at is None:
        schema = app.schema_manager.get_schema()
        await _taken(app, schema, steps[-1].name)
        return
    if at > steps[-1].name:
        log.warning("the tables of the jobs were made by a newer Procrastinate: %s", at)
    for step in steps:
        if step.name > at:
            await _taken(app, step.read_text("utf-8"), step.name)


def _steps(app: procrastinate.App) -> list[Path]:
    """Every step between versions, oldest first: their names begin with the version."""
    return sorted(Path(app.schema_manager.get_migrations_path()).glob("*.sql"))


def _reached(tx: Tx) -> str | None:
    """The last step taken; None where there are no tables."""
    found = tx.execute(
        text(
            "SELECT obj_description(oid, 'pg_class') FROM pg_class "
            "WHERE oid = to_regclass('procrastinate_jobs')"
        )
    ).one_or_none()
    if found is None:
        return None
    return str(found[0]).removeprefix(_MARK) if found[0] else _FIRST


async def _taken(app: procrastinate.App, script: str, name: str) -> None:
    """Take a step and note it, both or neither: statements sent at once are one transaction."""
    noted = f"{script}\n;COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{name}';"
    await app.connector.execute_query_async(noted.replace("%", "%%"))
