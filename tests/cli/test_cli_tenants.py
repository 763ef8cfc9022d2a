"""Tenants on the command line: made, listed, named, and apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli_kit import assert_told, evergrant
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from keeper_kit import org_fixture  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


def names(desk: Desk, *words: str) -> list[str]:
    """The connections that `status` tells, with these words before it."""
    told = desk.run(*words, "status", "--format", "json").json()
    return [each["name"] for each in told["connections"]]


def test_a_tenant_is_made_once_and_listed_with_what_it_has(desk: Desk) -> None:
    made = desk.run("tenant", "add", "rival", "--format", "json")
    assert (made.code, made.json()["name"]) == (0, "rival")
    assert_told(desk.run("tenant", "add", "rival"), 2, "there is a tenant 'rival' already")
    for wrong in ("Rival", "rival co", "", "x" * 31, "../x", "rival@x"):
        assert_told(desk.run("tenant", "add", wrong), 2, "is no name of a tenant")
    told = desk.run("tenant", "list", "--format", "json").json()["tenants"]
    assert [(each["name"], each["connections"]) for each in told] == [("default", 0), ("rival", 0)]
    assert "with the database" in desk.run("tenant", "list").out


def test_the_same_file_and_the_same_name_connect_in_two_tenants_which_see_their_own(
    desk: Desk,
) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    desk.run("tenant", "add", "rival")
    assert desk.run("connect", "Acme", "--integration", file).code == 0
    assert desk.run("--tenant", "rival", "connect", "Acme", "--integration", file).code == 0
    assert desk.run("--tenant", "rival", "connect", "Zebra", "--integration", file).code == 0
    assert names(desk) == ["Acme"]
    assert names(desk, "--tenant", "rival") == ["Acme", "Zebra"]
    assert_told(desk.run("check", "Zebra"), 2, "there is no connection 'Zebra'")
    assert desk.run("--tenant", "rival", "check", "Zebra").code == 0
    assert_told(desk.run("token", "Zebra"), 2, "there is no connection 'Zebra'")
    for words in ((), ("--tenant", "rival")):
        lines = desk.run(*words, "audit-log", "--format", "json").out.splitlines()
        told = {each["subject"] for each in map(json.loads, lines) if each["act"] == "connected"}
        assert len(told) == (2 if words else 1)
    told = desk.run("tenant", "list", "--format", "json").json()["tenants"]
    assert [each["connections"] for each in told] == [1, 2]


def test_keys_are_listed_and_revoked_by_their_own_tenant_alone(desk: Desk) -> None:
    desk.run("tenant", "add", "rival")
    made = desk.run("--tenant", "rival", "api-keys", "create", "sync", "--all", "--format", "json")
    key = made.json()["id"]
    assert desk.run("api-keys", "list", "--format", "json").json()["keys"] == []
    assert_told(desk.run("api-keys", "revoke", key), 2, f"there is no API key {key!r}")
    assert_told(desk.run("api-keys", "revoke", "sync"), 2, "there is no API key 'sync'")
    assert desk.run("--tenant", "rival", "api-keys", "revoke", "sync").code == 0


def test_a_tenant_that_is_not_there_is_bad_input_and_nothing_is_made(desk: Desk) -> None:
    assert_told(desk.run("--tenant", "nobody", "status"), 2, "there is no tenant 'nobody'")
    assert desk.run("tenant", "list", "--format", "json").json()["tenants"][1:] == []


def test_the_variable_names_the_tenant_and_the_option_goes_first(desk: Desk) -> None:
    desk.run("tenant", "add", "rival")
    desk.run("tenant", "add", "third")
    desk.run("--tenant", "rival", "api-keys", "create", "sync", "--all")
    own: dict[str, Any] = {"folder": desk.folder, "EVERGRANT_TENANT": "rival"}
    assert "sync" in evergrant("api-keys", "list", **own).out
    assert "sync" not in evergrant("--tenant", "third", "api-keys", "list", **own).out


def test_rotating_the_master_key_reaches_every_tenant(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    desk.run("tenant", "add", "rival")
    desk.run("--tenant", "rival", "connect", "Zebra", "--integration", file)
    assert desk.run("--tenant", "rival", "keys", "rotate").code == 0
    standing = desk.run("keys", "list", "--format", "json").json()["keys"]
    assert [each["rows"] for each in standing if not each["is_current"]] == [0]
    assert desk.run("--tenant", "rival", "check", "Zebra").code == 0
