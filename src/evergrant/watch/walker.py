"""The watch on SQLite: one thread of one process goes round after round."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from uuid import uuid4

from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.log import logger
from evergrant.watch.rounds import go_round

EVERY_S = 1.0
SILENT_S = 60.0
"""A watch that has not looked for so long is not alive."""

log = logger("watch")


class Walker:
    """Walks the due rows until it is stopped; use it as a context manager."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._owner = f"walker-{uuid4().hex[:8]}"
        self._looked = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="evergrant-watch", daemon=True)

    def _walk(self) -> None:
        wait_s = EVERY_S
        while not self._stop.wait(wait_s):
            wait_s = EVERY_S
            try:
                done = go_round(self._keeper, self._owner, is_over=self._stop.is_set)
            except EvergrantError as error:
                # The next round finds the same rows; a broken store must not end the watch.
                log.error("round failed: %s", error.what)
            except Exception:  # a defect of ours must not end it either, and must be seen
                log.exception("round failed by a defect of Evergrant")
            else:
                self._looked = time.monotonic()
                # After a full round there is more: it is not left waiting.
                wait_s = 0.0 if done.is_full else EVERY_S

    def is_alive(self) -> bool:
        """Whether it has looked lately."""
        return time.monotonic() - self._looked < SILENT_S

    def __enter__(self) -> Walker:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=60)
