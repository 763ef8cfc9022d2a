"""The container recipe: what it copies is there, what it starts answers, and only to loopback.

No image is built here; its commands are run as they stand.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cli_kit import Running

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8")).splitlines()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["salesforce"]
INSTALLED = "/opt/evergrant/bin/"


def said(instruction: str) -> list[str]:
    """What follows an instruction, each time it stands."""
    return [
        line.removeprefix(instruction).strip() for line in LINES if line.startswith(instruction)
    ]


def words(instruction: str) -> list[str]:
    """The last exec form of an instruction."""
    return list(json.loads(said(instruction)[-1]))


def test_everything_it_copies_is_there_and_let_through() -> None:
    copied = [
        name for line in said("COPY") if "--from" not in line for name in shlex.split(line)[:-1]
    ]
    let_through = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [name for name in copied if f"!{name}" not in let_through] == []


def test_it_installs_what_is_locked_and_nothing_else() -> None:
    [build, _] = said("RUN")
    assert "--require-hashes --no-deps -r requirements.lock" in build
    assert "--no-deps --no-build-isolation ." in build
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert all(f"\n{name}==" in lock for name in ("hatchling", "uvicorn", "starlette"))


def test_it_does_not_run_as_root() -> None:
    assert said("USER") == ["evergrant"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[str]:
    """What the container starts, on free ports; gives what it says when it is ready."""
    command = [*words("ENTRYPOINT")[1:], *words("CMD")]
    process = Running((*command, "--port", "0", "--control-port", "0"), tmp_path, {})
    yield process.said(r"Emulated org +(\S+)[\s\S]*Control port +(\S+)")[0]
    process.stop()


def test_what_it_starts_answers_under_the_address_that_clients_use(started: str) -> None:
    assert "http://localhost:8080" in started
    control = re.search(r"Control port +http://0\.0\.0\.0:(\d+)", started)
    assert control is not None
    check = said("HEALTHCHECK")[0].partition("CMD ")[2]
    [_, *rest] = json.loads(check.replace(":8081/", f":{control[1]}/"))
    subprocess.run([sys.executable, *rest], check=True, timeout=30)
    with urllib.request.urlopen(f"http://127.0.0.1:{control[1]}/world", timeout=60) as answer:
        assert json.load(answer)["org"]["url"] == "http://localhost:8080"


def test_the_composition_publishes_on_loopback_only_what_the_image_exposes() -> None:
    published = [each.split(":") for each in COMPOSE["ports"]]
    assert {address for address, _, _ in published} == {"127.0.0.1"}
    assert [inner for _, _, inner in published] == said("EXPOSE")[0].split()
    assert COMPOSE["command"][-1].startswith(said("VOLUME")[0])


def test_the_engine_reads_the_composition() -> None:
    if not has_compose():
        pytest.skip("NOT TESTED: there is no `docker compose` to read compose.yaml")
    subprocess.run(
        ["docker", "compose", "-f", str(ROOT / "compose.yaml"), "config", "-q"],
        check=True, timeout=60,
    )  # fmt: skip


def has_compose() -> bool:
    """Whether docker is there, with compose."""
    words = ["docker", "compose", "version"]
    return (
        shutil.which("docker") is not None
        and not subprocess.run(words, capture_output=True, timeout=60, check=False).returncode
    )
