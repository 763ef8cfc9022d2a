"""`evergrant contain`, against an emulated org in another process."""

from __future__ import annotations

import pytest

from cli_kit import assert_told
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


def test_an_integration_is_contained_after_a_yes_and_what_follows_is_said(desk: Desk) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    assert desk.run("connect", "Acme", "--integration", file).code == 0
    assert_told(desk.run("contain", "orbit-server"), 2, "add --yes")
    assert desk.run("check").out == "Acme: connected\n"
    done = desk.run("contain", "orbit-server", "--yes")
    assert done.code == 0, done.err
    assert done.out.startswith("1 of 1 connections stopped: none of them is refreshed.\n")
    assert "1 tokens revoked now, 0 not confirmed yet." in done.out
    assert "Rotate the consumer secret" in done.out
    assert "needs reauthorization" in " ".join(desk.run("status").out.split())
    again = desk.run("contain", "orbit-server", "--yes", "--format", "json").json()
    assert again["done"] is True
    assert again["state"]["revoked"] == 0
    assert_told(desk.run("contain", "nobody", "--yes"), 2, "nobody")
