"""A fork: the same until now, then on its own; the same again for the same seed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest

from emulated_client import client_of
from evergrant.emulator import Emulator
from evergrant.emulator.connected import connect
from evergrant.emulator.inventory import inventory

LIMIT_S = 0.05


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An org that nobody serves."""
    made = Emulator(seed=5)
    yield made
    made.stop()


def fork_of(emulator: Emulator) -> list[str]:
    """What a new fork gives out next."""
    other = emulator.fork()
    given = connect(other.org, "orbit-sync")
    other.stop()
    return [given["access_token"], given["refresh_token"]]


def test_it_holds_everything_that_was_there(emulator: Emulator) -> None:
    given = connect(emulator.org, "orbit-sync")
    emulator.act("advance_clock", by="10d")
    emulator.act("set_ip", ip="203.0.113.7")
    other = emulator.fork()
    assert inventory(other.org) == inventory(emulator.org)
    assert other.org.ip == "203.0.113.7"
    assert abs(other.clock.now() - emulator.clock.now()) < timedelta(seconds=5)
    assert other.trace() == emulator.trace()
    with other.org.lock:
        assert other.org.db.execute(
            "SELECT 1 FROM x_refresh WHERE token = ?", (given["refresh_token"],)
        ).fetchone()
    other.stop()


def test_what_happens_in_one_does_not_happen_in_the_other(emulator: Emulator) -> None:
    other = emulator.fork()
    other.act("block_app", app="orbit-sync")
    emulator.act("set_app", app="orbit-sync", rotation=True)
    other.act("advance_clock", by="10d")
    apps = [inventory(each.org)["apps"][0] for each in (emulator, other)]
    assert [(each["blocked"], each["rotation"]) for each in apps] == [(False, True), (True, False)]
    assert other.clock.now() - emulator.clock.now() > timedelta(days=9)
    other.stop()


def test_no_two_forks_give_out_the_same_secret_and_the_same_seed_does_again(
    emulator: Emulator,
) -> None:
    first, second = fork_of(emulator), fork_of(emulator)
    own = connect(emulator.org, "orbit-sync")
    assert not {*first, *second} & {own["access_token"], own["refresh_token"]}
    assert not set(first) & set(second)
    twin = Emulator(seed=5)
    assert [fork_of(twin), fork_of(twin)] == [first, second]
    twin.stop()


def test_a_reset_of_a_fork_goes_back_to_where_it_branched_off(emulator: Emulator) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    other = emulator.fork()
    other.act("set_app", app="orbit-sync", rotation=False)
    other.stage.reset()
    assert inventory(other.org)["apps"][0]["rotation"] is True
    other.stop()


def test_a_fork_can_be_served_beside_the_first() -> None:
    with Emulator(seed=5) as first, first.fork() as second, httpx2.Client() as http:
        assert first.url != second.url
        client = client_of(first, "orbit-sync", http)
        client.connect()
        second.act("block_app", app="orbit-sync")
        branch = client_of(second, "orbit-sync", http)
        assert branch.refresh(client.credential["refresh_token"]).status_code == 400
        assert client.refresh().status_code == 200


def test_a_fork_of_an_org_with_a_thousand_users_takes_less_than_fifty_milliseconds(
    emulator: Emulator,
) -> None:
    with emulator.org.changing():
        for number in range(1000):
            emulator.act("create_user", user=f"user{number}")
    took = []
    for _ in range(5):
        begun = time.thread_time()
        other = emulator.stage.fork()
        took.append(time.thread_time() - begun)
        other.close()
    assert min(took) < LIMIT_S
