"""Signs of life: while requests and checks are on their way, their leases are lengthened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from evergrant.clock import Clock
from evergrant.errors import EvergrantError
from evergrant.keeper.engine.rules import Rules
from evergrant.log import logger
from evergrant.store import Tx, due, token_requests
from evergrant.store.due import Due
from evergrant.store.group import Group

T = TypeVar("T")


class Heart:
    """One thread that beats for all that this process holds; it begins with the first."""

    def __init__(self, group: Group, clock: Clock, rules: Rules, mine: set[int]) -> None:
        self._group, self._clock, self._rules, self._mine = group, clock, rules, mine
        self._leases = set[Due]()
        self._stop, self._begun = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def beating(self, seq: int) -> AbstractContextManager[None]:
        """Lengthen the lease of a request for the length of the block."""
        return self._in(self._mine, seq)

    def holding(self, lease: Due) -> AbstractContextManager[None]:
        """Lengthen the lease on a piece of work for the length of the block."""
        return self._in(self._leases, lease)

    @contextmanager
    def _in(self, held: set[T], one: T) -> Iterator[None]:
        held.add(one)
        if self._thread is None:
            self._begin()
        try:
            yield
        finally:
            held.discard(one)

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        with self._begun:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._beat, name="evergrant-heart", daemon=True
                )
                self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(self._rules.beat_s):
            seqs, leases = tuple(self._mine), tuple(self._leases)
            if not seqs and not leases:
                continue
            until = self._clock.now() + timedelta(seconds=self._rules.lease_s)
            try:
                self._group.do(partial(_lengthen, seqs, leases, until))
            except EvergrantError as error:
                # A request that is on its way is never given up: it commits by generation.
                logger("engine").warning("no sign of life could be written: %s", error.what)


def _lengthen(seqs: tuple[int, ...], leases: tuple[Due, ...], until: datetime, tx: Tx) -> None:
    if seqs:
        token_requests.beat(tx, seqs, until)
    if leases:
        due.lengthen(tx, leases, until)
