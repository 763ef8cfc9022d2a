"""The pytest plugin, in runs of its own: light until used, new for each test, settable."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from evergrant.emulator.clock import Clock
from evergrant.testing import App, SalesforceOrg, User
from plugin_kit import PLUGIN, run_pytest, suite

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "user_mirror"
HEAVY = ("starlette", "uvicorn", "cryptography", "httpx2", "jinja2", "sqlalchemy", "lxml")
UNUSED = f"""
import sys
def test_nothing():
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    emulator = [name for name in sys.modules if name.startswith("evergrant.emulator")]
    assert heavy + emulator == []
    assert "evergrant.testing.plugin" in sys.modules
"""
LEAKY = """
import pytest, requests

@pytest.mark.parametrize("number", range(6))
def test_each_begins_anew(salesforce_org, number):
    assert salesforce_org.login_history() == []
    app = salesforce_org.app("My App")
    ann = salesforce_org.user("ann")
    salesforce_org.connect(app, ann)
    salesforce_org.clock.advance(days=400)
    salesforce_org.fault("maintenance", times=99)
    assert requests.get(salesforce_org.url, timeout=60).status_code == 503
"""
SETTLED = """
import pytest

@pytest.fixture(scope="session")
def salesforce_prepared(salesforce_server):
    made.append(1)
    salesforce_server.app("My App")
    salesforce_server.user("ann")

made = []

@pytest.mark.parametrize("number", range(3))
def test_what_was_prepared_is_there_each_time(salesforce_org, number):
    assert made == [1]
    ann = salesforce_org.find_user("ann")
    ann.deactivate()
    assert salesforce_org.login_history() == []
    assert salesforce_org.connect is not None
    ann.activate()
    with pytest.raises(Exception, match="no new user"):
        salesforce_org.user("ann")
"""
TRUST = """
import os, ssl, urllib.request

def test_this_test_trusts_it(salesforce_org):
    assert salesforce_org.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context()
    with urllib.request.urlopen(salesforce_org.url, context=context) as answer:
        assert answer.status == 200

def test_the_next_one_does_not():
    assert "SSL_CERT_FILE" not in os.environ
"""
PLAIN = """
def test_it_is_plain_http(salesforce_org):
    assert salesforce_org.url.startswith("http://127.0.0.1:")
    assert salesforce_org.ca_file is None
    assert salesforce_org.emulator.org.strict
    assert salesforce_org.emulator.org.seed == 31
"""


def test_a_run_that_does_not_use_it_imports_nothing_of_the_emulator(tmp_path: Path) -> None:
    done = run_pytest(suite(tmp_path, UNUSED))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("text", [LEAKY, SETTLED, TRUST], ids=["leaky", "prepared", "trust"])
def test_what_one_test_does_the_next_one_does_not_see(tmp_path: Path, text: str) -> None:
    done = run_pytest(suite(tmp_path, text))
    assert done.returncode == 0, done.stdout


def test_each_worker_of_xdist_has_an_org_of_its_own(tmp_path: Path) -> None:
    done = run_pytest(suite(tmp_path, LEAKY), "-p", "xdist", "-n", "2")
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_settings_of_the_run_are_obeyed(tmp_path: Path) -> None:
    settings = "salesforce_org_tls = false\nsalesforce_org_strict = true\nsalesforce_org_seed = 31"
    done = run_pytest(suite(tmp_path, PLAIN, settings))
    assert done.returncode == 0, done.stdout


def test_an_installation_announces_it_to_pytest() -> None:
    words = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert words["project"]["entry-points"]["pytest11"] == {"evergrant": PLUGIN}


# --- the how-to

HOW_TO = (ROOT / "docs" / "how-to" / "test-your-integration.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", HOW_TO, re.S)


def test_the_first_test_of_the_how_to_passes(tmp_path: Path) -> None:
    done = run_pytest(suite(tmp_path, BLOCKS[0]))
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_what_the_how_to_prepares_is_there(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(BLOCKS[1], "utf-8")
    done = run_pytest(suite(tmp_path, FOUND))
    assert done.returncode == 0, done.stdout


FOUND = """
def test_she_is_there(salesforce_org):
    assert salesforce_org.find_user("ann").id.startswith("005")
"""


def test_the_org_in_process_of_the_how_to_answers() -> None:
    assert len(BLOCKS) == 3
    subprocess.run([sys.executable, "-c", BLOCKS[2]], check=True, timeout=60)


def test_every_member_that_the_how_to_names_exists() -> None:
    named = re.findall(r"`(org|app|ann)(?:\.clock)?\.(\w+)", HOW_TO)
    kinds = {"org": SalesforceOrg, "app": App, "ann": User}
    assert len(named) > 25
    missing = [
        (who, name)
        for who, name in named
        if not hasattr(kinds[who], name) and not hasattr(Clock, name)
    ]
    assert missing == []


# --- the sample integration


def test_the_sample_integration_passes_its_own_tests() -> None:
    done = run_pytest(EXAMPLE)
    assert done.returncode == 0, done.stdout


def test_the_sample_integration_knows_nothing_of_evergrant() -> None:
    words = {
        path.name: path.read_text("utf-8").lower().count("evergrant")
        for path in EXAMPLE.rglob("*.py")
    }
    assert len(words) == 3
    assert set(words.values()) == {0}


def test_the_tests_of_the_sample_integration_can_fail(tmp_path: Path) -> None:
    """An integration that takes every outage for a dead credential is found out."""
    for path in EXAMPLE.rglob("*.py"):
        text = path.read_text("utf-8").replace("answer.status_code >= 500", "False")
        copied = tmp_path / path.relative_to(EXAMPLE)
        copied.parent.mkdir(exist_ok=True)
        copied.write_text(text, "utf-8")
    done = run_pytest(tmp_path)
    assert done.returncode == 1
    assert "test_an_outage_is_no_dead_credential" in done.stdout
