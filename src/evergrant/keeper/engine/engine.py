"""Performing: the steps of `refreshing` against store and wire, in a thread or an event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, assert_never, cast
from uuid import uuid4

from evergrant import wire
from evergrant.clock import Clock
from evergrant.errors import EvergrantError
from evergrant.keeper.engine.claim import Claims
from evergrant.keeper.engine.commit import Commits
from evergrant.keeper.engine.flights import LoopFlights
from evergrant.keeper.engine.gates import Gates
from evergrant.keeper.engine.hands import Hands, Trace
from evergrant.keeper.engine.heart import Heart
from evergrant.keeper.engine.refreshing import refreshing
from evergrant.keeper.engine.rules import Rules
from evergrant.keeper.engine.spill import Spill
from evergrant.keeper.engine.steps import (
    Answer,
    Claim,
    Commit,
    Fresh,
    Outcome,
    Publish,
    Send,
    Step,
    Ticket,
    Wait,
    Want,
)
from evergrant.log import logger
from evergrant.model import Connection
from evergrant.store import Store, Tx
from evergrant.store.group import Group
from evergrant.store.loop_group import LoopGroup
from evergrant.vault import Vault
from evergrant.wire import Reply

if TYPE_CHECKING:
    import aiohttp

Key = tuple[str, str]
REMEMBERED = 10_000
BEHIND = 4
"""Renewals ahead of time that one process carries at once."""


class Engine:
    """Renews credentials, one token request at a time over all processes; thread-safe."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        say: Callable[..., Any],
        spill: Path,
        *,
        rules: Rules | None = None,
        worker: str = "worker",
        trace: Trace | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules = rules or Rules()
        self.group = group = Group(store)
        self.in_loop = LoopGroup(store)
        files, gates, owner = Spill(spill), Gates(rules, ticks), f"{worker}-{uuid4().hex[:12]}"
        claims = Claims(vault, clock, rules, gates, files, owner, ticks)
        self.hands = Hands(
            vault, clock, say, rules, group, files, gates, claims, Commits(vault, clock),
            Heart(group, clock, rules, claims.mine), ticks, trace,
        )  # fmt: skip
        self._chance = Random()  # noqa: S311 (jitter)
        self._flights: dict[Key, Future[Outcome]] = {}
        self._loop_flights = LoopFlights[Outcome]()
        self._lock = threading.Lock()
        self._said: dict[tuple[str, ...], None] = {}
        self._behind = ThreadPoolExecutor(BEHIND, thread_name_prefix="evergrant-behind")

    def close(self) -> None:
        """Finish what is under way and what is being written, and end the threads."""
        self._behind.shutdown(wait=True)
        self.hands.heart.close()
        self.group.close()
        self.in_loop.close()

    def later(self, work: Callable[[], object]) -> None:
        """Do something that nobody waits for; a failure is logged."""

        def quietly() -> None:
            try:
                work()
            except EvergrantError as error:
                logger("engine").info("not renewed ahead of time: %s", error.what)

        self._behind.submit(quietly)

    def sweep(self, tx: Tx, connection: Connection) -> None:
        """Revoke later what came too late for a connection and could not be revoked then."""
        for orphan in self.hands.orphans(tx, connection):
            self.later(lambda each=orphan: self.hands.give_back(each))  # type: ignore[misc]

    def is_first(self, *words: str) -> bool:
        """Whether these words are said for the first time in this process, as far as it knows."""
        with self._lock:
            if words in self._said:
                return False
            self._said[words] = None
            while len(self._said) > REMEMBERED:
                del self._said[next(iter(self._said))]
            return True

    # --- one flight for all who want the same ----------------------------------------------------

    def renew(self, want: Want) -> Outcome:
        """Get another access token in this thread; who comes meanwhile waits for the same one.

        Raises `StoreTrouble`, `VaultTrouble`, and `NotFound` for an unknown connection.
        """
        while True:
            flight, is_mine = self._flight((want.connection, want.part))
            if is_mine:
                return self._lead(want, flight)
            if _serves(outcome := flight.result(), want):
                return outcome

    def _flight(self, key: Key) -> tuple[Future[Outcome], bool]:
        with self._lock:
            if key in self._flights:
                return self._flights[key], False
            self._flights[key] = mine = Future[Outcome]()
            return mine, True

    def _lead(self, want: Want, flight: Future[Outcome]) -> Outcome:
        try:
            outcome = self._fly(want)
        except BaseException as error:
            self._land(want)
            flight.set_exception(error)
            raise
        self._land(want)
        flight.set_result(outcome)
        return outcome

    def _land(self, want: Want) -> None:
        with self._lock:
            del self._flights[want.connection, want.part]

    async def arenew(self, want: Want, via: aiohttp.ClientSession) -> Outcome:
        """The same in this event loop.

        A caller that is cancelled takes nothing down with it.
        """
        key = want.connection, want.part
        while True:
            outcome = await self._loop_flights.join(key, lambda: self._afly(want, via))
            if _serves(outcome, want):
                return outcome

    # --- the two drivers -------------------------------------------------------------------------

    def _fly(self, want: Want) -> Outcome:
        self.hands.spill.prepare()
        steps = refreshing(want, self.rules, self._chance)
        try:
            step = next(steps)
            while True:
                try:
                    self._tell("before", step)
                    answer = self._perform(step)
                    self._tell("after", step)
                except EvergrantError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            steps.close()

    def _perform(self, step: Step) -> Answer:
        hands = self.hands
        match step:
            case Claim() | Commit():
                return self._done(step, self.group.do(hands.work(step)))
            case Wait(seconds):
                hands.clock.sleep(seconds)
            case Send(ticket):
                with hands.sending(ticket):
                    return cast(
                        Answer,
                        hands.say(
                            hands.asked(ticket),
                            seen=lambda reply: self._keep(ticket, reply),
                            patience_s=hands.rules.patience_s,
                        ),
                    )
            case Publish(_, orphan):
                if orphan is not None:
                    hands.give_back(orphan)
            case _:
                assert_never(step)
        return None

    async def _afly(self, want: Want, via: aiohttp.ClientSession) -> Outcome:
        self.hands.spill.prepare()
        steps = refreshing(want, self.rules, self._chance)
        try:
            step = next(steps)
            while True:
                try:
                    self._tell("before", step)
                    answer = await self._aperform(step, via)
                    self._tell("after", step)
                except EvergrantError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            steps.close()

    async def _aperform(self, step: Step, via: aiohttp.ClientSession) -> Answer:
        hands = self.hands
        match step:
            case Claim() | Commit():
                done = await self.in_loop.do(hands.work(step))
                return self._done(step, done)
            case Wait(seconds):
                await hands.clock.asleep(seconds)
            case Send(ticket):
                with hands.sending(ticket):
                    return await wire.arun(
                        hands.asked(ticket),
                        via=via,
                        clock=hands.clock,
                        seen=lambda reply: self._akeep(ticket, reply),
                        patience_s=hands.rules.patience_s,
                    )
            case Publish(_, orphan):
                if orphan is not None:
                    await asyncio.to_thread(hands.give_back, orphan)
            case _:
                assert_never(step)
        return None

    def _done(self, step: Claim | Commit, answer: Any) -> Answer:
        if isinstance(step, Commit):
            self.hands.spill.drop(step.ticket.seq)
        return answer  # type: ignore[no-any-return]

    def _keep(self, ticket: Ticket, reply: Reply) -> None:
        """Store a raw answer before anybody reads it."""
        hands = self.hands
        self._tell("answer came")
        sealed = hands.sealed(ticket, reply)
        try:
            self.group.do(hands.keeping(ticket, sealed))
        except Exception as trouble:  # whatever this was, the answer cannot be had again
            hands.spilled(ticket, sealed, trouble)
        self._tell("answer stored")

    async def _akeep(self, ticket: Ticket, reply: Reply) -> None:
        hands = self.hands
        self._tell("answer came")
        sealed = hands.sealed(ticket, reply)
        try:
            await self.in_loop.do(hands.keeping(ticket, sealed))
        except Exception as trouble:  # whatever this was, the answer cannot be had again
            hands.spilled(ticket, sealed, trouble)
        self._tell("answer stored")

    def _tell(self, moment: str, step: Step | None = None) -> None:
        if trace := self.hands.trace:
            trace(f"{moment} {type(step).__name__}" if step else moment)


def _serves(outcome: Outcome, want: Want) -> bool:
    """Whether what another caller was told answers this one, too."""
    if isinstance(outcome, Fresh):
        return outcome.kept.credential.access_token.fingerprint != want.not_token
    return True
