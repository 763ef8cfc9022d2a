"""Reconnect links and the audit log on the command line."""

from __future__ import annotations

import json
import re

import httpx2
import pytest

from cli_kit import assert_told, running
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant.testing.robot import browser, walk
from link_kit import logo

pytestmark = pytest.mark.slow


def connected(desk: Desk, callback: str) -> None:
    """A connection through the browser, by the running service."""
    file = desk.integration("orbit-sync", "web_server")
    words = ("connect", "Acme", "--integration", file, "--no-browser")
    with running(*words, folder=desk.folder, **desk.environ) as process:
        link = process.complained(r"(http\S+/start/\S+)")[1]
        with browser() as profile:
            assert walk(link, desk.person("integration"), callback, browser=profile).called_back
        assert process.over().code == 0


def test_a_link_is_made_listed_opened_and_revoked_and_the_log_tells_by_whom(desk: Desk) -> None:
    with running("serve", "--port", "0", folder=desk.folder, **desk.environ) as service:
        callback = service.said(r"Callback URL for your app: (http://\S+)")[1]
        desk.act("set_callbacks", app="orbit-sync", callbacks=[callback])
        connected(desk, callback)
        made = desk.run("link", "Acme", "--expires", "12h")
        assert made.code == 0
        address = made.out.splitlines()[0]
        assert re.fullmatch(r"http://\S+/r/[\w.-]+", address)
        assert "good until" in made.out
        with httpx2.Client(follow_redirects=True, timeout=60) as customer:
            assert "Reconnect Orbit Sync to Salesforce" in customer.get(address).text
        told = desk.run("link", "list", "--format", "json").json()["links"]
        assert [(each["connection"], each["status"]) for each in told] == [("Acme", "active")]
        assert address.rsplit("/", 1)[1] not in desk.run("link", "list", "Acme").out
        gone = desk.run("link", "revoke", told[0]["link"]["id"])
        assert gone.out.startswith("Revoked: link_")
        with httpx2.Client(follow_redirects=True, timeout=60) as customer:
            assert customer.get(address).status_code == 410
        lines = desk.run("audit-log", "--format", "json").out.splitlines()
        acts = {(each["act"], each["actor"].split()[0]) for each in map(json.loads, lines)}
        assert {("reconnect link made", "api"), ("reconnect link revoked", "command")} <= acts
        shown = desk.run("audit-log")
        assert "command line" in shown.out
        assert max(len(line) for line in shown.out.splitlines()) <= 80


def test_what_cannot_be_is_refused_plainly(desk: Desk) -> None:
    assert desk.run("link", "list").out.startswith("No links yet")
    assert_told(desk.run("link", "Acme"), 4, "not running")
    assert_told(desk.run("link", "Acme", "--expires", "soon"), 2, "is no span of time")
    assert_told(desk.run("link", "revoke", "link_0000"), 2, "no reconnect link")
    assert_told(desk.run("link", "brand", "nothing", "--accent", "#123456"), 2, "no integration")


def test_the_pages_of_an_integration_take_the_vendors_name_colours_and_logo(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    desk.run("connect", "Acme", "--integration", file)
    (desk.folder / "logo.png").write_bytes(logo())
    given = ("--name", "Orbit", "--accent", "#5b2bd9", "--logo", "logo.png")
    assert desk.run("link", "brand", "orbit-server", *given).out == "Saved.\n"
    for wrong, words in (
        (("--accent", "red;}"), "is no colour"),
        (("--name", "x" * 61), "cannot be shown"),
        (("--logo", "missing.png"), "cannot be read"),
        (("--logo", file), "no PNG, JPEG or WebP"),
    ):
        assert_told(desk.run("link", "brand", "orbit-server", *wrong), 2, words)
