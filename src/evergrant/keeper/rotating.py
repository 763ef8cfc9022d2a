"""Rotating the master key while the service runs.

The new key stands in the key file before the first row is sealed with it, and the former one stays
there: whoever reads meanwhile has the key of every row.  A rotation that was interrupted goes on
where it was, since each row says which key sealed it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evergrant.errors import Misuse, VaultTrouble
from evergrant.keeper.keeper import Keeper
from evergrant.log import logger
from evergrant.store import Tx, sealed, tenants
from evergrant.store.sealed import SealedRow
from evergrant.vault.keys import add_key, drop_keys, written_ago_s
from evergrant.vault.rotation import resealed

BATCH = 100
"""Rows in one transaction: others wait no longer than that takes."""
SETTLE_S = 600.0
"""A former key is not dropped sooner after a rotation: a writer may still be on its way."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation has come."""

    done: int
    total: int
    damaged: int = 0
    """Rows that no key opens; they are left as they are."""


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """One master key."""

    id: str
    is_current: bool
    is_known: bool
    """Whether it is in the ring; a key that is not opens nothing."""
    rows: int
    """How many rows it sealed."""


def master_keys(keeper: Keeper) -> Sequence[KeyStanding]:
    """The keys of the ring, the current one first, and those that rows name besides."""
    keeper.require_all()
    ids = keeper.vault.ring.ids
    with keeper.reading() as tx:
        rows = sealed.by_key(tx)
    known = [KeyStanding(each, each == ids[0], True, rows.get(each, 0)) for each in ids]
    return [*known, *(KeyStanding(each, False, False, rows[each]) for each in rows.keys() - ids)]


def rotate(
    keeper: Keeper, environ: Mapping[str, str] = os.environ
) -> Generator[Progress, None, None]:
    """Seal everything with a new master key; tells how far it has come.

    Where rows of a former key are left, an interrupted rotation goes on, and no new key is made.
    Raises `VaultTrouble` when the new key cannot be put where the keys come from.
    """
    keeper.require_all()
    with keeper.writing() as tx:
        # Whoever else rotates waits here, and then finds rows that are left.
        tenants.hold_canary(tx)
        if not _left(keeper, tx):
            add_key(keeper.settings, environ)
        total = _left(keeper, tx)
    yield Progress(0, total)
    done = damaged = 0
    for kind in sealed.PLACES:
        for good, bad in _batches(keeper, kind):
            done, damaged = done + good, damaged + bad
            # Rows that came meanwhile were sealed with the new key: there are never more.
            yield Progress(done, max(total, done + damaged), damaged)


def forget_keys(keeper: Keeper, environ: Mapping[str, str] = os.environ) -> Sequence[str]:
    """Drop the former keys from the key file; returns their ids.

    Raises `Misuse` while one of them still opens something, or soon after a rotation.
    """
    former = [each for each in master_keys(keeper) if each.is_known and not each.is_current]
    if used := [each for each in former if each.rows]:
        raise Misuse(
            f"key {used[0].id} still opens {used[0].rows} rows",
            next_step="finish the rotation with `evergrant keys rotate`",
        )
    if former and (ago := written_ago_s(keeper.settings)) < SETTLE_S:
        raise Misuse(
            "the key was rotated just now, and a writer may still be on its way",
            next_step=f"try again in {round(SETTLE_S - ago)} s",
        )
    if any((keeper.settings.data_dir / "spill").glob("*.answer")):
        raise Misuse("an answer lies in the spill folder", next_step="let the service commit it")
    if former:
        drop_keys(keeper.settings, environ, [each.id for each in former])
    return [each.id for each in former]


def _left(keeper: Keeper, tx: Tx) -> int:
    rows = sealed.by_key(tx)
    return sum(rows.values()) - rows.get(keeper.vault.key_id, 0)


def _batches(keeper: Keeper, kind: str) -> Iterator[tuple[int, int]]:
    """Go through the rows of a kind; how many were sealed anew, and how many none can open."""
    after = None
    while True:
        with keeper.writing() as tx:
            rows = sealed.of_others(tx, kind, keeper.vault.key_id, after=after, limit=BATCH)
            if not rows:
                return
            good = [_resealed(keeper, tx, row) for row in rows]
        after = rows[-1].key
        yield good.count(True), good.count(False)


def _resealed(keeper: Keeper, tx: Tx, row: SealedRow) -> bool:
    try:
        # A row that changed since it was read was sealed anew by whoever changed it.
        sealed.put(tx, row, resealed(keeper.vault.ring, row))
    except VaultTrouble as trouble:
        logger("keeper").error("left as it is: %s", trouble.what)
        return False
    return True
