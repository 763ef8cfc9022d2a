"""A connection of several parts: each renewed and judged by itself, and walked through in order."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine_kit import Walk, refused, rows, sent, worker
from evergrant import keeper as verbs
from evergrant.errors import BadInput, Misuse, NotFound
from evergrant.health import State
from evergrant.keeper.engine import Fresh
from evergrant.keeper.parts import PartHealth, health_of
from evergrant.model import Connection, FlowId, Integration
from evergrant.store.parts import MAIN, Part
from evergrant.watch import go_round
from keeper_kit import (
    BROWSER_APP,
    TOKEN,
    USERINFO,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from parts_kit import WRITER, broken, connected, declared, parts_of, states, walked
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("each_database")


# --- declared ------------------------------------------------------------------------------------


def test_the_first_credential_part_must_be_the_main_one(ground: Ground) -> None:
    wanted = [
        Part("prt_1", "", "writer", "credential", 0),
        Part("prt_2", "", MAIN, "credential", 1),
    ]
    with pytest.raises(BadInput, match="first credential part must be 'main'"):
        verbs.declare_parts(ground.keeper, ground.integration().id, wanted)


def test_a_part_whose_credential_somebody_holds_cannot_go(ground: Ground) -> None:
    connection = connected(ground)
    with pytest.raises(BadInput, match="part 'writer' cannot go: 1 connections"):
        verbs.declare_parts(
            ground.keeper, connection.integration, [Part("prt_1", "", MAIN, "credential", 0)]
        )
    assert [each.name for each in parts_of(ground, connection)] == [MAIN, WRITER]


def test_a_part_that_is_declared_later_waits_to_be_authorized(ground: Ground) -> None:
    connection = ground.connected()
    declared(ground)
    assert verbs.check(ground.keeper, connection.id).failure is not None
    after = ground.now(connection.id)
    assert states(ground, after) == {
        MAIN: State.CONNECTED,
        WRITER: State.NEEDS_REAUTHORIZATION,
    }
    assert after.state is State.NEEDS_REAUTHORIZATION
    assert ground.notices() == []


# --- walked through ------------------------------------------------------------------------------


def test_connecting_leads_through_every_part_and_each_holds_its_own_credential(
    ground: Ground,
) -> None:
    integration = declared(ground)
    flow, _ = ground.browsed(integration, name="Acme")
    assert (flow.status, flow.part) == ("new", WRITER)
    flow = walked(ground, flow)
    connection = ground.now(flow.connection)
    assert (flow.status, connection.state) == ("done", State.CONNECTED)
    assert [(each["part"], each["how"]) for each in flow.outcome["walked"]] == [
        (MAIN, "authorized"),
        (WRITER, "authorized"),
    ]
    first, second = ground.live(connection), ground.live(connection, WRITER)
    assert first.credential.refresh_token != second.credential.refresh_token
    assert set(second.credential.scopes) < set(first.credential.scopes)


def test_a_walk_that_was_left_is_taken_up_at_the_part_where_it_was(ground: Ground) -> None:
    flow, _ = ground.browsed(declared(ground), name="Acme")
    again = verbs.journey(ground.keeper, flow.connection)
    assert (again.id, again.part) == (flow.id, WRITER)
    assert walked(ground, again).status == "done"


def test_the_link_of_a_part_that_is_proven_is_of_no_use_for_the_next_one(ground: Ground) -> None:
    flow, _ = ground.browsed(declared(ground), name="Acme")
    assert (flow.ticket_hash, flow.state_hash, flow.sealed) == ("", "", None)


def test_only_the_dead_part_is_authorized_anew_and_nothing_else_changes(ground: Ground) -> None:
    connection = connected(ground)
    broken(ground, connection, WRITER)
    main, writer = ground.live(connection), ground.live(connection, WRITER)
    asked = len(ground.requests(TOKEN))
    flow = ground.reauthorized(connection)
    assert (flow.status, flow.part) == ("done", WRITER)
    after = ground.now(connection.id)
    assert after.state is State.CONNECTED
    assert ground.live(after) == main
    assert ground.live(after, WRITER).id != writer.id
    assert [(each["part"], each["how"]) for each in flow.outcome["walked"]] == [
        (MAIN, "still good"),
        (WRITER, "authorized"),
    ]
    assert len(ground.requests(TOKEN)) == asked + 1
    assert (after.identity, after.settings) == (connection.identity, connection.settings)


def test_both_dead_parts_are_authorized_in_their_order(ground: Ground) -> None:
    connection = connected(ground)
    broken(ground, connection, WRITER)
    broken(ground, connection, MAIN)
    with ground.keeper.reading() as tx:
        integration = ground.keeper.vault.integration(tx, connection.integration)
    flow, _ = ground.browsed(integration, connection_id=connection.id)
    assert (flow.status, flow.part) == ("new", WRITER)
    assert states(ground, connection)[MAIN] is State.CONNECTED
    assert walked(ground, flow).status == "done"
    assert ground.now(connection.id).state is State.CONNECTED


def test_another_org_in_a_later_part_is_put_on_hold_and_cannot_be_switched_to(
    ground: Ground,
) -> None:
    connection = connected(ground)
    broken(ground, connection, WRITER)
    other = {"organization_id": "00Dxx0000000000EAA", "user_id": "005xx0000000000AAA"}
    ground.fault(USERINFO, status=200, body=json.dumps(other))
    assert ground.reauthorized(connection).status == "on_hold"
    held = ground.now(connection.id)
    assert (held.state, held.identity) == (State.ON_HOLD, connection.identity)
    with pytest.raises(Misuse, match="the other parts of Acme belong to org"):
        verbs.release(ground.keeper, connection.id, switch=True)
    verbs.release(ground.keeper, connection.id, switch=False)
    assert ground.held(connection, WRITER) is None
    verbs.check(ground.keeper, connection.id)
    assert states(ground, connection) == {
        MAIN: State.CONNECTED,
        WRITER: State.NEEDS_REAUTHORIZATION,
    }


def test_another_user_of_the_same_org_may_authorize_another_part_from_the_beginning(
    ground: Ground,
) -> None:
    flow, _ = ground.browsed(declared(ground), name="Acme")
    done = walked(ground, flow, ground.stage.person("sam"))
    connection = ground.now(flow.connection)
    assert (done.status, connection.state) == ("done", State.CONNECTED)
    assert ground.live(connection, WRITER).identity.username.startswith("sam@")
    assert connection.identity == ground.live(connection).identity


def test_moving_the_main_part_to_another_org_ends_the_others_at_once(ground: Ground) -> None:
    connection = connected(ground)
    writer = ground.live(connection, WRITER)
    broken(ground, connection, MAIN)
    other = {"organization_id": "00Dxx0000000000EAA", "user_id": "005xx0000000000AAA"}
    ground.fault(USERINFO, status=200, body=json.dumps(other))
    assert ground.reauthorized(connection).status == "on_hold"
    after = verbs.release(ground.keeper, connection.id, switch=True)
    assert after.state is State.NEEDS_REAUTHORIZATION
    assert states(ground, after)[WRITER] is State.NEEDS_REAUTHORIZATION
    assert not ground.is_live(writer.credential.refresh_token)
    with pytest.raises(Misuse, match="no token to give"):
        verbs.fresh_token(ground.keeper, connection.id, part=WRITER)


# --- renewed and served --------------------------------------------------------------------------


def test_each_part_is_renewed_with_its_own_token_and_the_other_stays(ground: Ground) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = connected(ground)
    main, writer = ground.live(connection), ground.live(connection, WRITER)
    found = ground.keeper.engine.renew(refused(ground, connection, WRITER))
    assert isinstance(found, Fresh)
    assert writer.credential.refresh_token is not None
    assert sent(ground) == [writer.credential.refresh_token.reveal()]
    assert ground.live(connection) == main
    assert ground.live(connection, WRITER).generation == writer.generation + 1


def test_two_parts_are_renewed_at_once_and_each_only_once(ground: Ground) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = connected(ground)
    wants = [refused(ground, connection, each) for each in (MAIN, WRITER)]
    ground.fault(TOKEN, delay_s=0.2)
    with worker(ground) as one, worker(ground) as two, ThreadPoolExecutor(8) as pool:
        jobs = [(each, want) for each in (one, two) for want in wants] * 2
        found = list(pool.map(lambda job: job[0].engine.renew(job[1]), jobs))
    assert all(isinstance(each, Fresh) for each in found)
    assert len(sent(ground)) == len(set(sent(ground))) == 2


def test_an_answer_for_a_part_that_was_stored_before_the_process_died_is_used(
    ground: Ground,
) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = connected(ground)
    main = ground.live(connection)
    want = refused(ground, connection, WRITER)
    with worker(ground) as one:
        Walk(one, want).send_and_die()
    with worker(ground) as two:
        found = two.engine.renew(want)
        for _ in range(200):
            if isinstance(found, Fresh):
                break
            found = two.engine.renew(want)
    assert isinstance(found, Fresh)
    assert len(sent(ground)) == 1
    assert [each.part for each in rows(ground, connection)] == [WRITER]
    assert ground.live(connection) == main


def test_the_token_of_a_part_is_served_while_another_part_is_dead(ground: Ground) -> None:
    connection = connected(ground)
    broken(ground, connection, WRITER)
    token = verbs.fresh_token(ground.keeper, connection.id)
    assert token.access_token == ground.live(connection).credential.access_token
    again = verbs.fresh_token(ground.keeper, connection.id, not_token=token.fingerprint)
    assert (again.access_token != token.access_token, again.part) == (True, MAIN)
    at_hand = ground.live(connection, WRITER).credential.access_token.fingerprint
    with pytest.raises(Misuse, match="needs reauthorization"):
        verbs.fresh_token(ground.keeper, connection.id, not_token=at_hand, part=WRITER)


def test_tokens_of_two_parts_are_never_taken_for_one_another(ground: Ground) -> None:
    connection = connected(ground)
    main = verbs.fresh_token(ground.keeper, connection.id)
    writer = verbs.fresh_token(ground.keeper, connection.id, part=WRITER)
    assert main.access_token != writer.access_token
    assert main.generation != writer.generation
    assert writer.generation.startswith(f"{WRITER}:")


def test_a_part_that_is_not_there_has_no_token(ground: Ground) -> None:
    connection = connected(ground)
    with pytest.raises(NotFound, match="no part 'reader'"):
        verbs.fresh_token(ground.keeper, connection.id, part="reader")


# --- checked and judged --------------------------------------------------------------------------


def test_the_connection_is_as_healthy_as_its_worst_part(ground: Ground) -> None:
    connection = connected(ground)
    assert verbs.check(ground.keeper, connection.id).failure is None
    broken(ground, connection, WRITER)
    after = ground.now(connection.id)
    assert after.state is State.NEEDS_REAUTHORIZATION
    assert states(ground, after)[MAIN] is State.CONNECTED
    incident = ground.incident(connection)
    assert incident is not None
    assert incident.part == WRITER
    notice = ground.notices()[-1]
    assert (notice.kind, notice.text.startswith("Writing orders: ")) == ("broken", True)


def test_a_part_that_breaks_while_another_is_broken_is_told_of_by_its_own_name(
    ground: Ground,
) -> None:
    connection = connected(ground)
    assert ground.notices() == []
    broken(ground, connection, WRITER)
    broken(ground, connection, MAIN)
    told = [each.text.partition(":")[0] for each in ground.notices()]
    assert told == ["Writing orders", "main"]


def test_connecting_part_by_part_is_neither_a_break_nor_a_recovery(ground: Ground) -> None:
    connected(ground)
    assert ground.notices() == []


def test_a_good_part_does_not_close_the_incident_of_a_dead_one(ground: Ground) -> None:
    connection = connected(ground)
    broken(ground, connection, WRITER)
    verbs.check(ground.keeper, connection.id, by_itself=True)
    assert ground.incident(connection) is not None
    assert ground.reauthorized(connection).status == "done"
    assert ground.incident(connection) is None


def test_a_part_waits_while_the_one_before_is_dead_and_is_not_asked_about(ground: Ground) -> None:
    connection = connected(ground)
    broken(ground, connection, MAIN)
    calls = len(ground.control.ask("GET", "/history"))
    verbs.check(ground.keeper, connection.id, by_itself=True)
    assert len(ground.control.ask("GET", "/history")) == calls
    main, writer = of(ground, connection)
    assert (main.waits, writer.waits, writer.is_watched) == ("", "main", False)
    assert writer.state is State.CONNECTED


def test_a_part_that_waits_for_nothing_is_looked_at_while_the_main_one_is_dead(
    ground: Ground,
) -> None:
    connection = connected(ground, waits_for="")
    broken(ground, connection, MAIN)
    before = len(ground.history(connection, "call succeeded"))
    verbs.check(ground.keeper, connection.id, by_itself=True)
    told = ground.history(connection, "call succeeded")[before:]
    assert [each.data.get("part") for each in told] == [WRITER]


def test_the_watch_goes_on_with_the_good_parts_and_never_sends_the_dead_one_again(
    ground: Ground,
) -> None:
    connection = connected(ground)
    dead = broken(ground, connection, WRITER)
    calls = len(ground.history(connection, "call succeeded"))
    ground.control.advance(timedelta(seconds=ground.keeper.settings.check_interval_s + 1))
    go_round(ground.keeper, "worker")
    assert len(ground.history(connection, "call succeeded")) == calls + 1
    assert sent(ground).count(dead) == 1


def test_a_failure_of_one_part_is_not_explained_by_what_another_part_did(ground: Ground) -> None:
    connection = connected(ground)
    verbs.check(ground.keeper, connection.id, renew=True)
    broken(ground, connection, WRITER)
    told = ground.history(connection, "refused")
    assert [each.data.get("part") for each in told] == [WRITER]
    renewed = ground.history(connection, "renewed")
    assert [each.data.get("part", MAIN) for each in renewed] == [MAIN, WRITER, MAIN]


def test_removing_the_connection_revokes_every_part(ground: Ground) -> None:
    connection = connected(ground)
    verbs.remove(ground.keeper, connection.id)
    assert ground.live_refresh_tokens() == 0
    assert {each.status for each in ground.rows(connection)} == {"retired"}


def of(ground: Ground, connection: Connection) -> tuple[PartHealth, ...]:
    with ground.keeper.reading() as tx:
        return health_of(tx, ground.now(connection.id))


# --- parts that need nobody ----------------------------------------------------------------------


def minted(ground: Ground) -> Integration:
    """A second part that the app gets by itself, as a user whom the org's admin has chosen."""
    integration = ground.integration()
    run_as = ground.stage.person("integration").username
    ground.control.act("set_app", app=BROWSER_APP, client_credentials=True, run_as=run_as)
    first = Part("prt_main", integration.id, MAIN, "credential", 0)
    flow: FlowId = "client_credentials"
    second = Part(
        "prt_writer", integration.id, WRITER, "credential", 1, "Writing orders", flow, (), MAIN
    )
    verbs.declare_parts(ground.keeper, integration.id, [first, second])
    return integration


