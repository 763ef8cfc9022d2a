"""The watch on PostgreSQL: workers share the rows, and what a dead one left is taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx2
import pytest
import sqlalchemy as sa

from evergrant.api.address import metrics_key
from evergrant.api.service import serving
from evergrant.keeper import Keeper
from evergrant.keeper.record import CHECK
from evergrant.model import Connection
from evergrant.store import connections, due, tables
from evergrant.watch import watching
from keeper_kit import (
    JWT_APP,
    KEY,
    RESOURCES,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture, taken_away  # noqa: F401 (a fixture)

on_postgresql = pytest.mark.parametrize("each_database", ["postgresql"], indirect=True)
pytestmark = on_postgresql


def until(is_so: Callable[[], bool], seconds: float = 90) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it never came to that"
        time.sleep(0.02)


def many(ground: Ground, number: int) -> list[Connection]:
    """Connections that work, in one org."""
    made = [ground.connected(f"Acme {each}", app=JWT_APP) for each in range(number)]
    ground.control.advance(timedelta(seconds=1))
    return made


def make_due(keeper: Keeper, made: list[Connection]) -> datetime:
    """All of them, now."""
    now = keeper.clock.now()
    with keeper.writing() as tx:
        for each in made:
            due.schedule(tx, CHECK, each.id, now)
    return now


def proved_since(keeper: Keeper, moment: datetime) -> int:
    with keeper.reading() as tx:
        every = connections.every(tx)
    return sum(each.last_success is not None and each.last_success >= moment for each in every)


def lease_ends(keeper: Keeper) -> list[datetime]:
    """When the leases that somebody holds end."""
    with keeper.reading() as tx:
        found = tx.execute(sa.select(tables.due.c.leased_until)).scalars()
        return [each for each in found if each is not None]


@contextmanager
def worker(ground: Ground, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """`evergrant serve --role worker`, a process of its own."""
    known = ground.keeper.settings
    told = {
        **os.environ,
        **KEY,
        "EVERGRANT_DATA_DIR": str(known.data_dir),
        "EVERGRANT_DATABASE_URL": known.database_url,
        "EVERGRANT_LEASE_S": "1",
        "EVERGRANT_WATCH_HANDS": "4",
        **environ,
    }
    words = [sys.executable, "-m", "evergrant.cli", "serve", "--role", "worker", "--port", "0"]
    started = subprocess.Popen(words, env=told, stdout=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline(), "it says where it listens"
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


def test_what_is_due_is_checked_by_a_job(each_database: str, ground: Ground) -> None:
    made = many(ground, 3)
    moment = make_due(ground.keeper, made)
    with watching(ground.house) as watch:
        until(lambda: proved_since(ground.keeper, moment) == 3)
        assert watch.is_alive()


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    each_database: str, ground: Ground
) -> None:
    made = many(ground, 24)
    ground.fault(RESOURCES, delay_s=0.6, times=999)
    with worker(ground) as first, worker(ground):
        moment = make_due(ground.keeper, made)
        until(lambda: proved_since(ground.keeper, moment) >= 2)
        first.send_signal(signal.SIGKILL)
        assert proved_since(ground.keeper, moment) < 24, "it was killed in the middle"
        soon = ground.keeper.clock.now() + timedelta(seconds=1)
        assert all(each <= soon for each in lease_ends(ground.keeper)), "leases of a second"
        until(lambda: proved_since(ground.keeper, moment) == 24)
    with ground.keeper.reading() as tx:
        left = due.waiting(tx, ground.keeper.clock.now(), kinds=(CHECK,))
    assert left == 0


def test_a_worker_that_is_told_to_end_finishes_what_it_has_at_hand(
    each_database: str, ground: Ground
) -> None:
    made = many(ground, 8)
    ground.fault(RESOURCES, delay_s=0.3, times=999)
    with worker(ground, EVERGRANT_WATCH_HANDS="1") as only:
        moment = make_due(ground.keeper, made)
        until(lambda: proved_since(ground.keeper, moment) >= 2)
        only.send_signal(signal.SIGTERM)
        assert only.wait(60) == 0
    done = proved_since(ground.keeper, moment)
    with ground.keeper.reading() as tx:
        left = due.waiting(tx, ground.keeper.clock.now(), kinds=(CHECK,))
    assert done + left == len(made), "whatever it began is done, and the rest is free at once"


def test_the_watch_goes_on_when_the_database_comes_back(each_database: str, ground: Ground) -> None:
    made = many(ground, 2)
    with watching(ground.house):
        moment = make_due(ground.keeper, made)
        until(lambda: proved_since(ground.keeper, moment) == 2)
        with taken_away(ground.keeper.store):
            time.sleep(0.5)
        moment = make_due(ground.keeper, made)
        until(lambda: proved_since(ground.keeper, moment) == 2)


def test_a_web_replica_watches_nothing_and_a_worker_serves_no_api(
    each_database: str, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGRANT_MASTER_KEY", KEY["EVERGRANT_MASTER_KEY"])
    settings = ground.keeper.settings
    moment = make_due(ground.keeper, many(ground, 1))
    with serving(settings, "127.0.0.1", 0, role="web") as web:
        with serving(settings.but(lease_s=1.0), "127.0.0.1", 0, role="worker") as there:
            until(lambda: proved_since(ground.keeper, moment) == 1)
            assert httpx2.get(f"{there.url}/v1/flows/x").status_code == 404
            assert httpx2.get(f"{there.url}/ready").json()["watch"] == "ok"
            key = {"Authorization": f"Bearer {metrics_key(settings).reveal()}"}
            told = httpx2.get(f"{there.url}/metrics", headers=key).text
            assert 'evergrant_checks_total{outcome="proved"} 1.0' in told
        assert httpx2.get(f"{web.url}/v1/flows/x").status_code == 401
        assert "evergrant-watch" not in {each.name for each in threading.enumerate()}
