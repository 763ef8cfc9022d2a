"""Whatever is given wrongly is told in one clear message with its exit code, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_kit import DEAD, Ended, assert_told, environ, evergrant

pytestmark = pytest.mark.slow
INTEGRATION = """
id = "orbit-sync"
app_label = "Orbit Sync"
flow = "client_credentials"
consumer_key = "3MVG9key"
consumer_secret_env = "ORBIT_SECRET"
"""


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "error.txt").write_text(" \n")
    end = evergrant("diagnose", "error.txt", folder=tmp_path)
    assert_told(end, 2, "error.txt is empty", "give the error text that you got")


def test_empty_standard_input_is_refused(tmp_path: Path) -> None:
    assert_told(evergrant("diagnose", folder=tmp_path), 2, "standard input is empty")


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\x00\x07")
    assert_told(evergrant("diagnose", "a.png", folder=tmp_path), 2, "a.png is binary, not text")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_text_is_read_in_every_encoding_that_windows_writes(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "error.txt").write_bytes(DEAD.encode(encoding))
    end = evergrant("diagnose", "error.txt", "--format", "json", folder=tmp_path)
    assert (end.code, end.json()["causes"][0]["id"]) == (0, "refresh-token-revoked")


@pytest.mark.parametrize(("name", "why"), [("gone.txt", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, why: str) -> None:
    end = evergrant("diagnose", name, folder=tmp_path)
    assert_told(end, 2, f"cannot read {name}", why, "check the path")


def test_an_unknown_flow_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    end = evergrant("diagnose", "--flow", "web-server", folder=tmp_path, stdin=DEAD)
    assert_told(end, 2, "no flow is called 'web-server'", "web_server, ")


def test_an_unknown_option_is_refused_with_the_help_to_read(tmp_path: Path) -> None:
    end = evergrant("diagnose", "--flows", "x", folder=tmp_path)
    assert_told(end, 2, "--flows", "see `evergrant diagnose --help`")


@pytest.mark.parametrize(
    "words",
    [("error.txt", "--cases", "c"), ("error.txt", "--connection", "c"), ("--session", "s")],
)
def test_options_that_exclude_each_other_are_refused(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert evergrant("diagnose", *words, folder=tmp_path).code == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"id": 2, "symptom"', "Not JSON"),
        ('{"id": 2}', 'It has no text "symptom"'),
        ('{"id": 2, "symptom": 7}', 'It has no text "symptom"'),
        ("[1, 2]", 'It has no text "symptom"'),
        ('{"id": 2, "symptom": "x", "context": [1]}', '"context" is no text'),
    ],
)
def test_a_bad_line_of_cases_is_named_before_any_is_judged(
    tmp_path: Path, line: str, why: str
) -> None:
    (tmp_path / "cases.jsonl").write_text(f'{{"id": 1, "symptom": "x"}}\n\n{line}\n')
    end = evergrant("diagnose", "--cases", "cases.jsonl", folder=tmp_path)
    assert_told(end, 2, "cases.jsonl, line 3: not a case", why)
    assert end.out == ""


def test_an_unknown_term_has_its_near_misses_and_is_not_known(tmp_path: Path) -> None:
    end = evergrant("explain", "refresh-token-revokd", folder=tmp_path)
    assert (end.code, end.err) == (3, "")
    assert end.out.startswith("Not known: refresh-token-revokd\nNear: refresh-token-revoked")


def test_a_missing_term_is_bad_input_in_json_too(tmp_path: Path) -> None:
    end = evergrant("explain", "--format", "json", folder=tmp_path)
    assert (end.code, end.json()["schema"], end.json()["exit_code"]) == (2, "evergrant.error/1", 2)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("x = [", "is not valid TOML"),
        ("colour = 'red'", "unknown colour"),
        ("scopes = 'api'", "scopes must be a list of texts"),
        ("name = 7", "name must be a text"),
    ],
)
def test_an_integration_file_that_is_wrong_is_told_what_is(
    tmp_path: Path, change: str, complaint: str
) -> None:
    (tmp_path / "orbit.toml").write_text(f"{INTEGRATION}{change}\n")
    end = evergrant("connect", "Acme", "--integration", "orbit.toml", folder=tmp_path)
    assert_told(end, 2, "orbit.toml", complaint)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('id = "x"', "missing app_label, flow, consumer_key"),
        (INTEGRATION.replace("client_credentials", "password"), "flow is 'password'"),
        (INTEGRATION.replace("client_credentials", "jwt_bearer"), "needs private_key_file"),
        (INTEGRATION.replace("_env", "_files"), "unknown consumer_secret_files"),
        (INTEGRATION, "the variable ORBIT_SECRET is not set"),
        (f"{INTEGRATION}login_host = 'evil.example'\n".replace("_env", "_file"), "cannot read"),
    ],
)
def test_an_integration_file_that_lacks_something_is_told_what(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "orbit.toml").write_text(text)
    end = evergrant("connect", "Acme", "--integration", "orbit.toml", folder=tmp_path)
    assert_told(end, 2, complaint)


def test_a_look_alike_login_host_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orbit.toml").write_text(INTEGRATION)
    words = ("connect", "Acme", "--integration", "orbit.toml", "--login-host")
    end = evergrant(*words, "login.salesforce.com.evil.example", folder=tmp_path, ORBIT_SECRET="s")
    assert_told(end, 2, "login.salesforce.com.evil.example")


def test_an_unknown_integration_is_refused(tmp_path: Path) -> None:
    end = evergrant("connect", "Acme", "--integration", "orbit", folder=tmp_path)
    assert_told(end, 2, "'orbit'")


def test_an_unknown_connection_is_refused(tmp_path: Path) -> None:
    for verb in ("check", "reauthorize", "remove", "pause"):
        assert_told(evergrant(verb, "Acme", folder=tmp_path), 2, "no connection 'Acme'")


def test_a_session_that_cannot_be_read_is_never_quoted(tmp_path: Path) -> None:
    end = evergrant(
        "diagnose", "--connection", "A", "--session", "-", folder=tmp_path, stdin="00Dxx!secret"
    )
    assert_told(end, 2, "the evidence session cannot be read", "sf org display --json")
    assert "secret" not in end.err


def test_a_session_is_not_sent_over_plain_http(tmp_path: Path) -> None:
    told = json.dumps({"access_token": "x", "instance_url": "http://acme.my.salesforce.com"})
    end = evergrant(
        "diagnose", "--connection", "Acme", "--session", "-", folder=tmp_path, stdin=told
    )
    assert_told(end, 2, "plain http", "https://")


def test_a_wrong_master_key_is_found_before_anything_is_done(tmp_path: Path) -> None:
    assert evergrant("status", folder=tmp_path).code == 0
    other = "A" * 43 + "="
    assert_told(evergrant("status", folder=tmp_path, EVERGRANT_MASTER_KEY=other), 4, "key")
    end = evergrant("status", folder=tmp_path, EVERGRANT_MASTER_KEY="short")
    assert_told(end, 4, "EVERGRANT_MASTER_KEY holds no master key", "openssl rand -base64 32")
    assert "short" not in end.err


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    assert evergrant("status", folder=tmp_path).code == 0
    key = tmp_path / "data" / "master.key"
    key.chmod(0o644)
    assert_told(evergrant("status", folder=tmp_path), 4, "lies open to other users", "chmod 600")


def test_a_locked_database_is_told_after_a_while(tmp_path: Path) -> None:
    assert evergrant("status", folder=tmp_path).code == 0
    holder = sqlite3.connect(tmp_path / "data" / "evergrant.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    end = evergrant("status", folder=tmp_path)
    holder.close()
    assert_told(end, 4, "is locked", "try again")


def test_a_file_that_is_no_database_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "data" / "evergrant.db"
    path.parent.mkdir()
    path.write_text("a diary, not a database\n" * 99)
    assert_told(evergrant("status", folder=tmp_path), 4, "is no SQLite database")
    assert path.read_text().startswith("a diary")


WITHOUT_RIGHTS = """
import ctypes, os, runpy, sys
if os.geteuid() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root, but bound by modes
        assert libc.prctl(24, capability, 0, 0, 0) == 0
    os.execv(sys.executable, [sys.executable, "-m", "evergrant.cli", *sys.argv[1:]])
