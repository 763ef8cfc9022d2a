"""Connections, incidents, events, parts and rows: what is written comes back, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, StatementError

from evergrant.errors import BadInput, NotFound
from evergrant.health import State
from evergrant.model import Event, Fact, Identity, Incident, Proof, Secret, Subject, Unknown
from evergrant.store import Tx, connections, events, incidents, integrations, parts
from evergrant.store.incidents import Case
from evergrant.store.types import redacted
from store_kit import (
    NOW,
    connection,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    integration,
    seed,
)

pytestmark = pytest.mark.usefixtures("each_database")

WHO = Identity("00D5g00000ABCDEEA4", "0055g00000XYZABAA2", "ada@acme.example")
TOKEN = "00D5g00000ABCDE!AQEAQplantedplantedplanted.planted"
BROKEN = Incident("inc_1", "con_acme", NOW, error="invalid_grant", description="expired token")


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh(tmp_path) as store, store.write() as begun:
        seed(begun)
        yield begun


# --- connections ---------------------------------------------------------------------------------


def test_a_connection_comes_back_as_it_was_put(tx: Tx) -> None:
    put = connection(
        "con_2",
        "globex",
        state=State.EXPIRING_SOON,
        identity=WHO,
        instance_url="https://globex.my.salesforce.com",
        settings={"sync": "nightly"},
        epoch=3,
        since=NOW,
        last_success=NOW + timedelta(microseconds=1),
    )
    connections.add(tx, put)
    assert connections.get(tx, "con_2") == put
    assert connections.get(tx, "globex") == put


def test_an_unknown_connection_is_answered_with_the_nearest_names(tx: Tx) -> None:
    with pytest.raises(NotFound) as met:
        connections.get(tx, "acmee")
    assert met.value.what == "there is no connection 'acmee'"
    assert "acme" in met.value.why


def test_a_name_in_use_is_refused_and_the_transaction_goes_on(tx: Tx) -> None:
    with pytest.raises(BadInput, match="already"):
        connections.add(tx, connection("con_2", "acme"))
    connections.add(tx, connection("con_3", "globex"))
    with pytest.raises(BadInput, match="'acme' already"):
        connections.update(tx, "con_3", name="acme")
    assert [each.name for each in connections.every(tx)] == ["acme", "globex"]


def test_a_removed_connection_frees_its_name_and_answers_to_its_id(tx: Tx) -> None:
    connections.update(tx, "con_acme", state=State.REMOVED)
    assert connections.get(tx, "acme").id == "con_acme"
    connections.add(tx, connection("con_2", "acme"))
    assert connections.get(tx, "acme").id == "con_2"
    assert connections.get(tx, "con_acme").state is State.REMOVED


def test_a_name_that_two_integrations_use_is_not_guessed(tx: Tx) -> None:
    integrations.save(tx, integration("int_2", "orbit-mail"))
    connections.add(tx, connection("con_2", "acme", integration="int_2"))
    with pytest.raises(BadInput, match="2 connections") as met:
        connections.get(tx, "acme")
    assert met.value.next_step == "use one of their ids: con_2, con_acme"
    assert [each.id for each in connections.every(tx, integration="int_2")] == ["con_2"]


def test_a_connection_without_an_integration_is_refused_in_words(tx: Tx) -> None:
    with pytest.raises(BadInput, match="an integration that is not there"):
        connections.add(tx, connection("con_2", "globex", integration="int_none"))


def test_an_update_writes_only_what_changed(tx: Tx) -> None:
    connections.update(tx, "con_acme", settings={"sync": "nightly"}, identity=WHO)
    after = connections.update(tx, "con_acme", state=State.DEGRADED, since=NOW)
    assert after == connection(
        settings={"sync": "nightly"}, identity=WHO, state=State.DEGRADED, since=NOW
    )
    assert connections.update(tx, "con_acme") == after
    assert connections.update(tx, "con_acme", identity=None).identity is None


def test_an_update_of_nothing_is_not_found(tx: Tx) -> None:
    with pytest.raises(NotFound):
        connections.update(tx, "con_none", epoch=1)


# --- incidents -----------------------------------------------------------------------------------


def test_an_incident_is_open_until_it_is_closed_and_keeps_its_proofs(tx: Tx) -> None:
    incidents.add(tx, BROKEN)
    assert incidents.open_for(tx, "con_acme") == BROKEN
    closed = replace(
        BROKEN,
        cause="refresh-token-unused",
        closed_at=NOW + timedelta(hours=1),
        proofs=(Proof("identity", True, "same user"), Proof("login_history", None, "no access")),
    )
    incidents.update(tx, closed)
    assert incidents.open_for(tx, "con_acme") is None
    assert incidents.get(tx, "inc_1") == closed


def test_a_connection_has_one_open_incident_at_most(tx: Tx) -> None:
    incidents.add(tx, BROKEN)
    with pytest.raises(IntegrityError):
        incidents.add(tx, replace(BROKEN, id="inc_2"))


def test_incidents_come_newest_first(tx: Tx) -> None:
    for hours in range(3):
        at = NOW + timedelta(hours=hours)
        incidents.add(tx, Incident(f"inc_{hours}", "con_acme", at, closed_at=at))
    found = [each.id for each in incidents.of(tx, "con_acme", limit=2)]
    assert found == ["inc_2", "inc_1"]


def test_the_case_of_an_incident_is_kept_without_secrets(tx: Tx) -> None:
    incidents.add(tx, BROKEN)
    assert incidents.case(tx, "inc_1") == Case()
    facts = [
        Fact("token_reply.error", "invalid_grant", observed_at=NOW, quote=f"Bearer {TOKEN}"),
        Fact("app.pkce", Unknown("no access"), Subject("app", "Orbit Sync")),
    ]
    incidents.keep_case(tx, "inc_1", Case(facts, {"access_token": "short", "cause": "x"}))
    kept = incidents.case(tx, "inc_1")
    assert kept.facts[0]["value"] == "invalid_grant"
    assert kept.facts[0]["observed_at"] == "2026-11-22T09:00:00Z"
    assert kept.facts[1]["value"] == {"reason": "no access", "next_step": ""}
    assert kept.diagnosis == {"access_token": "•••", "cause": "x"}
    assert "planted" not in str(kept)


@pytest.mark.parametrize("call", [incidents.get, incidents.case])
def test_an_unknown_incident_is_not_found(tx: Tx, call: Any) -> None:
    with pytest.raises(NotFound):
        call(tx, "inc_none")


def test_changes_to_an_unknown_incident_are_not_lost_in_silence(tx: Tx) -> None:
    with pytest.raises(NotFound):
        incidents.update(tx, BROKEN)
    with pytest.raises(NotFound):
        incidents.keep_case(tx, "inc_1", Case())


# --- events --------------------------------------------------------------------------------------


def test_events_come_newest_first_even_within_one_instant(tx: Tx) -> None:
    for number in range(4):
        events.add(tx, "con_acme", Event(NOW, "note", str(number), {"number": number}))
    found = events.recent(tx, "con_acme", limit=3)
    assert [each.text for each in found] == ["3", "2", "1"]
    assert found[0] == Event(NOW, "note", "3", {"number": 3})


def test_an_event_cannot_carry_a_secret_into_the_database(tx: Tx) -> None:
    data = {"reply": f"access_token={TOKEN}", "refresh_token": "anything", "old": Secret("hidden")}
    events.add(tx, "con_acme", Event(NOW, "refreshed", f"got {TOKEN}", data))
    said = str(events.recent(tx, "con_acme")[0])
    assert "planted" not in said
    assert "anything" not in said
    assert "hidden" not in said


# --- parts and integrations ----------------------------------------------------------------------


def test_parts_come_in_the_order_of_authorization(tx: Tx) -> None:
    second = parts.Part("prt_2", "int_sync", "package", "step", 2)
    first = parts.Part("prt_1", "int_sync", "main", "credential", 1)
    parts.add(tx, second)
    parts.add(tx, first)
    assert parts.of(tx, "int_sync") == [first, second]
    assert parts.of_connection(tx, "con_acme", "package") == second
    assert parts.of_connection(tx, "con_acme", "none") is None


def test_an_integration_row_is_replaced_by_its_id_and_found_by_its_name(tx: Tx) -> None:
    assert integrations.save(tx, replace(integration(), app_label="Orbit Sync 2")) is False
    assert integrations.save(tx, integration("int_2", "alpha")) is True
    assert integrations.get(tx, "orbit-sync").app_label == "Orbit Sync 2"
    assert [each.name for each in integrations.every(tx)] == ["alpha", "orbit-sync"]
    assert "sealed" not in repr(integrations.get(tx, "int_2"))


def test_two_integrations_of_one_name_are_refused(tx: Tx) -> None:
    with pytest.raises(BadInput, match="already"):
        integrations.save(tx, integration("int_2"))
    with pytest.raises(NotFound, match="orbit-synk"):
        integrations.get(tx, "orbit-synk")


# --- column types --------------------------------------------------------------------------------


def test_a_time_without_a_zone_is_refused(tx: Tx) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        connections.update(tx, "con_acme", since=datetime(2026, 11, 22))  # noqa: DTZ001 (meant)


def test_a_time_of_another_zone_comes_back_as_the_same_instant_in_utc(tx: Tx) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert connections.update(tx, "con_acme", since=there).since == NOW
    assert str(connections.get(tx, "acme").since) == "2026-11-22 09:00:00+00:00"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON)
def test_redacting_twice_changes_nothing_more(value: Any) -> None:
    once = redacted(value)
    assert redacted(once) == once


@given(JSON, st.sampled_from(["access_token", "client_secret", "password", "code_verifier"]))
def test_what_stands_under_a_secret_name_is_hidden_at_any_depth(value: Any, name: str) -> None:
    said = str(redacted([value, {"inner": [{name: "planted-value"}]}]))
    assert "planted-value" not in said


@pytest.mark.parametrize("words", ["invalid_grant", "expired access/refresh token", "code=1234"])
def test_the_words_of_salesforce_stay_as_they_are(words: str) -> None:
    assert redacted({"error": words}) == {"error": words}
