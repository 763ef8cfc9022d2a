"""The wheel, installed into an empty environment: light, whole, and of use by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx2
import pytest

from cli_kit import DEAD, ROOT, Ended, Running, assert_told, environ
from haste import trusting

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DATA = (
    "evergrant/catalog/facts.toml",
    "evergrant/catalog/gates.toml",
    "evergrant/catalog/terms.toml",
    "evergrant/catalog/words/token.toml",
    "evergrant/catalog/causes/app-blocked-by-admin.toml",
    "evergrant/emulator/scenarios/demo.toml",
    "evergrant/emulator/templates/login.html",
    "evergrant/store/migrations/versions/r0001_first.py",
)
HEAVY = ("fastapi", "aiohttp", "pydantic")
"""What only the extra `server` brings."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    words = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment with the wheel and what it depends on, as locked."""
    folder = tmp_path_factory.mktemp("installed")
    pinned = folder / "pinned.txt"
    lock = (ROOT / "requirements.lock").read_text()
    pinned.write_text("\n".join(re.findall(r"^[\w.\-]+==[^\s\\;]+", lock, re.M)))
    _uv("venv", "-q", "--python", sys.executable, str(folder / "env"))
    made = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    words = ("pip", "install", "-q", "--python", str(made), "-c", str(pinned), str(wheel))
    if _uv(*words, "--offline").returncode and (done := _uv(*words)).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the wheel could not be installed: {done.stderr}")
        pytest.skip(f"NOT TESTED: no registry gave the wheel's dependencies: {done.stderr[:300]}")
    return made


def _uv(*words: str) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    return subprocess.run(
        [uv, *words], env=trusting(), capture_output=True, text=True, timeout=250, check=False
    )


def installed(python: Path, *words: str, folder: Path, stdin: str = "") -> Ended:
    """Run the installed command to its end."""
    done = subprocess.run(
        [python, "-m", "evergrant.cli", *words],
        input=stdin, env=environ(folder), cwd=folder,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def test_everything_that_is_no_code_is_inside_but_what_only_taught(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert [name for name in DATA if name not in names] == []
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and not {"__pycache__", "tellings"}.intersection(path.parts)
    }
    assert {name for name in names if name.startswith("evergrant/")} == sources


def test_the_light_installation_lacks_what_only_the_service_needs(
    python: Path, tmp_path: Path
) -> None:
    look = f"import importlib.util as u; print([n for n in {HEAVY!r} if u.find_spec(n)])"
    done = subprocess.run([python, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    for words in (("serve",), ("demo", "--headless")):
        end = installed(python, *words, folder=tmp_path)
        assert_told(
            end, 2, "the service needs the extra `server`", 'pip install "evergrant[server]"'
        )


def test_a_light_installation_says_why(python: Path, tmp_path: Path) -> None:
    end = installed(python, "diagnose", "--format", "json", folder=tmp_path, stdin=DEAD)
    assert (end.code, end.json()["causes"][0]["id"]) == (0, "refresh-token-revoked")
    assert installed(python, "--version", folder=tmp_path).out.startswith("evergrant 0.")


def test_a_light_installation_serves_an_org_and_drills(python: Path, tmp_path: Path) -> None:
    words = ("emulator", "serve", "--port", "0", "--control-port", "0")
    process = Running(words, tmp_path, {}, python=python)
    try:
        control = process.said(r"Control port +(http://\S+)")[1]
        assert httpx2.get(f"{control}/health", timeout=60).json()["ok"]
        assert_told(process.told(signal.SIGINT), 0)
    finally:
        process.stop()
    assert installed(python, "drill", "app-blocked-by-admin", folder=tmp_path).code == 0


TESTED_BY = ("pytest", "requests", "simple-salesforce")
"""What the sample integration and its tests need beside the wheel."""


def test_an_installation_brings_the_fixture_to_other_peoples_tests(
    python: Path, tmp_path: Path
) -> None:
    words = ("pip", "install", "-q", "--python", str(python), *TESTED_BY)
    if _uv(*words, "--offline").returncode and (done := _uv(*words)).returncode:
        pytest.skip(f"NOT TESTED: no registry gave {TESTED_BY}: {done.stderr[:300]}")
    how_to = (ROOT / "docs" / "how-to" / "test-your-integration.md").read_text("utf-8")
    test = how_to.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "test_salesforce.py").write_text(test, "utf-8")
    for folder, said in ((tmp_path, "1 passed"), (ROOT / "examples" / "user_mirror", "passed")):
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        ran = subprocess.run(
            command, cwd=folder, env=environ(tmp_path), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout
        assert said in ran.stdout
