"""Trouble from the command line: faults are listed, laid and lifted; orgs stand side by side."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cli_kit import assert_told, evergrant, running
from evergrant.emulator import Emulator, Fleet
from evergrant.emulator.trouble.presets import PRESETS

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "rehearse-trouble.md"
FREE = ("--port", "0", "--control-port", "0")
COMMAND = re.compile(r"^\$ (.+)$", re.M)
POSTED = re.compile(r"curl -X POST http://127\.0\.0\.1:8081(\S+) -d '(.+)'")


@pytest.fixture
def served() -> Iterator[Emulator]:
    """An org that can play every act of the how-to."""
    with Emulator(kind="sandbox", instances=("USA1", "USA2")) as emulator:
        yield emulator


def test_the_faults_listed_are_those_of_the_table(tmp_path: Path) -> None:
    told = evergrant("emulator", "faults", "--format", "json", folder=tmp_path).json()
    assert [each["id"] for each in told["faults"]] == list(PRESETS)
    shown = evergrant("emulator", "faults", folder=tmp_path).out
    assert all(f"{name}  (" in shown for name in PRESETS)


def test_a_fault_is_laid_narrowed_and_lifted(tmp_path: Path, served: Emulator) -> None:
    words = ("emulator", "fault", "contention", "--control", served.control_url, "--times", "2")
    laid = evergrant(*words, "--app", "orbit-sync", "--chance", "0.5", folder=tmp_path)
    assert (laid.code, laid.out) == (0, "contention: still 2 times\n")
    [fault] = served.org.faults.laid
    assert (fault.app, fault.chance, fault.times) == ("orbit-sync", 0.5, 2)
    lifted = evergrant(
        "emulator", "fault", "none", "--control", served.control_url, folder=tmp_path
    )
    assert (lifted.code, lifted.out) == (0, "No fault is laid.\n")
    assert served.org.faults.laid == []


def test_an_unknown_fault_is_refused_and_the_list_named(tmp_path: Path, served: Emulator) -> None:
    end = evergrant("emulator", "fault", "boom", "--control", served.control_url, folder=tmp_path)
    assert_told(end, 2, "no fault is named 'boom'", "evergrant emulator faults")


def test_without_an_emulator_there_is_nothing_to_lay_it_on(tmp_path: Path) -> None:
    words = ("emulator", "fault", "slow", "--control", "http://127.0.0.1:9")
    assert_told(evergrant(*words, folder=tmp_path), 4, "no emulator answers at http://127.0.0.1:9")


def test_several_orgs_are_served_and_each_is_addressed(tmp_path: Path) -> None:
    words = ("emulator", "serve", *FREE, "--orgs", "production,sandbox", "--format", "json")
    with running(*words, folder=tmp_path) as process:
        told = json.loads(process.said(r"(?s)\{.*\n\}")[0])
        listed = httpx2.get(f"{told['control_url']}/orgs", timeout=60).json()
        worlds = [httpx2.get(f"{o['control_url']}/world", timeout=60).json() for o in told["orgs"]]
    assert listed["orgs"] == told["orgs"]
    assert [each["name"] for each in told["orgs"]] == ["production", "sandbox"]
    assert [each["org"]["url"] for each in worlds] == [each["url"] for each in told["orgs"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--orgs", "moon"), "no org is a moon"),
        (("--orgs", ""), "at least one org"),
        (("--orgs", "production,sandbox", "--scenario", "demo"), "need one org"),
        (("--orgs", "production,sandbox", "--instances", "USA1"), "need one org"),
        (("--tls", "/dev/null/x"), "cannot serve the org"),
    ],
)
def test_orgs_that_cannot_be_are_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    assert_told(evergrant("emulator", "serve", *FREE, *words, folder=tmp_path), 2, said)


def test_with_tls_the_authoritys_certificate_lies_where_it_was_asked_for(tmp_path: Path) -> None:
    words = ("emulator", "serve", *FREE, "--tls", str(tmp_path / "ca"))
    with running(*words, folder=tmp_path) as process:
        url = process.said(r"Emulated org +(https://\S+)")[1]
        text = (tmp_path / "ca" / "ca.pem").read_text()
    assert url.startswith("https://127.0.0.1:")
    assert text.startswith("-----BEGIN CERTIFICATE-----")


def test_every_command_of_the_how_to_works_as_it_stands(tmp_path: Path, served: Emulator) -> None:
    played = [*_play(tmp_path, served)]
    assert sum(kind == "fault" for kind in played) >= 4
    assert sum(kind == "act" for kind in played) >= 5


def _play(folder: Path, served: Emulator) -> Iterator[str]:
    for command in COMMAND.findall(HOW_TO.read_text("utf-8")):
        if posted := POSTED.fullmatch(command):
            url, body = f"{served.control_url}{posted[1]}", json.loads(posted[2])
            answer = httpx2.post(url, json=body, timeout=60)
            assert answer.status_code == 200, (command, answer.text)
            yield "act"
        elif command.startswith("evergrant emulator fault"):
            words = shlex.split(command)[1:]
            at = () if words[1] == "faults" else ("--control", served.control_url)
            end = evergrant(*words, *at, folder=folder)
            assert end.code == 0, (command, end.err)
            yield "fault"


def test_the_how_to_names_only_acts_and_faults_that_exist() -> None:
    from evergrant.emulator.acts import ACTS

    text = HOW_TO.read_text("utf-8")
    quoted = set(re.findall(r"`([a-z]+_[a-z]+)`", text)) - {"instance_url"}
    assert quoted <= set(ACTS)
    assert set(re.findall(r"emulator fault ([a-z0-9-]+)", text)) - {"none"} <= set(PRESETS)


def test_a_fault_is_laid_on_one_org_of_several(tmp_path: Path) -> None:
    with Fleet(("production", "sandbox")) as fleet:
        at = f"{fleet.control_url}/orgs/sandbox"
        end = evergrant("emulator", "fault", "maintenance", "--control", at, folder=tmp_path)
        laid = {name: len(each.org.faults.laid) for name, each in fleet.orgs.items()}
    assert (end.code, laid) == (0, {"production": 0, "sandbox": 1})
