"""The thread that goes round after round in one process."""

from __future__ import annotations

import threading
from types import TracebackType
from uuid import uuid4

from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.log import logger
from evergrant.watch.rounds import go_round

EVERY_S = 1.0

log = logger("watch")


class Walker:
    """Walks the due rows until it is stopped; use it as a context manager."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._owner = f"walker-{uuid4().hex[:8]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="evergrant-watch", daemon=True)

    def _walk(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                go_round(self._keeper, self._owner)
            except EvergrantError as error:
                # The next round finds the same rows; a broken store must not end the watch.
                log.error("round failed: %s", error.what)
            except Exception:  # a defect of ours must not end it either, and must be seen
                log.exception("round failed by a defect of Evergrant")

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
        self._thread.join(timeout=30)
