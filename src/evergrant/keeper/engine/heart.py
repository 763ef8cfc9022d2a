"""Signs of life: while requests and checks are on their way, their leases are lengthened."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

from evergrant.clock import Clock
from evergrant.errors import EvergrantError
from evergrant.keeper.engine.rules import Rules
from evergrant.log import logger
from evergrant.store import Tx, due, token_requests
from evergrant.store.due import Due
from evergrant.store.group import Group

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Holding(AbstractContextManager[None], Generic[T]):
    """What is held for the length of a block."""

    heart: Heart
    held: set[T]
    one: T

    def __enter__(self) -> None:
        self.held.add(self.one)
        self.heart.begin()

    def __exit__(self, *_: object) -> None:
        self.held.discard(self.one)


class Heart:
    """One thread that beats for all that this process holds; it begins with the first."""

    def __init__(self, group: Group, clock: Clock, rules: Rules, mine: set[int]) -> None:
        self._group, self._clock, self._rules, self._mine = group, clock, rules, mine
        self._leases = set[Due]()
        self._stop, self._begun = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._beaten = time.monotonic()

    def is_well(self) -> bool:
        """Whether signs of life are written: the last one that was due is no older than a lease."""
        return self._thread is None or time.monotonic() - self._beaten < self._rules.lease_s

    def beating(self, seq: int) -> AbstractContextManager[None]:
        """Lengthen the lease of a request for the length of the block."""
        return _Holding(self, self._mine, seq)

    def holding(self, lease: Due) -> AbstractContextManager[None]:
        """Lengthen the lease on a piece of work for the length of the block."""
        return _Holding(self, self._leases, lease)

    def begin(self) -> None:
        """Begin to beat, if that has not begun."""
        if self._thread is None:
            self._begin()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        with self._begun:
            if self._thread is None:
                self._beaten = time.monotonic()
                self._thread = threading.Thread(
                    target=self._beat, name="evergrant-heart", daemon=True
                )
                self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(self._rules.beat_s):
            try:
                self._lengthen()
            except EvergrantError as error:
                # A request that is on its way is never given up: it commits by generation.
                logger("engine").warning("no sign of life could be written: %s", error.what)
            except Exception:  # whatever this was, the next one may be written
                logger("engine").exception("no sign of life could be written")
            else:
                self._beaten = time.monotonic()

    def _lengthen(self) -> None:
        seqs, leases = tuple(self._mine), tuple(self._leases)
        if seqs or leases:
            until = self._clock.now() + timedelta(seconds=self._rules.lease_s)
            self._group.do(partial(_lengthen, seqs, leases, until))


def _lengthen(seqs: tuple[int, ...], leases: tuple[Due, ...], until: datetime, tx: Tx) -> None:
    if seqs:
        token_requests.beat(tx, seqs, until)
    if leases:
        due.lengthen(tx, leases, until)
