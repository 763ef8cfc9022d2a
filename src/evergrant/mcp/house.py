"""What the tools are given: the catalog at once, the keeper when the first of them needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from evergrant.catalog import Catalog, load
from evergrant.clock import Clock, SystemClock
from evergrant.keeper import Keeper, open_keeper
from evergrant.keeper.presence import present
from evergrant.settings import Settings


class BegunFlow(Protocol):
    """A browser authorization that was begun."""

    @property
    def id(self) -> str: ...

    @property
    def link(self) -> str: ...


class House:
    """The resources of one server; close it at the end."""

    def __init__(
        self,
        settings: Settings,
        begin: Callable[[dict[str, Any]], BegunFlow],
        *,
        clock: Clock | None = None,
        folders: Sequence[Path] = (),
    ) -> None:
        """`begin` asks the running service for a browser authorization.

        Files are read below `folders` and nowhere else.
        """
        self.begin = begin
        self.folders = tuple(folders)
        self.clock: Clock = clock or SystemClock()
        self._settings = settings
        self._held = ExitStack()
        self._lock = Lock()
        self._keeper: Keeper | None = None

    @property
    def catalog(self) -> Catalog:
        """What is known."""
        return load()

    @property
    def keeper(self) -> Keeper:
        """The keeper; opened by whoever asks first.  Raises `StoreTrouble` or `VaultTrouble`."""
        with self._lock:
            if self._keeper is None:
                opened = open_keeper(self._settings, clock=self.clock)
                keeper = self._held.enter_context(opened)
                self._held.enter_context(present(keeper, "mcp"))
                self._keeper = keeper
            return self._keeper

    def close(self) -> None:
        """Give everything back."""
        with self._lock:
            self._held.close()
            self._keeper = None
