"""Committing in groups from within an event loop.

On SQLite the statements run in the loop's own thread, where nobody takes the interpreter away
between two of them; only what waits for others, the write lock and the disk, waits in a thread.
On PostgreSQL every statement waits for others, and the whole transaction runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from evergrant.errors import StoreTrouble
from evergrant.store.engine import Store, Tx
from evergrant.store.group import MOST, done
from evergrant.store.hasty import Hasty

T = TypeVar("T")
TURNS = 3
"""So often the loop turns before a transaction begins: who has just been told that an answer is
stored comes back with what follows from it, and both share the next."""
_Piece: TypeAlias = tuple[Callable[[Tx], Any], asyncio.Future[Any]]


@dataclass(slots=True)
class _Queue:
    waiting: list[_Piece] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class LoopGroup:
    """Commits in groups; every event loop has a queue of its own."""

    def __init__(self, store: Store) -> None:
        self._store, self._hasty = store, Hasty(store.database)
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    async def do(self, work: Callable[[Tx], T]) -> T:
        """Have work done in the next transaction, and wait until it is on the disk.

        Work may be done a second time, when other work of the same transaction failed: it acts on
        nothing but the transaction.  Raises what the work raises, or `StoreTrouble`.
        """
        loop = asyncio.get_running_loop()
        if (queue := self._queues.get(loop)) is None:
            queue = self._queues[loop] = _Queue()
        future: asyncio.Future[T] = loop.create_future()
        queue.waiting.append((work, future))
        if queue.task is None:
            queue.task = loop.create_task(self._drain(queue))
        # The work is done whether or not anybody still waits for it.
        return await future

    def close(self) -> None:
        """Close its connection; nothing may wait any more."""
        self._hasty.close()

    async def _drain(self, queue: _Queue) -> None:
        try:
            while queue.waiting:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                batch, queue.waiting = queue.waiting[:MOST], queue.waiting[MOST:]
                await self._commit(batch)
        finally:
            queue.task = None

    async def _commit(self, batch: list[_Piece]) -> None:
        """All together; when one fails each alone, so that it fails alone."""
        try:
            results = await self._together([work for work, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                if not batch[0][1].done():
                    batch[0][1].set_exception(error)
                return
            for piece in batch:
                await self._commit([piece])
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():  # its caller may be gone
                future.set_result(result)

    async def _together(self, works: list[Callable[[Tx], Any]]) -> list[Any]:
        if self._store.is_remote:
            return await asyncio.to_thread(self._all, works)
        writing, tx = await self._begun()
        try:
            results = done(tx, works)
            await asyncio.get_running_loop().run_in_executor(None, _to_disk, tx)
        except BaseException as error:
            # It passes the error on, or turns it into `StoreTrouble`, once all is undone.
            await asyncio.to_thread(writing.__exit__, type(error), error, error.__traceback__)
            raise
        writing.__exit__(None, None, None)
        return results

    async def _begun(self) -> tuple[AbstractContextManager[Tx], Tx]:
        """A transaction, begun here and now if nobody else writes; else a thread waits for it."""
        writing = self._hasty.write()
        try:
            return writing, writing.__enter__()
        except StoreTrouble:
            writing = self._store.write()
            return writing, await asyncio.to_thread(writing.__enter__)

    def _all(self, works: list[Callable[[Tx], Any]]) -> list[Any]:
        with self._store.write() as tx:
            return done(tx, works)


def _to_disk(tx: Tx) -> None:
    """The part of a commit that waits.

    The thread does it alone and has nothing else to ask the interpreter for: SQLAlchemy, which
    finds that all is committed, ends the transaction in the loop.
    """
    raw: Any = tx.connection.dbapi_connection
    raw.commit()
