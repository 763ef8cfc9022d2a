"""One flight for all who want the same: whose it is, and who hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from evergrant.errors import Misuse
from evergrant.keeper.engine.flights import LoopFlights


class Air:
    """Flights that land when they are told to; how many began is counted."""

    def __init__(self) -> None:
        self.begun = 0
        self.flights = LoopFlights[str]()
        self.may_land = asyncio.Event()
        self.fails = False

    async def fly(self) -> str:
        self.begun += 1
        await self.may_land.wait()
        if self.fails:
            raise Misuse("no")
        return f"flight {self.begun}"

    def boarded(self) -> asyncio.Task[str]:
        return asyncio.create_task(self.flights.join("con_acme", self.fly))


def played(play: Coroutine[Any, Any, None]) -> list[str]:
    """What the loop had to complain of meanwhile."""
    heard: list[str] = []

    async def listening() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, told: heard.append(str(told.get("exception")))
        )
        await play

    asyncio.run(listening())
    return heard


def test_those_who_come_during_a_flight_hear_of_it_and_who_comes_after_begins_another() -> None:
    async def play() -> None:
        air = Air()
        early = [air.boarded() for _ in range(3)]
        await asyncio.sleep(0)
        air.may_land.set()
        assert await asyncio.gather(*early) == ["flight 1"] * 3
        assert await air.boarded() == "flight 2"

    assert played(play()) == []


def test_a_flight_goes_on_when_whoever_began_it_is_gone() -> None:
    async def play() -> None:
        air = Air()
        first, second = air.boarded(), air.boarded()
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        air.may_land.set()
        assert (await second, air.begun) == ("flight 1", 1)
        with pytest.raises(asyncio.CancelledError):
            await first

    assert played(play()) == []


def test_a_flight_that_fails_fails_for_all_who_wait_and_for_nobody_after() -> None:
    async def play() -> None:
        air = Air()
        air.fails = True
        waiting = [air.boarded() for _ in range(2)]
        air.may_land.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in found] == [Misuse, Misuse]
        air.fails = False
        assert await air.boarded() == "flight 2"

    assert played(play()) == []


def test_a_failure_that_nobody_waits_for_is_heard_of_by_the_loop() -> None:
    async def play() -> None:
        air = Air()
        air.fails = True
        alone = air.boarded()
        await asyncio.sleep(0)
        alone.cancel()
        await asyncio.sleep(0)
        air.may_land.set()
        for _ in range(3):
            await asyncio.sleep(0)

    assert played(play()) == ["no"]
