"""The watch on SQLite: one thread of one process goes round after round."""

from __future__ import annotations

from evergrant.errors import EvergrantError
from evergrant.log import logger
from evergrant.watch.looking import EVERY_S, Looking
from evergrant.watch.rounds import go_round

log = logger("watch")


class Walker(Looking):
    """Walks the due rows until it is stopped."""

    KIND = "walker"

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
                self._has_looked()
                # After a full round there is more: it is not left waiting.
                wait_s = 0.0 if done.is_full else EVERY_S
