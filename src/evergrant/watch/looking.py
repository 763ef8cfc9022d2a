"""The thread that a watch lives on: it starts, says whether it still looks, and ends when asked."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self
from uuid import uuid4

from evergrant.keeper import Keeper

EVERY_S = 1.0
SILENT_S = 60.0
"""A watch that has not looked for so long is not alive."""
PATIENCE_S = 60.0
"""What is under way may take so long when the watch ends."""


class Looking(ABC):
    """What both watches share; a subclass walks in `_walk`. Use it as a context manager."""

    KIND = "watch"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._owner = f"{self.KIND}-{uuid4().hex[:8]}"
        self._looked = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="evergrant-watch", daemon=True)

    def is_alive(self) -> bool:
        """Whether it has looked lately."""
        return time.monotonic() - self._looked < SILENT_S

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=PATIENCE_S)

    @abstractmethod
    def _walk(self) -> None:
        """Look until `_stop` is set."""

    def _has_looked(self) -> None:
        self._looked = time.monotonic()
