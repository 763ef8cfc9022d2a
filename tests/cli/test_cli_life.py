"""The life of a connection on the command line, against an emulated org in another process."""

from __future__ import annotations

import json
import re
import signal
from urllib.parse import urljoin

import httpx2
import pytest

from cli_kit import Ended, assert_told, running
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant.testing.robot import browser, walk

pytestmark = pytest.mark.slow


def test_a_connection_is_made_watched_paused_and_removed_without_a_browser(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    made = desk.run("connect", "Acme", "--integration", file)
    lines = made.out.splitlines()
    assert (made.code, lines[0]) == (0, "Acme: connected")
    heads = [line.split()[:2] for line in lines[1:] if not line.startswith("   ")]
    assert heads == [["identity", "proven"], ["call", "proven"], ["login", "history"]]
    assert desk.run("check").out == "Acme: connected\n"
    assert desk.run("reauthorize", "Acme").code == 0
    assert desk.run("pause", "Acme").out == "Acme: paused\n"
    assert desk.run("check").out == "Nothing to check.\n"
    assert desk.run("resume", "Acme").out == "Acme: degraded\n"
    assert_told(desk.run("check", "Acne"), 2, "no connection 'Acne'", "Perhaps: Acme.")
    assert_told(desk.run("remove", "Acme"), 2, "add --yes")
    gone = desk.run("remove", "Acme", "--yes", "--format", "json")
    assert (gone.code, gone.json()["connection"]["state"]) == (0, "removed")


def test_the_list_of_connections_fits_into_80_columns_and_takes_no_markup(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    name = "[red]Acme[/red] \x1b[31mManufacturing " + "x" * 90
    assert desk.run("connect", name, "--integration", file).code == 0
    told = desk.run("status")
    assert told.code == 0
    assert max(len(line) for line in told.out.splitlines()) <= 80
    assert "\x1b" not in told.out
    squeezed = re.sub(r"\s", "", told.out)
    assert "[red]Acme" in squeezed
    assert "connection state since" in " ".join(told.out.split())


def test_a_check_that_reaches_nobody_could_not_look(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    assert desk.run("connect", "Acme", "--integration", file).code == 0
    lost = [{"path": "/services/data/v66.0", "drop": "before"}]
    httpx2.post(f"{desk.control}/faults", json=lost, timeout=60).raise_for_status()
    end = desk.run("check")
    assert (end.code, end.out.splitlines()[0]) == (4, "Acme: degraded")


def test_another_user_who_comes_back_without_a_browser_is_on_hold_and_not_proven(
    desk: Desk,
) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    made = desk.run("connect", "Acme", "--integration", file)
    assert max(len(line) for line in made.out.splitlines()) <= 80
    desk.post("/act", do="set_app", app="orbit-server", run_as=desk.person("admin").username)
    end = desk.run("reauthorize", "Acme")
    assert (end.code, end.out.splitlines()[0].partition(":")[0]) == (1, "On hold")
    assert_told(desk.run("reauthorize", "Acme", "--force-login"), 2, "leave out --login-hint")


def test_a_refused_connection_ends_with_1_in_salesforces_own_words(desk: Desk) -> None:
    desk.post("/act", do="block_app", app="orbit-server")
    file = desk.integration("orbit-server", "client_credentials")
    end = desk.run("connect", "Acme", "--integration", file)
    assert_told(end, 1, "Salesforce refused: app_blocked: this app is blocked by admin")
    assert desk.run("status").out.startswith("No connections yet.")


def test_a_connection_breaks_is_explained_and_reauthorized_through_the_browser(desk: Desk) -> None:
    file = desk.integration("orbit-sync", "web_server")
    with running("serve", "--port", "0", folder=desk.folder, **desk.environ) as service:
        callback = service.said(r"Callback URL for your app: (\S+)")[1]
        service.said("Press Ctrl-C")
        assert httpx2.get(urljoin(callback, "/ready"), timeout=60).status_code == 200
        assert httpx2.get(urljoin(callback, "/metrics"), timeout=60).status_code == 401
        desk.post("/act", do="set_callbacks", app="orbit-sync", callbacks=[callback])
        made = _authorized(desk, callback, "connect", "Acme", "--integration", file)
        assert (made.code, made.out.splitlines()[0]) == (0, "Connected.")
        _broken_and_explained(desk)
        desk.post("/scenario/demo", phase="heal")
        mended = _authorized(desk, callback, "reauthorize", "Acme", "--format", "json")
        assert (mended.code, mended.json()["status"]) == (0, "done")
        status = desk.run("status", "--format", "json").json()["connections"]
        assert [(each["name"], each["state"]) for each in status] == [("Acme", "connected")]
        other = _authorized(desk, callback, "reauthorize", "Acme", "--force-login", who="admin")
        assert (other.code, "On hold" in other.out) == (1, True)
        assert desk.run("release", "Acme", "--keep").out == "Acme: degraded\n"
        assert service.told(signal.SIGTERM).code == 0


def _broken_and_explained(desk: Desk) -> None:
    desk.post("/scenario/demo", phase="break")
    checked = desk.run("check", "Acme", "--renew")
    assert (checked.code, checked.out.splitlines()[0]) == (1, "Acme: blocked by admin")
    assert desk.run("status").code == 1
    session = httpx2.get(f"{desk.control}/session", timeout=60).text
    words = ("diagnose", "--connection", "Acme", "--session", "-", "--format", "json")
    found = desk.run(*words, stdin=session).json()
    assert (found["causes"][0]["id"], found["diagnosis"]["level"]) == (
        "app-blocked-by-admin",
        "admin",
    )
    assert json.loads(session)["access_token"] not in json.dumps(found)


def _authorized(desk: Desk, callback: str, *words: str, who: str = "integration") -> Ended:
    """A command that waits for a person, and the person who follows its link."""
    with running(*words, "--no-browser", folder=desk.folder, **desk.environ) as process:
        link = process.complained(r"(http\S+/start/\S+)")[1]
        with browser() as profile:
            assert walk(link, desk.person(who), callback, browser=profile).called_back
        return process.over()
