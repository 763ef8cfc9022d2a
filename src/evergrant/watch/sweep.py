"""Checking what is due, several connections at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper, check
from evergrant.keeper.record import CHECK
from evergrant.log import logger
from evergrant.store import Tx, due
from evergrant.telemetry import Span, span

JOB = 200
"""The most checks of one sweep: what a job carries."""
AGAIN = timedelta(seconds=30)
"""After a check that told nothing."""

log = logger("watch")


class Sweep:
    """Some of the checks that are due; every hand is a thread that takes one row at a time.

    A lease begins when its check does, and is lengthened while the check goes on.
    """

    def __init__(
        self, keeper: Keeper, owner: str, *, most: int = JOB, is_over: Callable[[], bool]
    ) -> None:
        self._keeper, self._owner, self._is_over = keeper, owner, is_over
        self._left, self._lock = most, threading.Lock()
        self._lease = timedelta(seconds=keeper.engine.rules.lease_s)
        self._hands: list[threading.Thread] = []
        self.checked = 0
        self.trouble: Exception | None = None

    def begin(self, waiting: int) -> None:
        """Set hands to work: as many as there are, and no more than there is to do."""
        for number in range(min(self._keeper.settings.watch_hands, waiting, self._left)):
            hand = threading.Thread(target=self._work, name=f"evergrant-hand-{number}", daemon=True)
            self._hands.append(hand)
            hand.start()

    def wait(self, seconds: float) -> bool:
        """Wait for the hands, but no longer; whether all have ended."""
        for hand in self._hands:
            hand.join(seconds)
            if hand.is_alive():
                return False
        return True

    def _work(self) -> None:
        try:
            while self._may_go_on() and (row := self._keeper.engine.group.do(self._claim)):
                self._check(row)
        except Exception as error:
            # The store is in trouble: whoever began the sweep hears of it.
            self.trouble = error

    def _may_go_on(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0 and not self._is_over()

    def _claim(self, tx: Tx) -> due.Due | None:
        now = self._keeper.clock.now()
        return due.claim_next(tx, CHECK, now, owner=self._owner, lease=self._lease)

    def _check(self, row: due.Due) -> None:
        keeper = self._keeper
        with keeper.engine.hands.heart.holding(row), span("check") as seen:
            told = self._told(row, seen)
        if told:
            keeper.engine.group.do(lambda tx: due.done(tx, row))
        else:
            later = keeper.clock.now() + AGAIN
            keeper.engine.group.do(lambda tx: due.postpone(tx, row, later))
        with self._lock:
            self.checked += 1

    def _told(self, row: due.Due, seen: Span) -> bool:
        """Whether the check told anything."""
        seen.labels["outcome"] = "not told"
        try:
            seen.labels["outcome"] = check(
                self._keeper, row.connection, by_itself=True
            ).signal.value
        except EvergrantError as error:
            log.warning("check of %s: %s", row.connection, error.what)
        except Exception:
            # A defect that one connection brings out must not keep the others from being looked at.
            log.exception("check of %s failed by a defect of Evergrant", row.connection)
        else:
            return True
        return False