runpy.run_module("evergrant.cli", run_name="__main__")
"""


def unprivileged(*words: str, folder: Path) -> Ended:
    """The command as somebody whom file modes bind, even where the tests run as root."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIGHTS, *words],
        env=environ(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that can be made read-only and goes away all the same."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        for path in (Path(name), *Path(name).rglob("*")):
            path.chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="drops capabilities as Linux has them")
def test_a_read_only_data_folder_is_told(readable: Path) -> None:
    readable.chmod(0o500)
    assert_told(unprivileged("status", folder=readable), 4, "EVERGRANT_DATA_DIR")


@pytest.mark.skipif(sys.platform != "linux", reason="drops capabilities as Linux has them")
def test_a_read_only_database_is_told(readable: Path) -> None:
    assert evergrant("status", folder=readable).code == 0
    (readable / "data" / "evergrant.db").chmod(0o400)
    integration = readable / "orbit.toml"
    integration.write_text(INTEGRATION.replace("_env", "_file"))
    (readable / "ORBIT_SECRET").write_text("made up")
    end = unprivileged("connect", "Acme", "--integration", str(integration), folder=readable)
    assert_told(end, 4, "cannot be written", "nothing was changed")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_told(tmp_path: Path, taken: int) -> None:
    end = evergrant("serve", "--port", str(taken), folder=tmp_path)
    assert_told(end, 2, f"cannot listen on 127.0.0.1:{taken}", "--port")
    words = ("emulator", "serve", "--port", str(taken), "--control-port", "0")
    end = evergrant(*words, folder=tmp_path)
    assert_told(end, 2, f"cannot listen on 127.0.0.1:{taken}", "--control-port")


