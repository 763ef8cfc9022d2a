"""Sealing the rows anew, one after another, and what is left of former keys.

Each row says which key sealed it, so that how far it has come can be asked of the rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evergrant.errors import VaultTrouble
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.unreadable import Unreadable, unreadable
from evergrant.log import logger
from evergrant.store import Tx, sealed
from evergrant.store.sealed import SealedRow
from evergrant.vault.rotation import opens, resealed

BATCH = 100
"""Rows in one transaction: others wait no longer than that takes."""
DEED = "master key"
"""What the audit log calls whatever is done to the keys."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation has come."""

    done: int
    total: int
    unreadable: tuple[Unreadable, ...] = ()
    """Rows that no key opens; they are left as they are."""


def through(keeper: Keeper, now: Progress) -> Iterator[Progress]:
    """Seal all rows anew that others than the current key have sealed."""
    yield now
    for kind in sealed.PLACES:
        for good, bad in _batches(keeper, kind):
            done, lost = now.done + good, (*now.unreadable, *bad)
            # Rows that came meanwhile were sealed with the new key: there are never more.
            now = Progress(done, max(now.total, done + len(lost)), lost)
            yield now
    with keeper.writing() as tx:
        told = f"{now.done} rows are sealed with {keeper.vault.key_id}"
        if now.unreadable:
            told += f", {len(now.unreadable)} cannot be opened"
        did(keeper, tx, DEED, text=told)


def is_any_left(keeper: Keeper, tx: Tx) -> bool:
    """Whether a former key sealed a row that can be opened; one that cannot be stops nothing."""
    ring = keeper.vault.ring
    return any(
        opens(ring, row) for kind in sealed.PLACES for row in _of_others(tx, kind, ring.current.id)
    )


def left(tx: Tx, key: str) -> int:
    """How many rows other keys than this have sealed."""
    rows = sealed.by_key(tx)
    return sum(rows.values()) - rows.get(key, 0)


def of_key(tx: Tx, key: str) -> Iterator[SealedRow]:
    """Every row that a key sealed."""
    for kind in sealed.PLACES:
        after = None
        while rows := sealed.of(tx, kind, key, after=after, limit=BATCH):
            yield from rows
            after = rows[-1].key


def _of_others(tx: Tx, kind: str, key: str) -> Iterator[SealedRow]:
    """Every row of a kind that another key sealed."""
    after = None
    while rows := sealed.of_others(tx, kind, key, after=after, limit=BATCH):
        yield from rows
        after = rows[-1].key


def _batches(keeper: Keeper, kind: str) -> Iterator[tuple[int, list[Unreadable]]]:
    """Go through the rows of a kind; how many were sealed anew, and those that none can open."""
    after = None
    while True:
        with keeper.writing() as tx:
            rows = sealed.of_others(tx, kind, keeper.vault.key_id, after=after, limit=BATCH)
            if not rows:
                return
            bad = [unreadable(tx, row) for row in rows if not _resealed(keeper, tx, row)]
        after = rows[-1].key
        yield len(rows) - len(bad), bad


def _resealed(keeper: Keeper, tx: Tx, row: SealedRow) -> bool:
    try:
        # A row that changed since it was read was sealed anew by whoever changed it.
        sealed.put(tx, row, resealed(keeper.vault.ring, row))
    except VaultTrouble as trouble:
        logger("keeper").error("left as it is: %s", trouble.what)
        return False
    return True
