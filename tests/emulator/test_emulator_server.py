"""Serving: in a thread beside a test or for good, on ports that are free, from a file or memory."""

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx2
import pytest

from evergrant.emulator import Emulator, PortInUse, serve
from evergrant.emulator.connected import connect
from evergrant.emulator.inventory import inventory
from evergrant.emulator.scenario import BadScenario


def test_the_emulator_starts_in_well_under_a_second_and_leaves_no_port_open() -> None:
    begun = time.process_time()  # of all threads, whatever else the machine is doing
    with Emulator(seed=3) as emulator:
        assert time.process_time() - begun < 1
        with httpx2.Client() as client:
            assert client.get(f"{emulator.control_url}/health").json()["org"] == emulator.url
    port = int(emulator.url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_same_seed_gives_the_same_world() -> None:
    with Emulator(seed=3) as one, Emulator(seed=3) as two, Emulator(seed=4) as other:
        worlds = [inventory(each.org)["apps"] for each in (one, two, other)]
    assert worlds[0] == worlds[1]
    assert worlds[0] != worlds[2]


def test_a_port_in_use_is_refused_by_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)), Emulator(port=port):
            pass


def test_an_unknown_scenario_is_refused_at_the_start() -> None:
    with pytest.raises(BadScenario), Emulator(scenario="none"):
        pass


def test_an_emulator_may_begin_inside_a_scenario() -> None:
    with Emulator(scenario="demo") as emulator:
        assert emulator.credential["refresh_token"].startswith("5Aep861")
        assert emulator.credential["instance_url"] == emulator.url


def test_serve_tells_its_addresses_and_serves_until_interrupted() -> None:
    seen: list[str] = []
    ready = threading.Event()

    def started(emulator: Emulator) -> None:
        seen.extend((emulator.url, emulator.control_url))
        ready.set()
        raise KeyboardInterrupt

    serve(0, 0, started=started)
    assert ready.is_set()
    assert all(url.startswith("http://127.0.0.1:") for url in seen)


def test_a_state_file_keeps_the_org_and_gives_nothing_out_twice(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    with Emulator(state=path) as first:
        before = connect(first.org, "orbit-sync")
        world = inventory(first.org)["apps"]
    with Emulator(state=path) as second:
        assert inventory(second.org)["apps"] == world
        assert second.org.session_for(before["access_token"]) is not None
        again = connect(second.org, "orbit-sync")
        second.stage.reset()
        assert second.org.session_for(before["access_token"]) is None
    assert again["refresh_token"] != before["refresh_token"]


def test_a_frozen_clock_stands_until_it_is_moved() -> None:
    with Emulator() as emulator:
        emulator.clock.freeze()
        then = emulator.clock.now()
        assert emulator.clock.now() == then
        emulator.clock.advance(seconds=60)
        assert (emulator.clock.now() - then).total_seconds() == 60


def test_a_reset_and_a_snapshot_take_less_than_fifty_milliseconds() -> None:
    with Emulator() as emulator:
        begun = time.thread_time()
        emulator.stage.save("x")
        emulator.stage.restore("x")
        emulator.stage.reset()
        assert time.thread_time() - begun < 0.15


def test_answers_are_dated_by_the_orgs_own_time() -> None:
    with Emulator() as org:
        org.clock.advance(days=40)
        told = httpx2.get(f"{org.url}/.well-known/openid-configuration").headers.get_list("date")
        assert len(told) == 1
        apart = parsedate_to_datetime(told[0]) - datetime.now(UTC)
        assert abs(apart - timedelta(days=40)) < timedelta(seconds=30)
