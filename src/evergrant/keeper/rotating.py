"""Rotating the master key while the service runs.

The new key stands in the key file, and opens only, until every process of the service says that it
has it; then the canary is sealed with it, and everybody seals as the canary is sealed.  The former
one stays in the file: whoever reads meanwhile has the key of every row.  A rotation that was
interrupted goes on where it was, since each row says which key sealed it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from evergrant.errors import Misuse
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.presence import alive
from evergrant.keeper.resealing import DEED, Progress, is_any_left, left, of_key, through
from evergrant.log import logger
from evergrant.store import Tx, sealed, tenants
from evergrant.store.processes import Process
from evergrant.vault.keys import add_key, drop_keys
from evergrant.vault.rotation import opens

SETTLE = timedelta(minutes=10)
"""A former key is not dropped sooner after a rotation: a command may still be on its way."""
PATIENCE_S = 10.0
"""So long a rotation waits until every process has noticed a change of the keys."""


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """One master key."""

    id: str
    is_current: bool
    is_known: bool
    """Whether it is in the ring; a key that is not opens nothing."""
    rows: int
    """How many rows it sealed."""
    is_next: bool = False
    """Whether it is to seal as soon as every process of the service has it."""


def master_keys(keeper: Keeper) -> Sequence[KeyStanding]:
    """The keys of the ring, the current one first, and those that rows name besides."""
    keeper.require_all()
    ring = keeper.vault.ring
    with keeper.reading() as tx:
        keeper.vault.follow(tx)
        rows = sealed.by_key(tx)
    ids, coming = ring.ids, ring.next
    known = [
        KeyStanding(each, each == ids[0], True, rows.get(each, 0), each == (coming and coming.id))
        for each in ids
    ]
    return [*known, *(KeyStanding(each, False, False, rows[each]) for each in rows.keys() - ids)]


def rotate(
    keeper: Keeper, environ: Mapping[str, str] = os.environ, *, patience_s: float = PATIENCE_S
) -> Generator[Progress, None, None]:
    """Seal everything with a new master key; tells how far it has come.

    Where rows of a former key are left that can be opened, an interrupted rotation goes on, and no
    new key is made.  Raises `VaultTrouble` when the new key cannot be put where the keys come from,
    and `Misuse` while a process of the service has it not: nothing is sealed with it then.
    """
    keeper.require_all()
    ring = keeper.vault.ring
    with keeper.writing() as tx:
        # Whoever else rotates waits here, and then finds the wanted key, or rows that are left.
        tenants.hold_canary(tx)
        keeper.vault.follow(tx)
        if ring.next is None and not is_any_left(keeper, tx):
            add_key(keeper.settings, environ)
            did(keeper, tx, DEED, text=f"{ring.wanted.id} is added")
        total = left(tx, ring.wanted.id)
    turned = _turned(keeper, patience_s) if ring.next else 0
    yield from through(keeper, Progress(turned, total))


def forget_keys(keeper: Keeper, environ: Mapping[str, str] = os.environ) -> Sequence[str]:
    """Drop the former keys from the key file; returns their ids.

    Raises `Misuse` while one of them still opens something, a process seals with one, or soon after
    a rotation.
    """
    keys = master_keys(keeper)
    stays = {each.id for each in keys if each.is_current or each.is_next}
    former = [each.id for each in keys if each.is_known and each.id not in stays]
    with keeper.writing() as tx:
        for each in former:
            _require_unused(keeper, tx, each)
        if former:
            _require_no_spill(keeper)
            drop_keys(keeper.settings, environ, former)
            did(keeper, tx, DEED, text=f"{', '.join(former)} is dropped")
    return former


def _require_unused(keeper: Keeper, tx: Tx, key: str) -> None:
    if rows := sum(opens(keeper.vault.ring, row) for row in of_key(tx, key)):
        raise Misuse(
            f"key {key} still opens {rows} rows",
            next_step="finish the rotation with `evergrant keys rotate`",
        )
    if theirs := [each.name for each in alive(keeper, tx) if each.ring[:1] == (key,)]:
        raise Misuse(f"{', '.join(theirs)} still seals with key {key}", next_step="restart it")
    since = tenants.canary_at(tx)
    if since and (wait := since + SETTLE - keeper.clock.now()) > timedelta():
        raise Misuse(
            "the key was rotated just now, and a command may still be on its way",
            next_step=f"try again in {round(wait.total_seconds())} s",
        )


def _require_no_spill(keeper: Keeper) -> None:
    """What lies there is sealed, too."""
    if any((keeper.settings.data_dir / "spill").glob("*.answer")):
        raise Misuse("an answer lies in the spill folder", next_step="let the service commit it")


# --- the turn from one key to the next -----------------------------------------------------------


def _turned(keeper: Keeper, patience_s: float) -> int:
    """Let everybody seal with the next key; how many rows that took."""
    ring = keeper.vault.ring
    _wait(lambda: not _lacking(keeper), patience_s)
    with keeper.writing() as tx:
        # A process that starts now waits for this, or was seen before.
        tenants.hold_canary(tx)
        keeper.vault.follow(tx)
        if ring.next is None:
            return 0
        if lacking := _without(keeper, tx, ring.next.id):
            raise _not_everywhere(ring.next.id, lacking)
        former = ring.current.id
        keeper.vault.turn(tx)
        did(keeper, tx, DEED, text=f"{ring.current.id} seals instead of {former}")
    if not _wait(lambda: _all_seal_with(keeper, ring.current.id), patience_s):
        logger("keeper").warning("a process still seals with the former key: rotate once more")
    return 1


def _wait(is_so: Callable[[], bool], patience_s: float) -> bool:
    until, pause = time.monotonic() + patience_s, threading.Event()
    while not (done := is_so()) and time.monotonic() < until:
        pause.wait(0.1)
    return done


def _lacking(keeper: Keeper) -> Sequence[Process]:
    coming = keeper.vault.ring.next
    with keeper.reading() as tx:
        return _without(keeper, tx, coming.id) if coming else ()


def _without(keeper: Keeper, tx: Tx, key: str) -> Sequence[Process]:
    return [each for each in alive(keeper, tx) if key not in each.ring]


def _all_seal_with(keeper: Keeper, key: str) -> bool:
    with keeper.reading() as tx:
        return all(each.ring[:1] == (key,) for each in alive(keeper, tx))


def _not_everywhere(key: str, lacking: Sequence[Process]) -> Misuse:
    names = ", ".join(f"{each.name}, seen {each.seen_at:%H:%M:%S} UTC" for each in lacking)
    return Misuse(
        f"the new master key {key} is not with every process of the service yet: {names}",
        why="They read a copy of the key file, or took the key when they started. "
        "Nothing is sealed with the new key: they could not read it.",
        next_step="give their hosts the key file as it is now, restart them one after another, "
        "and run `evergrant keys rotate` again",
        whose="operator",
    )
