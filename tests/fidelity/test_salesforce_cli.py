"""A login of the Salesforce CLI, as each of its versions tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evergrant.cli.salesforce_cli import session_of
from evergrant.errors import BadInput, CouldNotLook, HostRefused
from planted import stand_in_sf

TOKEN = "00Dxx0000001gPL!AQEAQH0dummy.token.of.a.test.1234567890"
URL = "https://acme-dev-ed.develop.my.salesforce.com"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the program first on the PATH, once a test has put it there."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("SF_BIN", raising=False)
    monkeypatch.setenv("STAND_IN_TOKEN", TOKEN)
    return tmp_path


@pytest.mark.parametrize("version", ["new", "old"])
def test_every_version_of_the_cli_gives_its_session(folder: Path, version: str) -> None:
    stand_in_sf(folder, f"{URL}/", version=version)
    session = session_of("dev")
    assert (session.instance_url, session.access_token.reveal()) == (URL, TOKEN)


@pytest.mark.parametrize(
    ("version", "words"),
    [("logged out", "No authorization information found for dev"), ("secretive", "no session")],
)
def test_a_cli_without_a_session_is_told_apart_from_a_silent_one(
    folder: Path, version: str, words: str
) -> None:
    stand_in_sf(folder, URL, version=version)
    with pytest.raises(CouldNotLook, match=words) as raised:
        session_of("dev")
    assert raised.value.reason == "no_permission"


@pytest.mark.parametrize("printed", ["", "sf: something else", "[1]", '{"result": []}'])
def test_a_program_that_is_something_else_is_no_bug_of_ours(folder: Path, printed: str) -> None:
    path = stand_in_sf(folder, URL)
    path.write_text(f"#!/bin/sh\nprintf '%s' '{printed}'\n")
    with pytest.raises(CouldNotLook):
        session_of("dev")


def test_no_program_is_said_plainly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(CouldNotLook, match="not on the PATH") as raised:
        session_of("dev")
    assert raised.value.reason == "not_applicable"


@pytest.mark.parametrize("alias", ["", " ", "--json", "-o"])
def test_what_looks_like_an_option_is_no_alias(folder: Path, alias: str) -> None:
    stand_in_sf(folder, URL)
    with pytest.raises(BadInput, match="is no alias"):
        session_of(alias)


@pytest.mark.parametrize(
    "url", ["https://evil.example", "http://127.0.0.1:8080", "https://acme.lightning.force.com"]
)
def test_a_host_that_is_not_salesforces_gets_no_token(folder: Path, url: str) -> None:
    stand_in_sf(folder, url)
    with pytest.raises(HostRefused):
        session_of("dev")
