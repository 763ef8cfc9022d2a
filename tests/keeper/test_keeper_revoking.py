"""Tokens out of use: none is forgotten, none is kept a moment longer than it must be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.keeper.revoking import revoke_waiting
from evergrant.store import revocations
from evergrant.store.revocations import Revocation
from evergrant.watch import go_round
from keeper_kit import (
    REVOKE,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

DOWN = {"status": 503, "content_type": "text/html", "body": "<h1>Down for maintenance</h1>"}


NO_CONFIRMATION = (
    # Salesforce documents the first for this endpoint; the others are what stands in the way of it.
    (400, "unsupported_token_type"), (400, "rate_limit_exceeded"), (429, "rate_limit_exceeded"),
    (503, "server_error"), (500, "unknown_error"), (401, "invalid_client"), (403, "app_blocked"),
)  # fmt: skip


def waiting(ground: Ground) -> Sequence[Revocation]:
    with ground.keeper.reading() as tx:
        return revocations.waiting(tx)


def later(ground: Ground, by: timedelta) -> None:
    ground.control.ask("POST", "/clock", json={"advance_s": by.total_seconds()})


def until(what: Callable[[], bool]) -> None:
    """Wait for something that is done behind."""
    give_up = time.monotonic() + 60
    while not what():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)


def test_a_token_that_is_revoked_at_once_leaves_nothing_behind(ground: Ground) -> None:
    connection = ground.connected()
    verbs.remove(ground.keeper, connection.id)
    assert ground.live_refresh_tokens() == 0
    assert waiting(ground) == []


@pytest.mark.usefixtures("each_database")
def test_a_revocation_is_tried_until_salesforce_confirms_it(ground: Ground) -> None:
    connection = ground.connected()
    token = ground.live(connection).credential.refresh_token
    ground.fault(REVOKE, **DOWN, times=2)
    gone = verbs.remove(ground.keeper, connection.id)
    assert ground.is_live(token)
    assert {row.sealed for row in ground.rows(gone)} == {b""}, "destroyed here all the same"
    [row] = waiting(ground)
    assert "503" in row.error
    assert revoke_waiting(ground.keeper) == 0, "not before its time"
    later(ground, timedelta(minutes=2))
    assert revoke_waiting(ground.keeper) == 0
    later(ground, timedelta(minutes=5))
    assert revoke_waiting(ground.keeper) == 1
    assert not ground.is_live(token)
    assert waiting(ground) == []
    assert len(ground.history(gone, "not revoked")) == 1
    [event] = ground.history(gone, "revoked")
    assert event.data["tries"] == 3


@pytest.mark.parametrize(("status", "error"), NO_CONFIRMATION)
def test_a_refusal_that_is_no_confirmation_leaves_the_token_queued_and_says_why(
    ground: Ground, status: int, error: str
) -> None:
    connection = ground.connected()
    token = ground.live(connection).credential.refresh_token
    ground.fault(REVOKE, status=status, body=json.dumps({"error": error}), times=1)
    gone = verbs.remove(ground.keeper, connection.id)
    assert ground.is_live(token)
    [row] = waiting(ground)
    assert error in row.error
    assert error in ground.history(gone, "not revoked")[0].text
    later(ground, timedelta(minutes=2))
    assert revoke_waiting(ground.keeper) == 1
    assert not ground.is_live(token)


def test_an_attempt_that_fails_for_another_reason_is_written_down_again(ground: Ground) -> None:
    connection = ground.connected()
    for status, error in ((429, "rate_limit_exceeded"), (400, "unsupported_token_type")):
        ground.fault(REVOKE, status=status, body=json.dumps({"error": error}))
        verbs.remove(ground.keeper, connection.id)
        revoke_waiting(ground.keeper)
        later(ground, timedelta(minutes=2))
    told = [each.text for each in ground.history(connection, "not revoked")]
    assert len(told) == 2
    assert "rate_limit_exceeded" in " ".join(told)
    assert "unsupported_token_type" in " ".join(told)


@pytest.mark.usefixtures("each_database")
def test_the_watch_goes_on_with_what_waits(ground: Ground) -> None:
    connection = ground.connected()
    token = ground.live(connection).credential.refresh_token
    ground.fault(REVOKE, **DOWN)
    verbs.remove(ground.keeper, connection.id)
    later(ground, timedelta(minutes=2))
    go_round(ground.keeper, "test")
    until(lambda: not waiting(ground))
    assert not ground.is_live(token)


def test_the_old_token_of_a_reauthorization_waits_as_well(ground: Ground) -> None:
    connection = ground.connected()
    old = ground.live(connection).credential.refresh_token
    ground.fault(REVOKE, **DOWN)
    assert ground.reauthorized(connection).status == "done"
    new = ground.live(connection).credential.refresh_token
    [row] = waiting(ground)
    assert old is not None
    assert row.fingerprint == old.fingerprint
    later(ground, timedelta(minutes=2))
    assert revoke_waiting(ground.keeper) == 1
    assert not ground.is_live(old)
    assert ground.is_live(new)


def test_a_waiting_token_is_sealed_and_wiped_once_it_is_revoked(ground: Ground) -> None:
    connection = ground.connected()
    token = ground.live(connection).credential.refresh_token
    assert token is not None
    ground.fault(REVOKE, **DOWN)
    verbs.remove(ground.keeper, connection.id)
    [row] = waiting(ground)
    assert token.reveal().encode() not in row.sealed
    assert "sealed" not in repr(row)
    later(ground, timedelta(minutes=2))
    assert revoke_waiting(ground.keeper) == 1
    for path in ground.keeper.store.path.parent.iterdir():
        if path.is_file():
            assert token.reveal().encode() not in path.read_bytes()


@pytest.mark.usefixtures("each_database")
def test_of_two_who_try_at_once_one_asks(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(REVOKE, **DOWN)
    verbs.remove(ground.keeper, connection.id)
    later(ground, timedelta(minutes=2))
    now = ground.keeper.clock.now()
    with ground.keeper.writing() as tx:
        assert len(revocations.claim(tx, now)) == 1
    with ground.keeper.writing() as tx:
        assert revocations.claim(tx, now) == []
