"""Backup and restore, and what a restored database makes of its tokens.

A backup holds refresh tokens of its day.  Where tokens rotate, those that were used since are
spent, and a spent one that is sent again ends all that came of it.  So after a restore every
credential is in doubt: its access token is used up first, then its refresh token is tried once,
and of all restored credentials one at a time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from evergrant.clock import Clock, SystemClock
from evergrant.errors import Misuse, StoreTrouble
from evergrant.health import WATCHED
from evergrant.keeper.deeds import did, did_at
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.presence import alive
from evergrant.keeper.record import CHECK
from evergrant.log import logger
from evergrant.model import Event
from evergrant.settings import Settings
from evergrant.store import (
    Store,
    Tx,
    audit_log,
    backup,
    connections,
    due,
    events,
    tenants,
    token_requests,
)
from evergrant.store.alone import alone, file_of
from evergrant.store.token_requests import RESTORED
from evergrant.vault import Vault

EVERY = timedelta(seconds=2)
"""So far apart restored connections are checked for the first time."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to."""

    connections: int
    doubtful: int
    """Credentials whose refresh token is tried once, one at a time."""
    set_aside: Path | None
    """Where the database before lies."""


def back_up(keeper: Keeper, target: Path) -> str:
    """Copy the database into a new file while the service runs; returns the id of its master key.

    The master key is not in it, and without that key it is worth nothing.  Raises `BadInput` for a
    file that is there, `Misuse` for a database server, `StoreTrouble`.
    """
    if keeper.store.is_remote:
        raise Misuse(
            "a database server is backed up by its own tools",
            next_step="use pg_dump, or its continuous archiving",
            whose="operator",
        )
    backup.copy_to(keeper.store.path, target)
    try:
        with keeper.writing() as tx:
            did(keeper, tx, "backup", text=f"{target}, sealed with key {keeper.vault.key_id}")
    except StoreTrouble as trouble:
        # NOTE: a store that takes nothing any more is the one that a copy is needed of.
        logger("keeper").warning("the backup stands in no audit log: %s", trouble.what)
    return keeper.vault.key_id


def restore(
    settings: Settings,
    source: Path,
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Restored:
    """Put a backup in the place of the database, with all its credentials in doubt.

    Nobody may have the database open: raises `Misuse` while a service runs on it.  Everything is
    looked through before anything is replaced: raises `BadInput` for no backup, `StoreTrouble` for
    a damaged one or one of a newer version, `VaultTrouble` for one that another master key sealed.
    """
    time, path = clock or SystemClock(), _path(settings)
    now = time.now()
    with alone(path), backup.drafted(source, path) as draft:
        with Store.open(f"sqlite:///{draft}") as store, store.write() as tx:
            Vault.open(settings, environ, clock=time).check(tx)
            kept_lines = _carried(tx, path)
            found, doubtful = _mark_restored(tx, now, f"{source}; {kept_lines}")
        kept = backup.put_in_place(draft, path, f"before-{now:%Y%m%dT%H%M%S}")
    _set_spill_aside(settings, now)
    return Restored(found, doubtful, kept)


def require_stopped(settings: Settings) -> None:
    """Raises `Misuse` while a service runs on the file that a restore would replace."""
    with alone(_path(settings)):
        pass


def restored_elsewhere(keeper: Keeper) -> Restored:
    """What a database server needs after its own tools have restored it.

    Raises `Misuse` while a process of the service runs: what it has under way is not in doubt.
    """
    keeper.require_all()
    with keeper.writing() as tx:
        if running := [each.name for each in alive(keeper, tx)]:
            raise Misuse(
                f"the service is running: {', '.join(running)}",
                next_step="stop every process of it, or wait two minutes after one was killed; "
                "then run this, and start it again",
                whose="operator",
            )
        return Restored(*_mark_restored(tx, keeper.clock.now(), "a database server"), None)


def _mark_restored(tx: Tx, now: datetime, source: str) -> tuple[int, int]:
    """Put every credential in doubt; how many connections and credentials there are."""
    did_at(tx, now, "restore", text=f"from {source}")
    doubtful = token_requests.doubt(tx, RESTORED, now)
    known = [each for each in connections.every(tx) if each.state in WATCHED]
    for number, each in enumerate(known):
        told = Event(now, "restored", "the database was restored from a backup")
        events.add(tx, each.id, told)
        due.schedule(tx, CHECK, each.id, now + number * EVERY)
    return len(known), doubtful


def _carried(tx: Tx, path: Path) -> str:
    """Append to the log of a backup what the database that it replaces has beyond it.

    A log is append-only: what was done since the backup was done all the same.
    """
    ends = audit_log.before(tx, limit=1)
    there = backup.log_since(path, ends[0].seq if ends else 0)
    if [each for _, each in there[: len(ends)]] != list(ends):
        return "the audit log is the backup's alone"
    since = there[len(ends) :]
    for whose, each in since:
        told = {"subject": each.subject, "text": each.text}
        tenant = whose if tenants.is_there(tx, whose) else ""
        audit_log.add(tx, each.at, each.actor, each.act, **told, tenant=tenant)
    return f"{len(since)} lines of the audit log since the backup are kept"


def _path(settings: Settings) -> Path:
    if (path := file_of(settings.database)) is None:
        raise Misuse(
            "a database server is restored by its own tools",
            next_step="restore it, then run `evergrant restore --restored` before the service",
            whose="operator",
        )
    return path


def _set_spill_aside(settings: Settings, now: datetime) -> None:
    """Answers that were spilled since the backup belong to token requests that it does not know."""
    folder = settings.data_dir / "spill"
    if any(folder.glob("*.answer")):
        folder.replace(folder.with_name(f"spill.before-{now:%Y%m%dT%H%M%S}"))
