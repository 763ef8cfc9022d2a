"""Errors that nobody has a word for: signs of life go on, and an answer that came is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine_kit import QUICK, refused, rows, sent, worker
from evergrant.api.metrics import Metrics
from evergrant.api.operate import Operated
from evergrant.keeper import Keeper
from evergrant.keeper.engine import Fresh
from evergrant.model import Connection, Secret
from fault_kit import until
from keeper_kit import (
    BROWSER_APP,
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

UNHEARD_OF = (
    pytest.param(RuntimeError("nobody knows this"), id="a defect"),
    pytest.param(sqlite3.OperationalError("nobody knows this"), id="the database's"),
)


def rotating(ground: Ground) -> Connection:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    return ground.connected()


class Failing:
    """Makes the writes of a worker fail with an error while it is armed, so often."""

    def __init__(self, error: Exception) -> None:
        self.error, self.left, self.met = error, 0, 0

    def __call__(self, tx: Any) -> None:
        if self.left and tx.get_execution_options().get("writes"):
            self.left, self.met = self.left - 1, self.met + 1
            raise self.error


@contextmanager
def failing(ground: Ground, error: Exception, moment: str, **more: Any) -> Iterator[Any]:
    """A worker whose first write after a moment of its first refresh fails, and what fails it."""
    fails, moments = Failing(error), [moment]

    def trace(now: str) -> None:
        if now in moments:
            moments.clear()
            fails.left = 1

    with worker(ground, replace(QUICK, **more), trace=trace) as one:
        event.listen(one.store.database.writer, "commit", fails)
        yield one, fails


@pytest.mark.parametrize("error", UNHEARD_OF)
def test_after_a_sign_of_life_that_failed_a_slow_token_is_still_sent_once(
    ground: Ground, error: Exception
) -> None:
    connection = rotating(ground)
    ground.fault(TOKEN, delay_s=0.4)
    with failing(ground, error, "before Send") as (one, fails), worker(ground) as two:
        one.engine.renew(refused(ground, connection))
        assert fails.met == 1, "the sign of life failed"
        before = len(sent(ground))
        ground.fault(TOKEN, delay_s=1.4)
        want = refused(ground, connection)
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda keeper: keeper.engine.renew(want), (one, two)))
    assert any(isinstance(each, Fresh) for each in found)
    assert len(sent(ground)) - before == 1
    assert {each.state for each in rows(ground, connection)} == {"done"}


@pytest.mark.parametrize("error", UNHEARD_OF)
def test_an_answer_that_the_store_refuses_with_strange_words_is_kept_in_a_file_until_it_takes_it(
    ground: Ground, error: Exception
) -> None:
    connection = rotating(ground)
    with failing(ground, error, "answer came") as (one, fails):
        found = one.engine.renew(refused(ground, connection))
    assert fails.met == 1, "the raw answer was not stored"
    assert isinstance(found, Fresh)
    assert found.kept == ground.live(connection)
    assert ground.is_live(found.kept.credential.refresh_token)
    spilled = (ground.keeper.settings.data_dir / "spill").iterdir()
    assert [each.name for each in spilled] == ["reserve"], "dropped once it was committed"


def ready(keeper: Keeper) -> tuple[int, str]:
    """What a load balancer is told, and what of the heart."""
    operated = Operated(keeper, Metrics(keeper), Secret("k"), lambda: True)
    with TestClient(Starlette(routes=operated.routes())) as client:
        answer = client.get("/ready")
    return answer.status_code, answer.json()["heart"]


def test_a_process_that_can_write_no_sign_of_life_is_not_ready_until_it_can(
    ground: Ground,
) -> None:
    with failing(ground, RuntimeError("nobody knows this"), "never", lease_s=0.15) as (one, fails):
        assert ready(one) == (200, "ok")
        with one.engine.hands.heart.beating(1):
            fails.left = 10_000
            until(lambda: not one.engine.hands.heart.is_well())
            assert ready(one) == (503, "no")
            fails.left = 0
            until(one.engine.hands.heart.is_well)
        assert ready(one) == (200, "ok")