def test_a_port_that_cannot_be_is_refused(tmp_path: Path) -> None:
    assert_told(evergrant("serve", "--port", "99999", folder=tmp_path), 2, "99999")


def test_an_unknown_scenario_has_its_near_misses(tmp_path: Path) -> None:
    words = ("emulator", "serve", "--port", "0", "--control-port", "0", "--scenario")
    end = evergrant(*words, "app-blocked", folder=tmp_path)
    assert_told(end, 2, "no scenario is called 'app-blocked'", "app-blocked-by-admin")
    assert_told(evergrant("drill", "app-blocked", folder=tmp_path), 2, "'app-blocked'")


def test_a_drill_needs_a_scenario_or_all(tmp_path: Path) -> None:
    assert_told(evergrant("drill", folder=tmp_path), 2, "name one scenario, or use --all")
    assert_told(evergrant("drill", "demo", "--all", folder=tmp_path), 2, "name one scenario")


def test_an_org_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    words = ("emulator", "serve", "--port", "0", "--control-port", "0", "--state")
    assert_told(evergrant(*words, "no/such/folder/x", folder=tmp_path), 2, "cannot keep the org")


def test_a_file_that_holds_something_else_is_told_and_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "customers.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE customer (id INTEGER)")
    db.close()
    held = other.read_bytes()
    words = ("emulator", "serve", "--port", "0", "--control-port", "0", "--state", str(other))
    end = evergrant(*words, folder=tmp_path)
    assert_told(end, 2, "not an emulated org's", "name a new file with --state")
    assert other.read_bytes() == held


def test_a_public_address_is_of_one_org(tmp_path: Path) -> None:
    words = ("emulator", "serve", "--orgs", "production,sandbox", "--public-url", "http://x:1")
    assert_told(evergrant(*words, folder=tmp_path), 2, "a public address need one org")


def test_against_and_control_belong_together(tmp_path: Path) -> None:
    end = evergrant("demo", "--headless", "--against", "http://127.0.0.1:1", folder=tmp_path)
    assert_told(end, 2, "--against and --control belong together", "evergrant emulator serve")


def test_nobody_at_the_control_address_is_told(tmp_path: Path) -> None:
    words = ("--against", "http://127.0.0.1:9", "--control", "http://127.0.0.1:9")
    end = evergrant("demo", "--headless", *words, folder=tmp_path)
    assert_told(end, 4, "no emulator answers at http://127.0.0.1:9", "evergrant emulator serve")


def test_a_browser_authorization_without_the_service_says_what_to_start(tmp_path: Path) -> None:
    text = INTEGRATION.replace("client_credentials", "web_server")
    (tmp_path / "orbit.toml").write_text(text)
    words = ("connect", "Acme", "--integration", "orbit.toml", "--no-browser")
    end = evergrant(*words, folder=tmp_path, ORBIT_SECRET="s")
    assert_told(end, 4, "the service is not running", "evergrant serve")


def test_signing_in_without_the_service_says_what_to_start(tmp_path: Path) -> None:
    end = evergrant("sign-in", folder=tmp_path)
    assert_told(end, 4, "the service is not running", "evergrant serve")


def test_a_variable_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    end = evergrant("status", folder=tmp_path, EVERGRANT_CHECK_INTERVAL_S="soon")
    assert_told(end, 2, "EVERGRANT_CHECK_INTERVAL_S cannot be read")


def test_removing_asks_for_a_yes_that_somebody_can_give(tmp_path: Path) -> None:
    assert evergrant("remove", "Acme", folder=tmp_path).code == 2
