"""Signs of life: each process of the service writes down that it runs and which master keys it has.

No row may be sealed with a key that a running process lacks: it could not read it.  A rotation
waits for what is written here, and whoever seals follows what the store says.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from evergrant.errors import EvergrantError
from evergrant.keeper.keeper import Keeper
from evergrant.log import logger
from evergrant.store import Tx, processes, tenants
from evergrant.store.processes import Process
from evergrant.store.rows import new_id

LOOK_S = 1.0
"""So often a process looks whether the keys, or which of them seals, have changed."""
EVERY = timedelta(seconds=15)
"""So often it writes a sign of life when nothing has."""
ALIVE_FOR = timedelta(minutes=2)
"""A process that was silent for longer has ended."""
END_S = 5.0
"""So long a process that ends waits for a sign that is being written."""


class Presence:
    """The signs of life of one process; `present` makes one."""

    def __init__(self, keeper: Keeper, role: str, look_s: float) -> None:
        self._keeper, self._look_s = keeper, look_s
        name = f"{socket.gethostname()[:60]}:{os.getpid()} ({role})"
        self._last = Process(new_id("prc"), name, (), keeper.clock.now())
        self._trouble: EvergrantError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="evergrant-presence", daemon=True)

    def begin(self) -> None:
        """Write the first sign, or find that the key is not here.  Raises `VaultTrouble`."""
        with self._keeper.store.write() as tx:
            # Whoever changes the key waits for this sign, or has changed it before the look.
            tenants.hold_canary(tx)
            self._keeper.vault.follow(tx)
            seen = self._write(tx)
        self._last = seen
        self._thread.start()

    def end(self) -> None:
        """The process ends: nobody waits for it any more."""
        self._stop.set()
        self._thread.join(timeout=END_S)
        with suppress(EvergrantError), self._keeper.store.write() as tx:
            processes.drop(tx, self._last.id)

    def _live(self) -> None:
        while not self._stop.wait(self._look_s):
            try:
                self._look()
                self._trouble = None
            except EvergrantError as error:
                if self._trouble is None or error.what != self._trouble.what:
                    logger("keeper").error("no sign of life: %s", error.what)
                self._trouble = error
            except Exception:
                # A defect of ours must not end it either: a rotation would take us for dead.
                logger("keeper").exception("no sign of life")

    def _look(self) -> None:
        keeper, last = self._keeper, self._last
        with keeper.store.read() as tx:
            keeper.vault.follow(tx)
        silent = keeper.clock.now() - last.seen_at
        if keeper.vault.ring.ids != last.ring or abs(silent) >= EVERY:
            with keeper.store.write() as tx:
                seen = self._write(tx)
            self._last = seen

    def _write(self, tx: Tx) -> Process:
        now, ids = self._keeper.clock.now(), self._keeper.vault.ring.ids
        seen = replace(self._last, ring=ids, seen_at=now)
        processes.drop_silent(tx, now - 10 * ALIVE_FOR)
        processes.put(tx, seen)
        return seen


@contextmanager
def present(keeper: Keeper, role: str, *, look_s: float = LOOK_S) -> Iterator[None]:
    """Write signs of life while a process of the service runs, and seal as everybody does.

    Raises `VaultTrouble` when the key that everybody seals with is not here.
    """
    sign = Presence(keeper, role, look_s)
    sign.begin()
    try:
        yield
    finally:
        sign.end()


def alive(keeper: Keeper, tx: Tx) -> Sequence[Process]:
    """The processes of the service that run now."""
    return processes.since(tx, keeper.clock.now() - ALIVE_FOR)
