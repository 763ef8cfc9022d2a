"""One thread that writes for all: what waits together is committed together.

A commit waits for the disk, whatever is in it; of thirty-two writers each would wait for
thirty-one others.  Pieces of the same work that meet in a transaction are done together, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

from evergrant.store.engine import Store, Tx

T = TypeVar("T")
Item = TypeVar("Item")
_Piece: TypeAlias = tuple[Callable[[Tx], Any], Future[Any]]
MOST = 64
"""The most pieces of work in one transaction."""


@dataclass(frozen=True, slots=True)
class Share(Generic[Item, T]):
    """A piece of work that is done together with others of its kind."""

    together: Callable[[Tx, Sequence[Item]], Sequence[T]]
    """What does it for several; returns a result for each, in order."""
    item: Item

    def __call__(self, tx: Tx) -> T:
        """Done for this one alone."""
        return self.together(tx, [self.item])[0]


def done(tx: Tx, works: Sequence[Callable[[Tx], Any]]) -> list[Any]:
    """What the pieces of work of one transaction come to, in their order."""
    results: list[Any] = [None] * len(works)
    shares: dict[Callable[..., Any], list[tuple[int, Any]]] = {}
    for place, work in enumerate(works):
        if isinstance(work, Share):
            shares.setdefault(work.together, []).append((place, work.item))
        else:
            results[place] = work(tx)
    for together, parts in shares.items():
        came = together(tx, [item for _, item in parts])
        for (place, _), result in zip(parts, came, strict=True):
            results[place] = result
    return results


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
        self._waiting.put((work, future))
        if self._thread is None:
            self._begin()
        return future

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
                results = done(tx, [work for work, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for piece in batch:
                self._commit([piece])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
