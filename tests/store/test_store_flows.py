"""Flows: a link starts once, a state returns once, and what ended keeps no verifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy.exc import IntegrityError

from evergrant.errors import NotFound
from evergrant.store import Store, Tx, flows
from evergrant.store.flows import LIFETIME, Flow
from store_kit import (
    NOW,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    seed,
    url,
)

pytestmark = pytest.mark.usefixtures("each_database")

NEW = Flow(
    id="flw_1",
    integration="int_sync",
    purpose="reauthorize",
    created_at=NOW,
    expires_at=NOW + timedelta(days=3),
    connection="con_acme",
    login_host="https://login.salesforce.com",
    login_hint="ada@acme.example",
    force_login=True,
    ticket_hash="ticket",
)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh(tmp_path) as store, store.write() as begun:
        seed(begun)
        flows.add(begun, NEW)
        yield begun


def begin(tx: Tx, flow_id: str = "flw_1", state: str = "state") -> Flow | None:
    return flows.start(tx, flow_id, NOW, state_hash=state, browser_hash="browser", sealed=b"pkce")


def test_a_flow_comes_back_as_it_was_put(tx: Tx) -> None:
    assert flows.get(tx, "flw_1") == NEW
    assert flows.by_ticket(tx, "ticket") == NEW
    assert flows.by_ticket(tx, "other") is None


def test_an_unknown_flow_is_not_found_and_names_no_other(tx: Tx) -> None:
    with pytest.raises(NotFound) as met:
        flows.get(tx, "flw_2")
    assert "flw_1" not in met.value.diagnostics()


def test_a_start_binds_the_flow_to_one_browser_for_ten_minutes(tx: Tx) -> None:
    started = begin(tx)
    assert started is not None
    assert (started.status, started.state_hash, started.browser_hash, started.sealed) == (
        "started",
        "state",
        "browser",
        b"pkce",
    )
    assert started.expires_at == NOW + timedelta(minutes=10)


def test_a_link_starts_once(tx: Tx) -> None:
    assert begin(tx) is not None
    assert begin(tx, state="another") is None
    assert flows.get(tx, "flw_1").state_hash == "state"


def test_an_old_link_starts_nothing(tx: Tx) -> None:
    flows.update(tx, "flw_1", expires_at=NOW)
    assert begin(tx) is None


def test_a_state_is_taken_once_and_a_replay_is_told_from_a_stranger(tx: Tx) -> None:
    begin(tx)
    taken = flows.take_state(tx, "state", NOW)
    assert taken is not None
    assert (taken.status, taken.sealed) == ("returned", b"pkce")
    assert flows.take_state(tx, "state", NOW) is None
    assert flows.by_state(tx, "state") == taken
    assert flows.by_state(tx, "stranger") is None


def test_an_empty_state_or_ticket_belongs_to_no_flow(tx: Tx) -> None:
    flows.add(tx, replace(NEW, id="flw_2", ticket_hash="", status="started"))
    flows.add(tx, replace(NEW, id="flw_3", ticket_hash="", status="started"))
    assert flows.take_state(tx, "", NOW) is None
    assert flows.by_state(tx, "") is None
    assert flows.by_ticket(tx, "") is None


def test_a_state_that_comes_too_late_is_not_taken(tx: Tx) -> None:
    begin(tx)
    assert flows.take_state(tx, "state", NOW + LIFETIME) is None
    assert flows.take_state(tx, "state", NOW + LIFETIME - timedelta(microseconds=1)) is not None


def test_two_flows_cannot_share_a_state(tx: Tx) -> None:
    flows.add(tx, replace(NEW, id="flw_2", ticket_hash="other"))
    begin(tx)
    with pytest.raises(IntegrityError):
        begin(tx, "flw_2")


@pytest.mark.parametrize("status", ["done", "refused", "on_hold", "expired"])
def test_an_ended_flow_keeps_its_outcome_and_no_verifier(tx: Tx, status: flows.Status) -> None:
    begin(tx)
    after = flows.update(tx, "flw_1", status=status, outcome={"error": "access_denied"})
    assert (after.status, after.outcome, after.sealed) == (
        status,
        {"error": "access_denied"},
        None,
    )
    assert flows.get(tx, "flw_1") == after


def test_expiry_ends_what_is_over_and_nothing_else(tx: Tx) -> None:
    begin(tx)
    flows.add(tx, replace(NEW, id="flw_new", ticket_hash="t2"))
    flows.add(tx, replace(NEW, id="flw_done", ticket_hash="t3", status="done", expires_at=NOW))
    assert flows.expire(tx, NOW + LIFETIME) == 1
    found = {each: flows.get(tx, each).status for each in ("flw_1", "flw_new", "flw_done")}
    assert found == {"flw_1": "expired", "flw_new": "new", "flw_done": "done"}
    assert flows.get(tx, "flw_1").sealed is None


def test_the_sealed_verifier_is_not_in_the_repr(tx: Tx) -> None:
    assert "pkce" not in repr(begin(tx))


def test_of_many_callbacks_with_one_state_one_wins(tmp_path: Path) -> None:
    with Store.open(url(tmp_path), patience_s=20) as store:
        with store.write() as tx:
            seed(tx)
            flows.add(tx, NEW)
            begin(tx)
        won: list[Flow] = []

        def call_back() -> None:
            with store.write() as tx:
                if taken := flows.take_state(tx, "state", NOW):
                    won.append(taken)

        threads = [Thread(target=call_back) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(won) == 1
