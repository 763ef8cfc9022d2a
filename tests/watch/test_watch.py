"""The watch: due rows walked, notices delivered once, and nothing lost when a walker dies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.keeper import Keeper
from evergrant.keeper.record import CHECK
from evergrant.model import Connection
from evergrant.store import due, flows, outbox
from evergrant.watch import Round, Walker, go_round
from keeper_kit import (
    BROWSER_APP,
    RESOURCES,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

INTERVAL = timedelta(seconds=900)


class Receiver(BaseHTTPRequestHandler):
    """Takes webhooks; answers with what it was told to answer."""

    got: list[dict[str, Any]]
    answers: list[int]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.got.append({"id": self.headers["webhook-id"], **body})
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def receiver(*answers: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real little server for webhooks: its address, and what it got."""
    got: list[dict[str, Any]] = []
    handler = type("Told", (Receiver,), {"got": got, "answers": list(answers)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", got
        finally:
            server.shutdown()
            thread.join()


def hooked(ground: Ground, url: str) -> Keeper:
    """The same keeper, with a webhook."""
    return replace(ground.keeper, settings=ground.keeper.settings.but(webhook_url=url))


def due_in(ground: Ground, connection: Connection) -> timedelta | None:
    """How long until the next check."""
    with ground.keeper.reading() as tx:
        at = due.times(tx, connection.id).get(CHECK)
    return at - ground.keeper.clock.now() if at else None


def break_it(ground: Ground) -> Connection:
    """A connection that is due and whose app was blocked."""
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    ground.control.advance(INTERVAL)
    return connection


# --- due rows ------------------------------------------------------------------------------------


def test_nothing_is_checked_before_it_is_due(ground: Ground) -> None:
    ground.connected()
    assert go_round(ground.keeper, "me").checked == 0


def test_what_is_due_is_checked_and_due_again_after_the_interval(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.advance(INTERVAL)
    assert go_round(ground.keeper, "me").checked == 1
    assert go_round(ground.keeper, "me").checked == 0
    left = due_in(ground, connection)
    assert left is not None
    assert INTERVAL - timedelta(seconds=10) < left <= INTERVAL


def test_every_connection_that_is_due_is_checked_in_one_round(ground: Ground) -> None:
    for name in ("Acme", "Globex", "Initech"):
        ground.connected(name)
    ground.control.advance(INTERVAL)
    assert go_round(ground.keeper, "me").checked == 3


def test_a_dead_credential_is_never_sent_again_by_the_watch(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("revoke_app", app=BROWSER_APP)
    ground.control.advance(INTERVAL)
    go_round(ground.keeper, "me")
    assert ground.now(connection.id).state is State.NEEDS_REAUTHORIZATION
    assert due_in(ground, connection) is None


@pytest.mark.parametrize("let_go", [verbs.pause, verbs.remove])
def test_what_was_paused_or_removed_is_never_due(
    ground: Ground, let_go: Callable[[Keeper, str], Connection]
) -> None:
    connection = ground.connected()
    let_go(ground.keeper, connection.id)
    ground.control.advance(INTERVAL)
    assert go_round(ground.keeper, "me").checked == 0


def test_a_resumed_connection_is_due_again(ground: Ground) -> None:
    connection = ground.connected()
    verbs.pause(ground.keeper, connection.id)
    verbs.resume(ground.keeper, connection.id)
    ground.control.advance(INTERVAL)
    assert go_round(ground.keeper, "me").checked == 1


def test_a_failed_reauthorization_of_a_working_connection_makes_it_due_at_once(
    ground: Ground,
) -> None:
    connection = ground.connected()
    back = ground.called_back(connection_id=connection.id)
    denied = back.url.split("?")[0] + "?error=access_denied&state=" + back.state
    verbs.finish(ground.keeper, denied, back.cookie)
    assert go_round(ground.keeper, "me").checked == 1
    assert ground.now(connection.id).state is State.CONNECTED


def test_a_check_that_could_not_get_its_turn_is_tried_again_soon(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.advance(INTERVAL)
    now = ground.keeper.clock.now()
    with ground.keeper.writing() as tx:
        due.take(tx, "renew", connection.id, now, owner="other", lease=timedelta(hours=1))
    go_round(ground.keeper, "me")
    left = due_in(ground, connection)
    assert left is not None
    assert timedelta() < left <= timedelta(seconds=30)


def test_a_row_that_a_dead_walker_had_claimed_is_taken_over_when_its_lease_ends(
    ground: Ground,
) -> None:
    ground.connected()
    ground.control.advance(INTERVAL)
    with ground.keeper.writing() as tx:
        due.claim(tx, ground.keeper.clock.now(), owner="dead", kinds=(CHECK,))
    assert go_round(ground.keeper, "me").checked == 0, "somebody may still be at it"
    ground.control.advance(due.LEASE)
    assert go_round(ground.keeper, "me").checked == 1


def test_one_connection_that_brings_out_a_defect_keeps_nobody_from_being_checked(
    ground: Ground,
) -> None:
    first, second = ground.connected("Acme"), ground.connected("Globex")
    with ground.keeper.writing() as tx:
        # A row that cannot be opened: as after a restore with another master key.
        tx.exec_driver_sql("UPDATE credential SET sealed = x'00' WHERE connection = ?", (first.id,))
    ground.control.advance(INTERVAL)
    assert go_round(ground.keeper, "me").checked == 2
    last = ground.now(second.id).last_success
    assert last is not None
    assert ground.keeper.clock.now() - last < timedelta(minutes=1)
    left = due_in(ground, first)
    assert left is not None
    assert left > timedelta()


def test_a_flow_that_nobody_finished_ends_after_ten_minutes(ground: Ground) -> None:
    begun = verbs.begin(ground.keeper, ground.integration().id, name="Acme")
    ground.control.advance(flows.LIFETIME)
    go_round(ground.keeper, "me")
    assert verbs.flow_of(ground.keeper, begun.flow.id).status == "expired"


# --- notices -------------------------------------------------------------------------------------


def test_a_break_and_a_recovery_are_told_once_each(ground: Ground) -> None:
    with receiver() as (url, got):
        keeper = hooked(ground, url)
        break_it(ground)
        for _ in range(3):
            go_round(keeper, "me")
            ground.control.advance(INTERVAL)
        ground.control.act("unblock_app", app=BROWSER_APP)
        for _ in range(3):
            go_round(keeper, "me")
            ground.control.advance(INTERVAL)
    assert [each["kind"] for each in got] == ["broken", "recovered"]
    assert got[0]["data"]["state"] == "blocked by admin"
    assert got[1]["title"] == "Acme: connected"


def test_a_notice_goes_in_the_round_that_wrote_it(ground: Ground) -> None:
    with receiver() as (url, got):
        break_it(ground)
        assert go_round(hooked(ground, url), "me") == Round(checked=1, delivered=2, failed=0)
        assert len(got) == 1


def test_a_webhook_that_fails_is_tried_again_later_and_later_with_the_same_id(
    ground: Ground,
) -> None:
    with receiver(500, 500, 204) as (url, got):
        keeper = hooked(ground, url)
        break_it(ground)
        assert go_round(keeper, "me").failed == 1
        assert go_round(keeper, "me").failed == 0, "not before thirty seconds have passed"
        ground.control.advance(timedelta(seconds=31))
        assert go_round(keeper, "me").failed == 1
        ground.control.advance(timedelta(seconds=31))
        assert go_round(keeper, "me").failed == 0, "the second wait is longer"
        ground.control.advance(timedelta(seconds=31))
        assert go_round(keeper, "me").delivered == 1
        ground.control.advance(timedelta(hours=2))
        go_round(keeper, "me")
    assert len(got) == 3
    assert len({each["id"] for each in got}) == 1


def test_a_webhook_that_nobody_answers_loses_no_notice(ground: Ground) -> None:
    keeper = hooked(ground, "http://127.0.0.1:1/hook")
    break_it(ground)
    go_round(keeper, "me")
    with keeper.reading() as tx:
        assert outbox.waiting(tx) == 1


def test_a_walker_that_died_while_delivering_delays_the_notice_and_does_not_lose_it(
    ground: Ground,
) -> None:
    with receiver() as (url, got):
        keeper = hooked(ground, url)
        connection = break_it(ground)
        verbs.check(keeper, connection.id)
        with keeper.writing() as tx:
            outbox.claim(tx, keeper.clock.now(), limit=10)
        assert go_round(keeper, "me").delivered == 0
        ground.control.advance(outbox.HIDDEN_FOR)
        assert go_round(keeper, "me").delivered == 2
        assert len(got) == 1


def test_a_notice_holds_no_token(ground: Ground) -> None:
    with receiver() as (url, got):
        connection = ground.connected()
        kept = ground.live(connection).credential
        ground.control.act("revoke_app", app=BROWSER_APP)
        verbs.check(hooked(ground, url), connection.id)
        go_round(hooked(ground, url), "me")
    told = json.dumps(got)
    assert kept.refresh_token is not None
    assert kept.refresh_token.reveal() not in told
    assert kept.access_token.reveal() not in told


# --- the walker ----------------------------------------------------------------------------------


def test_the_walker_goes_round_by_itself_and_stops_when_told(ground: Ground) -> None:
    connection = break_it(ground)
    with Walker(ground.keeper):
        until = time.monotonic() + 60
        while ground.now(connection.id).state is State.CONNECTED:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert ground.now(connection.id).state is State.BLOCKED_BY_ADMIN
    asked = len(ground.requests(RESOURCES))
    ground.control.advance(INTERVAL)
    time.sleep(1.2)
    assert len(ground.requests(RESOURCES)) == asked
