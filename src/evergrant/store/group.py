"""One thread that writes for all: what waits together is committed together.

A commit waits for the disk, whatever is in it; of thirty-two writers each would wait for
thirty-one others.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from evergrant.store.engine import Store, Tx

T = TypeVar("T")
_Future: TypeAlias = "Future[Any] | asyncio.Future[Any]"
_Piece: TypeAlias = tuple[Callable[[Tx], Any], _Future]
MOST = 64
"""The most pieces of work in one transaction."""


class Group:
    """Commits in groups; thread-safe.  Its thread begins with the first work and ends with it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: SimpleQueue[_Piece | None] = SimpleQueue()
        self._begun = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        """Have work done in the next transaction; the future is ready once that is on the disk.

        Work may be done a second time, when other work of the same transaction failed: it acts on
        nothing but the transaction.  The future raises what the work raises, or `StoreTrouble`.
        """
        future: Future[T] = Future()
        self._put(work, future)
        return future

    def asubmit(self, work: Callable[[Tx], T]) -> asyncio.Future[T]:
        """The same in an event loop."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(work, future)
        return future

    def _put(self, work: Callable[[Tx], Any], future: _Future) -> None:
        self._waiting.put((work, future))
        if self._thread is None:
            self._begin()

    def do(self, work: Callable[[Tx], T]) -> T:
        """Have work done and wait for it."""
        return self.submit(work).result()

    def close(self) -> None:
        """Finish what waits, and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _begin(self) -> None:
        with self._begun:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._walk, name="evergrant-writer", daemon=True
                )
                self._thread.start()

    def _walk(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, ends = [first], False
            while len(batch) < MOST and not ends:
                try:
                    more = self._waiting.get_nowait()
                except Empty:
                    break
                if more is None:
                    ends = True
                else:
                    batch.append(more)
            self._commit(batch)
            if ends:
                return

    def _commit(self, batch: list[_Piece]) -> None:
        """All together; when one fails each alone, so that it fails alone."""
        try:
            with self._store.write() as tx:
                results = [work(tx) for work, _ in batch]
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            for piece in batch:
                self._commit([piece])
            return
        _tell([(future, result) for (_, future), result in zip(batch, results, strict=True)])


def _fail(future: _Future, error: BaseException) -> None:
    if isinstance(future, asyncio.Future):
        _tell([(future, _Wrong(error))])
    else:
        future.set_exception(error)


def _tell(ready: list[tuple[_Future, Any]]) -> None:
    """Hand out results; an event loop is woken once for all that wait in it."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Future, Any]]] = {}
    for future, result in ready:
        if isinstance(future, asyncio.Future):
            loops.setdefault(future.get_loop(), []).append((future, result))
        else:
            future.set_result(result)
    for loop, pairs in loops.items():
        with suppress(RuntimeError):  # the loop was closed, and nobody waits in it any more
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[_Future, Any]]) -> None:
    for future, result in pairs:
        if future.done():
            continue
        if isinstance(result, _Wrong):
            future.set_exception(result.error)
        else:
            future.set_result(result)


@dataclass(frozen=True, slots=True)
class _Wrong:
    error: BaseException
