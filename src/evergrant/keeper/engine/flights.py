"""One flight for all who want the same, in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    waiting: list[asyncio.Future[T]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    """Held here: the loop alone would let a task go that nobody waits for."""


class LoopFlights(Generic[T]):
    """What is under way in an event loop, each under the key of those who wait for it.

    The task of a flight belongs to none of them: a caller that is cancelled takes nothing down
    with it.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, lead: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What comes of the flight of this key, which begins here when there is none.

        Raises what the flight raises.
        """
        loop = asyncio.get_running_loop()
        if (flight := self._under_way.get(key)) is None:
            flight = self._under_way[key] = _Flight()
            flight.task = loop.create_task(self._fly(key, flight, lead))
        # NOTE: a future for each who waits costs the loop half as many turns as `asyncio.shield`.
        told: asyncio.Future[T] = loop.create_future()
        flight.waiting.append(told)
        return await told

    async def _fly(
        self, key: Hashable, flight: _Flight[T], lead: Callable[[], Coroutine[Any, Any, T]]
    ) -> None:
        try:
            outcome = await lead()
        except BaseException as error:
            waiting = self._landed(key, flight)
            for each in waiting:
                each.set_exception(error)
            if not isinstance(error, Exception):
                raise
            if not waiting:
                told = {"message": "what failed has nobody to hear of it", "exception": error}
                asyncio.get_running_loop().call_exception_handler(told)
        else:
            for each in self._landed(key, flight):
                each.set_result(outcome)

    def _landed(self, key: Hashable, flight: _Flight[T]) -> list[asyncio.Future[T]]:
        """Those who still wait; whoever comes from now on begins another flight."""
        del self._under_way[key]
        return [each for each in flight.waiting if not each.done()]
