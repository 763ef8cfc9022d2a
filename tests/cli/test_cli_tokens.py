"""`token`, `api-keys`, `keys`: as scripts and operators use them."""

from __future__ import annotations

import re

from cli_kit import assert_told, evergrant, running
from desk_kit import (
    Desk,
    desk_fixture,  # noqa: F401 (a fixture)
)


def connected(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    assert desk.run("connect", "Acme", "--integration", file).code == 0


def test_a_script_gets_a_token_from_the_store_and_that_is_written_down(desk: Desk) -> None:
    connected(desk)
    told = desk.run("token", "Acme")
    assert told.code == 0
    assert re.fullmatch(r"00D\w+!\S+\n", told.out)
    whole = desk.run("token", "Acme", "--format", "json").json()
    assert whole["access_token"] == told.out.strip()
    assert whole["instance_url"] == desk.org
    log = desk.run("api-keys", "log", "--connection", "Acme", "--format", "json").json()
    assert [each["key"] for each in log["lines"]] == ["operator"] * 2
    assert told.out.strip() not in desk.run("api-keys", "log").out
    assert_told(desk.run("token", "Acne"), 2, "no connection 'Acne'")


def test_a_key_is_shown_once_opens_what_it_names_and_ends_when_it_is_revoked(desk: Desk) -> None:
    connected(desk)
    made = desk.run("api-keys", "create", "sync", "--connection", "Acme", "--days", "7").out
    word = made.splitlines()[0]
    assert re.fullmatch(r"evgk_[0-9a-f]{16}_[\w-]{43}", word)
    listed = desk.run("api-keys", "list", "--format", "json")
    assert word[-43:] not in listed.out
    assert [each["name"] for each in listed.json()["keys"]] == ["sync"]
    with running("serve", "--port", "0", folder=desk.folder, **desk.environ) as service:
        url = service.said(r"listens on (\S+)")[1]
        there = {"EVERGRANT_URL": url, "EVERGRANT_API_KEY": word, "EVERGRANT_DATA_DIR": "/nowhere"}
        connection = desk.run("status", "--format", "json").json()["connections"][0]["id"]
        away = evergrant("token", connection, folder=desk.folder, **there)
        assert (away.code, away.out[:3]) == (0, "00D")
        assert_told(evergrant("token", "con_other", folder=desk.folder, **there), 2, "nothing")
        assert desk.run("api-keys", "revoke", "sync").code == 0
        late = evergrant("token", connection, folder=desk.folder, **there)
        assert_told(late, 2, "API key")
        assert word[-43:] not in late.err
    assert "revoked" in desk.run("api-keys", "list").out
    assert_told(desk.run("api-keys", "create", "none"), 2, "opens nothing")


def test_the_master_key_is_rotated_and_the_former_one_stays_until_it_is_dropped(desk: Desk) -> None:
    connected(desk)
    [before] = desk.run("keys", "list", "--format", "json").json()["keys"]
    told = desk.run("keys", "rotate")
    assert told.code == 0
    assert f"Key {before['id']} still opens" in told.out
    current, former = desk.run("keys", "list", "--format", "json").json()["keys"]
    assert (former["id"], former["rows"], former["is_current"]) == (before["id"], 0, False)
    assert current["rows"] == before["rows"]
    assert desk.run("check").out == "Acme: connected\n"
    assert_told(desk.run("keys", "forget"), 2, "just now")


def test_a_backup_is_restored_while_the_service_is_stopped(desk: Desk) -> None:
    connected(desk)
    told = desk.run("backup", "copy.db", "--format", "json").json()
    assert desk.run("remove", "Acme", "--yes").code == 0
    with running("serve", "--port", "0", folder=desk.folder, **desk.environ) as service:
        service.said("listens on")
        assert_told(desk.run("restore", "copy.db", "--yes"), 2, "the service is running")
    done = desk.run("restore", "copy.db", "--yes")
    assert done.code == 0, done.err
    assert "1 connections are restored" in done.out
    assert (
        desk.run("keys", "list", "--format", "json").json()["keys"][0]["id"] == told["master_key"]
    )
    assert desk.run("status", "--format", "json").json()["connections"][0]["state"] == "connected"
    assert_told(desk.run("restore", "--yes"), 2, "either a backup file, or --restored")
