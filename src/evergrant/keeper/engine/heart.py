"""Signs of life: while requests are on their way, their leases are lengthened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from evergrant.clock import Clock
from evergrant.errors import EvergrantError
from evergrant.keeper.engine.rules import Rules
from evergrant.log import logger
from evergrant.store import token_requests
from evergrant.store.group import Group


class Heart:
    """One thread that beats for every request of this process; it begins with the first."""

    def __init__(self, group: Group, clock: Clock, rules: Rules, mine: set[int]) -> None:
        self._group, self._clock, self._rules, self._mine = group, clock, rules, mine
        self._stop, self._begun = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self, seq: int) -> Iterator[None]:
        """Lengthen the lease of a request for the length of the block."""
        self._mine.add(seq)
        if self._thread is None:
            self._begin()
        try:
            yield
        finally:
            self._mine.discard(seq)

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
            if not self._mine:
                continue
            seqs = tuple(self._mine)
            until = self._clock.now() + timedelta(seconds=self._rules.lease_s)
            try:
                self._group.do(lambda tx: token_requests.beat(tx, seqs, until))  # noqa: B023
            except EvergrantError as error:
                # A request that is on its way is never given up: it commits by generation.
                logger("engine").warning("no sign of life could be written: %s", error.what)
