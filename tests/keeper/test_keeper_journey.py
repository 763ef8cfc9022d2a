"""A journey of several attempts, what is looked at without touching, settings, and signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.errors import BadCallback, BadInput, HostRefused, Misuse, NotFound
from evergrant.health import State
from evergrant.store import flows
from keeper_kit import (
    BROWSER_APP,
    JWT_APP,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
    ticket_of,
)


def test_a_journey_is_one_flow_until_it_is_done(ground: Ground) -> None:
    connection = ground.connected()
    first = verbs.journey(ground.keeper, connection.id)
    assert verbs.journey(ground.keeper, connection.id).id == first.id
    ground.control.advance(timedelta(minutes=5))
    ground.reauthorized(connection)
    assert verbs.journey(ground.keeper, connection.id).id != first.id


def test_a_journey_that_nobody_finished_in_a_day_begins_anew(ground: Ground) -> None:
    connection = ground.connected()
    first = verbs.journey(ground.keeper, connection.id)
    ground.control.advance(timedelta(hours=23))
    assert verbs.journey(ground.keeper, connection.id).id == first.id
    ground.control.advance(timedelta(hours=2))
    assert verbs.journey(ground.keeper, connection.id).id != first.id


def test_no_journey_leads_to_a_removed_connection_or_to_one_that_needs_no_browser(
    ground: Ground,
) -> None:
    connection = ground.connected()
    verbs.remove(ground.keeper, connection.id)
    with pytest.raises(Misuse, match="removed"):
        verbs.journey(ground.keeper, connection.id)
    with pytest.raises(Misuse, match="nobody calls back"):
        verbs.journey(ground.keeper, ground.connected("Jay", app=JWT_APP).id)


def test_another_attempt_makes_the_link_and_the_state_before_useless(ground: Ground) -> None:
    flow = verbs.journey(ground.keeper, ground.connected().id)
    old = verbs.again(ground.keeper, flow.id)
    new = verbs.again(ground.keeper, flow.id)
    with pytest.raises(BadCallback):
        verbs.start(ground.keeper, ticket_of(old))
    assert verbs.start(ground.keeper, ticket_of(new)).flow == flow.id


def test_what_an_attempt_ended_with_is_kept_while_the_next_is_on_its_way(ground: Ground) -> None:
    flow = verbs.journey(ground.keeper, ground.connected().id)
    assert verbs.judged(ground.keeper, flow) is None
    told = verbs.no_callback(ground.keeper, flow.id, "OAUTH_APP_BLOCKED")
    for _ in range(2):
        told = verbs.again(ground.keeper, told.id).flow
        found = verbs.judged(ground.keeper, told)
        assert found is not None
        assert found.cause == "app-blocked-by-admin"
        assert "error" not in told.outcome


def test_judging_a_flow_writes_nothing(ground: Ground) -> None:
    connection = ground.connected()
    flow = verbs.journey(ground.keeper, connection.id)
    told = verbs.no_callback(ground.keeper, flow.id, "OAUTH_APP_BLOCKED")
    before = verbs.case_of(ground.keeper, connection.id)
    verbs.judged(ground.keeper, told)
    after = verbs.case_of(ground.keeper, connection.id)
    assert (after.connection, after.incident, after.events) == (
        before.connection,
        before.incident,
        before.events,
    )


def test_an_attempt_at_a_stranger_is_refused_and_leaves_the_flow_as_it_is(ground: Ground) -> None:
    flow = verbs.journey(ground.keeper, ground.connected().id)
    with pytest.raises(HostRefused):
        verbs.again(ground.keeper, flow.id, login_host="https://evil.example")
    assert verbs.flow_of(ground.keeper, flow.id) == flow


@pytest.mark.parametrize("status", ["returned", "done"])
def test_there_is_no_other_attempt_when_it_is_not_a_persons_turn(
    ground: Ground, status: flows.Status
) -> None:
    flow = verbs.journey(ground.keeper, ground.connected().id)
    with ground.keeper.writing() as tx:
        flows.update(tx, flow.id, status=status)
    with pytest.raises(Misuse, match=status):
        verbs.again(ground.keeper, flow.id)
    with pytest.raises(Misuse, match=status):
        verbs.no_callback(ground.keeper, flow.id, "OAUTH_APP_BLOCKED")


def test_a_hold_is_settled_from_its_flow_and_from_no_other(ground: Ground) -> None:
    connection = ground.connected()
    held = ground.reauthorized(connection, ground.stage.person("sam"))
    assert held.status == "on_hold"
    with pytest.raises(Misuse, match="on_hold"):
        verbs.again(ground.keeper, held.id)
    after = verbs.settle(ground.keeper, held.id, switch=False)
    assert (after.status, after.force_login) == ("new", True)
    assert ground.now(connection.id).state is State.DEGRADED
    with pytest.raises(Misuse, match="new"):
        verbs.settle(ground.keeper, held.id, switch=True)


def test_switching_is_proven_like_any_other_authorization(ground: Ground) -> None:
    connection = ground.connected()
    held = ground.reauthorized(connection, ground.stage.person("sam"))
    verbs.settle(ground.keeper, held.id, switch=True)
    done = verbs.prove_now(ground.keeper, held.id)
    assert [each["proven"] for each in done.outcome["proofs"]] == [True, True, True]
    assert verbs.prove_now(ground.keeper, held.id) == done


def test_proof_that_is_hindered_says_by_what_and_may_be_asked_for_again(ground: Ground) -> None:
    connection = ground.connected()
    flow = ground.reauthorized(connection)
    with ground.keeper.writing() as tx:
        flows.update(tx, flow.id, status="returned", outcome={"since": flow.outcome["since"]})
        ground.keeper.vault.wipe(tx, connection.id)
    hindered = verbs.prove_now(ground.keeper, flow.id)
    assert hindered.status == "returned"
    assert "no live credential" in hindered.outcome["trouble"]


def test_a_case_and_the_overview_tell_what_is_broken(ground: Ground) -> None:
    connection = ground.connected()
    healthy = verbs.case_of(ground.keeper, connection.id)
    assert (healthy.incident, healthy.diagnosis, healthy.held) == (None, None, None)
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    broken = verbs.case_of(ground.keeper, connection.id)
    assert broken.diagnosis is not None
    assert broken.diagnosis.cause == "app-blocked-by-admin"
    [standing] = verbs.overview(ground.keeper)
    assert standing.incident == broken.incident
    assert standing.integration == broken.integration.name


def test_a_text_is_read_without_being_kept(ground: Ground) -> None:
    connection = ground.connected()
    text = "xyzzy plugh\ninvalid_grant: expired access/refresh token"
    made = verbs.read_text(ground.keeper, text, connection_id=connection.id, note="cut")
    found, diagnosis, about = verbs.reading_of(ground.keeper, made.id)
    assert (found.note, about, bool(diagnosis.cause)) == ("cut", connection, True)
    assert "xyzzy plugh" not in repr(found)
    assert ground.now(connection.id) == connection


def test_a_reading_of_nothing_and_one_that_is_not_there_are_refused(ground: Ground) -> None:
    with pytest.raises(BadInput, match="nothing to read"):
        verbs.read_text(ground.keeper, " \n")
    with pytest.raises(NotFound):
        verbs.read_text(ground.keeper, "x", connection_id="nobody")
    with pytest.raises(NotFound):
        verbs.reading_of(ground.keeper, "read_0")


def test_readings_go_after_thirty_days(ground: Ground) -> None:
    made = verbs.read_text(ground.keeper, "invalid_grant")
    ground.control.advance(timedelta(days=31))
    verbs.read_text(ground.keeper, "invalid_grant")
    with pytest.raises(NotFound):
        verbs.reading_of(ground.keeper, made.id)


def test_settings_are_changed_and_the_history_names_what_not_to_what(ground: Ground) -> None:
    connection = ground.connected()
    given = {"sync": "hourly", "objects": "Account"}
    after = verbs.configure(ground.keeper, connection.id, name="Acme Inc", settings=given)
    assert (after.name, dict(after.settings), after.epoch) == ("Acme Inc", given, connection.epoch)
    verbs.configure(ground.keeper, connection.id, name="Acme Inc", settings=given)
    [event] = ground.history(connection, "configured")
    assert event.text == "changed by a person: name, objects, sync"


def test_settings_of_a_removed_connection_and_settings_without_bounds_are_refused(
    ground: Ground,
) -> None:
    connection = ground.connected()
    for settings in ({"k" * 101: "v"}, {"k": "v" * 2001}, {str(n): "v" for n in range(51)}):
        with pytest.raises(BadInput, match="more than"):
            verbs.configure(ground.keeper, connection.id, name="Acme", settings=settings)
    verbs.remove(ground.keeper, connection.id)
    with pytest.raises(Misuse, match="removed"):
        verbs.configure(ground.keeper, connection.id, name="Acme", settings={})


def test_a_sign_in_link_opens_one_session_which_ends_after_twelve_hours(ground: Ground) -> None:
    keeper = ground.keeper
    ticket = verbs.invite(keeper).reveal().rsplit("/", 1)[1]
    word = verbs.sign_in(keeper, ticket).reveal()
    with pytest.raises(BadCallback, match="used before"):
        verbs.sign_in(keeper, ticket)
    assert verbs.is_operator(keeper, word)
    assert not verbs.is_operator(keeper, "")
    assert not verbs.is_operator(keeper, ticket)
    ground.control.advance(timedelta(hours=12, seconds=1))
    assert not verbs.is_operator(keeper, word)