def test_a_part_that_needs_nobody_is_authorized_on_the_way(ground: Ground) -> None:
    flow, _ = ground.browsed(minted(ground), name="Acme")
    assert flow.status == "done"
    assert [(each["part"], each["how"]) for each in flow.outcome["walked"]] == [
        (MAIN, "authorized"),
        (WRITER, "authorized"),
    ]
    connection = ground.now(flow.connection)
    assert connection.state is State.CONNECTED
    assert ground.live(connection, WRITER).credential.refresh_token is None
    token = verbs.fresh_token(ground.keeper, connection.id, part=WRITER)
    again = verbs.fresh_token(
        ground.keeper, connection.id, part=WRITER, not_token=token.fingerprint
    )
    assert again.access_token != token.access_token


def test_a_part_that_is_refused_on_the_way_leaves_the_others_proven_and_is_named(
    ground: Ground,
) -> None:
    integration = minted(ground)
    ground.control.act("set_app", app=BROWSER_APP, client_credentials=False)
    flow, _ = ground.browsed(integration, name="Acme")
    assert flow.status == "done"
    assert [(each["part"], each["how"]) for each in flow.outcome["walked"]] == [
        (MAIN, "authorized"),
        (WRITER, "refused"),
    ]
    connection = ground.now(flow.connection)
    assert states(ground, connection)[MAIN] is State.CONNECTED
    assert connection.state is not State.CONNECTED
    ground.control.act("set_app", app=BROWSER_APP, client_credentials=True)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.CONNECTED
