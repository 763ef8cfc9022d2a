"""What runs on: it is ready when it says so, stops cleanly, and a story can be told against it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from cli_kit import assert_told, environ, evergrant, running

ORG = ("emulator", "serve", "--port", "0", "--control-port", "0")
pytestmark = pytest.mark.slow
STOPS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("stop", STOPS)
def test_the_emulator_serves_until_it_is_told_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    with running(*ORG, folder=tmp_path) as process:
        control = process.said(r"Control port +(http://\S+)")[1]
        assert httpx2.get(f"{control}/world", timeout=60).json()["apps"]
        end = process.told(stop)
    assert_told(end, 0)


def test_the_emulator_tells_its_addresses_as_json_and_begins_broken(tmp_path: Path) -> None:
    words = ("--scenario", "app-blocked-by-admin", "--seed", "3", "--format", "json")
    with running(*ORG, *words, folder=tmp_path) as process:
        told = json.loads(process.said(r"(?s)\{.*\n\}")[0])
        world = httpx2.get(f"{told['control_url']}/world", timeout=60).json()
    assert told["schema"] == "evergrant.emulator/1"
    assert [each["name"] for each in world["apps"] if each.get("blocked")] in ([], ["orbit-sync"])


@pytest.mark.parametrize("stop", STOPS)
def test_the_service_withdraws_its_address_when_it_is_told_to_stop(
    tmp_path: Path, stop: signal.Signals
) -> None:
    announced = tmp_path / "data" / "service.json"
    with running("serve", "--port", "0", folder=tmp_path) as process:
        url = process.said(r"listens on (http://\S+)")[1]
        process.said("Press Ctrl-C")
        assert httpx2.get(f"{url}/health", timeout=60).json() == {"status": "ok"}
        assert json.loads(announced.read_text())["url"] == url
        end = process.told(stop)
    assert_told(end, 0)
    assert not announced.exists()


def test_a_demo_that_is_interrupted_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    words = ("demo", "--headless")
    with running(*words, folder=tmp_path, TMPDIR=str(tmp_path / "tmp")) as process:
        process.said(r"Connect +Acme")
        end = process.told(signal.SIGINT)
    assert end.code == 130, end.err
    assert "Traceback" not in end.err, end.err
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_demo_stays_up_after_its_proof_and_ends_with_what_was_proven(tmp_path: Path) -> None:
    with running("demo", folder=tmp_path) as process:
        folder = process.said(r"EVERGRANT_DATA_DIR=(\S+)")[1]
        process.said("Press Ctrl-C")
        status = evergrant("status", "--format", "json", folder=tmp_path, EVERGRANT_DATA_DIR=folder)
        end = process.told(signal.SIGINT)
    assert [each["state"] for each in status.json()["connections"]] == ["connected"]
    assert_told(end, 0)


def test_a_demo_is_played_against_an_emulator_that_runs_apart(tmp_path: Path) -> None:
    with running(*ORG, folder=tmp_path) as process:
        found = process.said(r"(?s)Emulated org +(http://\S+).*Control port +(http://\S+)")
        words = ("--against", found[1], "--control", found[2], "--format", "json")
        end = evergrant("demo", "--headless", *words, folder=tmp_path)
    assert (end.code, end.json()["proven"]) == (0, True)


def test_a_reader_that_goes_away_ends_a_command_in_peace(tmp_path: Path) -> None:
    command = f"{sys.executable} -m evergrant.cli emulator scenarios | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environ(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)


def test_a_closed_reader_of_many_cases_ends_in_peace(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"id": "a", "symptom": "invalid_grant"}\n' * 3000)
    command = f"{sys.executable} -m evergrant.cli diagnose --cases {cases} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environ(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert json.loads(done.stdout)["id"] == "a"


def test_what_takes_longer_than_a_second_says_so_on_standard_error(tmp_path: Path) -> None:
    end = evergrant("drill", "session-expired", folder=tmp_path)
    assert (end.code, end.out.splitlines()[-1][:18]) == (0, "Cause named first:")
    assert end.err in ("", "Drill 1 of 1: session-expired …\n")


def test_a_skipped_fix_is_not_proven(tmp_path: Path) -> None:
    end = evergrant("demo", "--headless", "--skip-fix", folder=tmp_path)
    assert_told(end, 1)
    assert end.out.endswith("\nNot proven.\n")
