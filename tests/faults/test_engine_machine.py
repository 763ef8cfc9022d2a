"""The real engine, led through crash, delay and reorder against a model of Salesforce."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import vault_kit
from engine_kit import QUICK
from evergrant.clock import ManualClock
from evergrant.errors import EvergrantError, OurBug, OutcomeUnknown, Refused
from evergrant.keeper.engine import Engine, Failed, Outcome, Want
from evergrant.keeper.engine.refreshing import refreshing
from evergrant.keeper.engine.steps import Send, Step, Ticket
from evergrant.model import Secret
from evergrant.store import Store, token_requests
from evergrant.vault import Kept, Vault
from evergrant.wire import Conversation, Reply, Request
from vault_kit import NOW, TOKENS, WHO

pytestmark = pytest.mark.slow
LEASE = 10.0
RULES = replace(QUICK, lease_s=LEASE, looks=3, org_rate=1e9, org_burst=10**9)
CONNECTION = "con_acme"


@dataclass
class Org:
    """What Salesforce does with refresh tokens that rotate; a replay ends them all."""

    current: str = "planted-refresh"
    alive: bool = True
    given: int = 0
    asked: list[str] = field(default_factory=list)

    def answer(self, token: str) -> Reply:
        self.asked.append(token)
        if not self.alive or token != self.current:
            self.alive = False
            return _json(400, error="invalid_grant", error_description=_GONE)
        self.given += 1
        self.current = f"refresh-{self.given}"
        access = f"access-{self.given}"
        return _json(200, access_token=access, refresh_token=self.current, id=TOKENS.identity_url)


_GONE = "expired access/refresh token"


def _json(status: int, **told: str) -> Reply:
    kind = {"content-type": "application/json"}
    return Reply(status, kind, json.dumps(told).encode(), "https://login.salesforce.com")


class Worker:
    """One process: its engine, and the refresh that it is in the middle of."""

    def __init__(self, make: Any, org: Org, allowed: Callable[[Ticket], None]) -> None:
        self._make, self._org, self._allowed = make, org, allowed
        self.engine: Engine = make()
        self.steps: Any = None
        self.at: Step | None = None
        self.conversation: Conversation[Any] | None = None
        self.reply: Reply | None = None
        self.stored = False
        self.outcome: Outcome | None = None

    @property
    def seq(self) -> int:
        return self.at.ticket.seq if isinstance(self.at, Send) else 0

    def crash(self) -> None:
        """The process dies and another one starts in its place."""
        self.engine.close()
        self.__init__(self._make, self._org, self._allowed)  # type: ignore[misc]

    def begin(self, want: Want) -> None:
        self.outcome = None
        self.steps = refreshing(want, self.engine.rules, self.engine._chance)
        self.at = next(self.steps)

    def go(self) -> None:
        """One step; a request takes three: it is delivered, its answer stored, and read."""
        assert self.at is not None
        if not isinstance(self.at, Send):
            self._resume(lambda: self.engine._perform(self.at))
        elif self.conversation is None:
            self._deliver(self.at)
        elif not self.stored:
            assert self.reply is not None
            self.engine._keep(self.at.ticket, self.reply)
            self.stored = True
        else:
            self._read(lambda c: c.send(self.reply))

    def lose(self) -> None:
        """The answer never comes."""
        self._read(lambda c: c.throw(OutcomeUnknown("reset")))

    def _deliver(self, at: Send) -> None:
        def deliver() -> None:
            asked = self.engine.hands.asked(at.ticket)
            self.engine.hands.claims.mine.add(at.ticket.seq)
            request = next(asked)
            assert isinstance(request, Request)
            assert request.form
            token = request.form["refresh_token"]
            assert isinstance(token, Secret)
            self._allowed(at.ticket)
            self.conversation, self.stored = asked, False
            self.reply = self._org.answer(token.reveal())

        try:
            deliver()
        except EvergrantError as error:
            slept = error
        else:
            return
        self._resume(lambda: _raise(slept))

    def _read(self, how: Any) -> None:
        def read() -> Any:
            try:
                how(self.conversation)
            except StopIteration as end:
                return end.value
            raise OurBug("a refresh asks once")

        seq = self.seq
        try:
            self._resume(read)
        finally:
            self.engine.hands.claims.mine.discard(seq)
            self.conversation, self.reply, self.stored = None, None, False

    def _resume(self, do: Any) -> None:
        try:
            try:
                answer = do()
            except EvergrantError as error:
                self.at = self.steps.throw(error)
            else:
                self.at = self.steps.send(answer)
        except StopIteration as end:
            self.at, self.outcome = None, end.value


def _raise(error: Exception) -> Any:
    raise error


@cache
def template() -> Path:
    """A database with one connection, made once."""
    folder = Path(tempfile.mkdtemp(prefix="evergrant-machine-"))
    vault = vault_kit.vault()
    with vault_kit.opened(folder) as store, store.write() as tx:
        vault_kit.seed(tx, vault)
        vault.keep(tx, CONNECTION, TOKENS, identity=WHO, epoch=0)
    return folder / "data" / "evergrant.db"


class Machine(RuleBasedStateMachine):
    """Three workers, one refresh token."""

    workers: list[Worker]

    @initialize()
    def start(self) -> None:
        memory = Path("/dev/shm")
        self.folder = tempfile.mkdtemp(dir=memory if memory.is_dir() else None)
        path = Path(self.folder) / "evergrant.db"
        shutil.copy(template(), path)
        self.store = Store.open(f"sqlite:///{path}", patience_s=5)
        self.clock, self.now = ManualClock(NOW), 1000.0
        self.vault = Vault(vault_kit.vault().ring, self.clock)
        self.org = Org()
        self.doubted: set[str] = set()
        self.workers = [Worker(self._engine, self.org, self.licensed) for _ in range(3)]

    def _engine(self) -> Engine:
        spill = Path(self.folder) / "spill"
        return Engine(
            self.store, self.vault, self.clock, _raise, spill, rules=RULES, ticks=lambda: self.now
        )

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.all_die_and_one_survives()
            for each in self.workers:
                each.engine.close()
            self.store.close()
            shutil.rmtree(self.folder)

    # --- what may happen -------------------------------------------------------------------------

    @rule(which=st.integers(0, 2), refused=st.booleans())
    def begin(self, which: int, refused: bool) -> None:
        worker = self.workers[which]
        if worker.at is None:
            at_hand = self.live().credential.access_token.fingerprint
            worker.begin(Want(CONNECTION, at_hand, refused=refused, urgent=True))

    @rule(which=st.integers(0, 2), steps=st.integers(1, 4))
    def go(self, which: int, steps: int) -> None:
        worker = self.workers[which]
        for _ in range(steps):
            if worker.at is not None:
                worker.go()
                self.evidence(worker)

    @rule(which=st.integers(0, 2))
    def crash(self, which: int) -> None:
        self.doubts(self.workers[which])
        self.workers[which].crash()

    @precondition(lambda self: any(each.reply and not each.stored for each in self.workers))
    @rule()
    def answer_is_lost(self) -> None:
        worker = next(each for each in self.workers if each.reply and not each.stored)
        self.doubts(worker)
        worker.lose()

    @rule(seconds=st.sampled_from([0.5, LEASE / 4, LEASE, 3 * LEASE]), beats=st.booleans())
    def time_passes(self, seconds: float, beats: bool) -> None:
        """With signs of life, or in a machine that was stopped."""
        self.now += seconds
        self.clock.advance(timedelta(seconds=seconds))
        under_way = [each.seq for each in self.workers if each.conversation is not None]
        if beats and under_way:
            until = self.clock.now() + timedelta(seconds=LEASE)
            with self.store.write() as tx:
                token_requests.beat(tx, under_way, until)

    @rule(hours=st.integers(-48, 48))
    def the_clock_jumps(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    # --- what must hold --------------------------------------------------------------------------

    def licensed(self, ticket: Ticket) -> None:
        """As a request is delivered: no other one with this token may still be in flight."""
        assert ticket.kept is not None
        assert ticket.kept.credential.refresh_token is not None
        spent = ticket.kept.credential.refresh_token.fingerprint
        for row in self.rows():
            if row.spent == spent and row.seq != ticket.seq:
                assert row.state in ("refused", "not sent", "unknown"), row
            if row.seq == ticket.seq:
                assert row.state == "under way", row
        for other in self.workers:
            self.doubts(other)  # it was given up for unknown: this one is the gamble

    def evidence(self, worker: Worker) -> None:
        """Dead is only said of what is in use, and only when it is so."""
        found = worker.outcome
        if isinstance(found, Failed) and isinstance(found.failure, Refused) and found.used:
            live = self.live()
            if (live.id, live.generation) == (found.used.id, found.used.generation):
                assert not self.org.alive

    def doubts(self, worker: Worker) -> None:
        """A request was delivered, and its answer never stored: the window."""
        if worker.reply is not None and not worker.stored:
            assert isinstance(worker.at, Send)
            kept = worker.at.ticket.kept
            assert kept is not None
            self.doubted.add(self.fingerprint(kept))

    @invariant()
    def at_most_one_request_is_open(self) -> None:
        if hasattr(self, "store"):
            assert sum(row.ended_at is None for row in self.rows()) <= 1

    def all_die_and_one_survives(self) -> None:
        """Whatever was interrupted: what can be kept is kept, and a loss lies in the window."""
        for each in self.workers:
            self.doubts(each)
            each.crash()
        survivor = self.workers[0]
        for _ in range(40):
            at_hand = self.live().credential.access_token.fingerprint
            survivor.begin(Want(CONNECTION, at_hand, refused=False, urgent=True))
            while survivor.at is not None:
                survivor.go()
                self.now += LEASE
            if not any(row.ended_at is None for row in self.rows()):
                break
        token = self.live().credential.refresh_token
        assert token is not None
        if not (self.org.alive and self.org.current == token.reveal()):
            assert self.doubted, "lost outside the window"

    # --- reading ---------------------------------------------------------------------------------

    def live(self) -> Kept:
        with self.store.read() as tx:
            found = self.vault.live(tx, CONNECTION)
        assert found is not None
        return found

    def rows(self) -> list[token_requests.TokenRequest]:
        with self.store.read() as tx:
            return list(token_requests.of(tx, CONNECTION))

    @staticmethod
    def fingerprint(kept: Kept) -> str:
        assert kept.credential.refresh_token is not None
        return kept.credential.refresh_token.fingerprint


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
