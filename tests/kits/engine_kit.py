"""What the tests of the refresh engine begin with: several workers on one store and one org."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from evergrant import wire
from evergrant.emulator import front
from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.keeper.engine import Engine, Outcome, Rules, Want
from evergrant.keeper.engine.hands import Trace
from evergrant.keeper.engine.refreshing import refreshing
from evergrant.keeper.engine.steps import Answer, Send, Step
from evergrant.model import Connection
from evergrant.store import Store, token_requests
from evergrant.store.token_requests import TokenRequest
from evergrant.vault import MAIN
from keeper_kit import TOKEN, Ground

QUICK = Rules(lease_s=0.6, patience_s=10.0, commit_wait_s=0.01, contended_s=(0.001, 0.002))
"""A minute takes a second."""


@contextmanager
def worker(
    ground: Ground,
    rules: Rules = QUICK,
    *,
    trace: Trace | None = None,
    name: str = "worker",
    patience_s: float = 2,
) -> Iterator[Keeper]:
    """Another worker on the same store, with a pool, an engine and threads of its own."""
    known = ground.keeper
    with wire.client() as pool, Store.open(known.settings.database, patience_s=patience_s) as store:
        say = partial(wire.run, via=pool, clock=known.clock)
        spill = known.settings.data_dir / "spill"
        engine = Engine(
            store, known.vault, known.clock, say, spill, rules=rules, worker=name, trace=trace
        )
        try:
            yield replace(known, store=store, engine=engine)
        finally:
            engine.close()


def fingerprint(ground: Ground, connection: Connection, part: str = MAIN) -> str:
    return ground.live(connection, part).credential.access_token.fingerprint


def refused(ground: Ground, connection: Connection, part: str = MAIN, **more: Any) -> Want:
    """What a caller wants whose token Salesforce refused."""
    at_hand = fingerprint(ground, connection, part)
    given: dict[str, Any] = {"part": part, "urgent": True} | more
    return Want(connection.id, at_hand, refused=True, **given)


def sent(ground: Ground) -> list[str]:
    """The refresh tokens that the org was asked with, in order, as the wire carried them.

    The org shows its history masked; here it is listened to from inside, so that a token that is
    sent twice is seen by the other side and not by our own books.
    """
    with patch.object(front, "masked", dict):
        asked = [each["parameters"] for each in ground.requests(TOKEN)]
    return [each["refresh_token"] for each in asked if each["grant_type"] == "refresh_token"]


def rows(ground: Ground, connection: Connection) -> list[TokenRequest]:
    """The token requests that are remembered, oldest first."""
    with ground.keeper.reading() as tx:
        return list(reversed(token_requests.of(tx, connection.id)))


class Walk:
    """One refresh that is led step by step: the process can stop, or die, between any two."""

    def __init__(self, keeper: Keeper, want: Want) -> None:
        self.engine = keeper.engine
        self._steps = refreshing(want, self.engine.rules, self.engine._chance)
        self.at: Step | None = next(self._steps)
        self.outcome: Outcome | None = None
        self.answer: Answer = None

    def to(self, kind: type[Step]) -> Walk:
        """Go on until a step of this kind is to be done next."""
        while self.at is not None and not isinstance(self.at, kind):
            self.step()
        return self

    def step(self) -> None:
        """Do what is to be done next."""
        assert self.at is not None
        try:
            try:
                self.answer = self.engine._perform(self.at)
            except EvergrantError as error:
                self.at = self._steps.throw(error)
            else:
                self.at = self._steps.send(self.answer)
        except StopIteration as end:
            self.at, self.outcome = None, end.value

    def end(self) -> Outcome:
        """Go on to the end."""
        while self.at is not None:
            self.step()
        assert self.outcome is not None
        return self.outcome

    def die(self) -> None:
        """The process is gone: nobody beats, and nothing is cleaned up."""
        self._steps.close()
        self.at = None

    def send_and_die(self) -> None:
        """The answer comes and is stored, and then the process dies."""
        self.to(Send).step()
        self.die()
