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
from evergrant.errors import Misuse
from evergrant.health import WATCHED
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import CHECK
from evergrant.model import Event
from evergrant.settings import Settings
from evergrant.store import Store, Tx, backup, connections, due, events, token_requests
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
    backup.copy_to(keeper.store.path, target)
    return keeper.vault.key_id


def restore(
    settings: Settings,
    source: Path,
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Restored:
    """Put a backup in the place of the database, with all its credentials in doubt.

    Nobody may have the database open.  Everything is looked through before anything is replaced:
    raises `BadInput` for no backup, `StoreTrouble` for a damaged one or one of a newer version,
    `VaultTrouble` for one that another master key sealed.
    """
    time, path = clock or SystemClock(), _path(settings)
    now = time.now()
    with backup.drafted(source, path) as draft:
        with Store.open(f"sqlite:///{draft}") as store, store.write() as tx:
            Vault.open(settings, environ, clock=time).check(tx)
            found, doubtful = mark_restored(tx, now)
        kept = backup.put_in_place(draft, path, f"before-{now:%Y%m%dT%H%M%S}")
    _set_spill_aside(settings, now)
    return Restored(found, doubtful, kept)


def mark_restored(tx: Tx, now: datetime) -> tuple[int, int]:
    """Put every credential in doubt; how many connections and credentials there are.

    This alone is what a database server needs after its own tools have restored it.
    """
    doubtful = token_requests.doubt(tx, RESTORED, now)
    known = [each for each in connections.every(tx) if each.state in WATCHED]
    for number, each in enumerate(known):
        told = Event(now, "restored", "the database was restored from a backup")
        events.add(tx, each.id, told)
        due.schedule(tx, CHECK, each.id, now + number * EVERY)
    return len(known), doubtful


def _path(settings: Settings) -> Path:
    prefix = "sqlite:///"
    if not settings.database.startswith(prefix):
        raise Misuse(
            "a database server is restored by its own tools",
            next_step="restore it, then run `evergrant restore --restored` before the service",
            whose="operator",
        )
    return Path(settings.database.removeprefix(prefix)).expanduser()


def _set_spill_aside(settings: Settings, now: datetime) -> None:
    """Answers that were spilled since the backup belong to token requests that it does not know."""
    folder = settings.data_dir / "spill"
    if any(folder.glob("*.answer")):
        folder.replace(folder.with_name(f"spill.before-{now:%Y%m%dT%H%M%S}"))
