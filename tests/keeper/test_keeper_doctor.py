"""The doctor's loop against an emulated org: what it may look at, whom it asks, when it stops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.evidence import look_at_org, of_text
from evergrant.keeper import Examination, Looked, Looking, Means, Visit
from evergrant.keeper.doctor_checks import ORG_CHECKS, PERMISSIONS, TITLES
from evergrant.model import Connection, Value
from keeper_kit import (  # noqa: F401 (fixtures)
    JWT_APP,
    TOKEN,
    Ground,
    ground_fixture,
    org_fixture,
)

HELD = "Orbit_Sync_Access"


def opened(ground: Ground, connection: Connection) -> Examination:
    return verbs.begin_examination(ground.keeper, connection_id=connection.id)


def admin(ground: Ground) -> Means:
    return Means(ground.control.session())


@pytest.fixture
def broken(ground: Ground) -> Connection:
    """The golden incident: the user of a pre-authorized app lost the permission set."""
    connection = ground.connected(app=JWT_APP)
    ground.control.act("unassign_permission_set", user="integration", permission_set=HELD)
    return connection


def test_an_admins_session_makes_the_first_cause_certain_and_asks_nobody(
    ground: Ground, broken: Connection
) -> None:
    seen = verbs.look_further(ground.keeper, opened(ground, broken), admin(ground))
    assert (seen.status, seen.question, seen.missing) == ("clear", None, ())
    assert seen.diagnosis.first is not None
    assert (seen.diagnosis.cause, seen.diagnosis.first.word) == (
        "user-not-preauthorized",
        "certain",
    )


def test_every_check_of_an_org_has_a_title_and_a_permission() -> None:
    assert {each: TITLES[each] for each in ORG_CHECKS}
    assert all(PERMISSIONS[each] for each in ORG_CHECKS)


def test_every_look_is_announced_before_it_is_told(ground: Ground, broken: Connection) -> None:
    steps: list[Looking | Looked] = []
    means = Means(ground.control.session(), watch=steps.append)
    verbs.look_further(ground.keeper, opened(ground, broken), means)
    titles = [each.title for each in steps]
    assert titles[:4] == ["Own history", "Own history", "Live check", "Live check"]
    assert all(
        isinstance(steps[titles.index(each.title)], Looking)
        for each in steps
        if isinstance(each, Looked) and each.title not in ("User", "App and its policies")
    )
    assert len([each for each in steps if isinstance(each, Looked)]) >= 5


@pytest.mark.parametrize(
    "scenario", ["app-blocked-by-admin", "user-locked-or-frozen", "user-inactive", "ip-restricted"]
)
def test_a_person_who_can_look_answers_and_the_cause_is_named(
    ground: Ground, scenario: str
) -> None:
    ground.control.play(scenario, "setup")
    connection = ground.connected()
    ground.control.advance(timedelta(minutes=7))
    ground.control.play(scenario, "break")
    seen = verbs.look_further(ground.keeper, opened(ground, connection), Means())
    truth = dict(answers_of(ground, connection))
    asked = []
    while seen.question is not None:
        asked.append(seen.question.fact)
        value = truth.get(seen.question.fact)
        seen = verbs.take_answer(ground.keeper, seen.examination, seen.question, value)
    assert seen.diagnosis.cause == scenario
    assert len(asked) == len(set(asked)) <= 8


def answers_of(ground: Ground, connection: Connection) -> Iterator[tuple[str, Value]]:
    """What somebody at the org's Setup would see."""
    incident = verbs.case_of(ground.keeper, connection.id).incident
    assert connection.identity is not None
    assert incident is not None
    facts = ground.keeper.say(
        look_at_org(
            ground.control.session(),
            app_label="Orbit Sync",
            user_id=connection.identity.user_id,
            username=connection.identity.username,
            since=incident.opened_at - timedelta(minutes=3),
            failed_at=incident.opened_at,
            at=ground.keeper.clock.now(),
        )
    )
    return ((fact.name, fact.value) for fact in facts if fact.is_known)


def test_what_nobody_can_tell_is_said_with_the_way_to_it(
    ground: Ground, broken: Connection
) -> None:
    seen = verbs.look_further(ground.keeper, opened(ground, broken), Means())
    while seen.question is not None:
        seen = verbs.take_answer(ground.keeper, seen.examination, seen.question, None)
    ways = {way.fact: way for way in seen.missing}
    assert seen.status in ("unclear", "clear")
    if seen.status == "unclear":
        assert "FROM LoginHistory" in ways["login_history.status"].query
        assert ways["login_history.status"].permission == "Monitor Login History"


def test_an_examination_is_taken_up_where_it_was_left(ground: Ground) -> None:
    brought = tuple(of_text("invalid_grant: authentication failure"))
    made = verbs.begin_examination(ground.keeper, app="Orbit Sync")
    seen = verbs.look_further(ground.keeper, made, Means(brought=brought))
    assert seen.question is not None
    told = verbs.take_answer(
        ground.keeper, seen.examination, seen.question, seen.question.choices[0].value
    )
    again = verbs.resume_examination(ground.keeper, seen.examination.id)
    assert again.facts == told.examination.facts
    assert verbs.consult(ground.keeper, again).diagnosis.ranked == told.diagnosis.ranked


def test_another_refusal_begins_a_new_round(ground: Ground, broken: Connection) -> None:
    ground.control.act("block_app", app=JWT_APP)
    first = verbs.look_further(ground.keeper, opened(ground, broken), admin(ground))
    assert first.diagnosis.cause == "app-blocked-by-admin"
    assert ("permitted_users", "will refuse") in [(each.gate, each.how) for each in first.gates]
    ground.control.act("unblock_app", app=JWT_APP)
    left = verbs.resume_examination(ground.keeper, first.examination.id)
    second = verbs.look_further(ground.keeper, left, Means())
    assert {fact.source for fact in second.examination.facts} == {"network", "status_page"}
    assert second.diagnosis.cause == "user-not-preauthorized"


def test_when_it_works_again_it_is_proven_and_the_incident_is_closed(
    ground: Ground, broken: Connection
) -> None:
    seen = verbs.look_further(ground.keeper, opened(ground, broken), admin(ground))
    ground.control.act("assign_permission_set", user="integration", permission_set=HELD)
    left = verbs.resume_examination(ground.keeper, seen.examination.id)
    after = verbs.look_further(ground.keeper, left, Means())
    assert (after.status, [proof.proven for proof in after.proofs]) == ("works", [True] * 3)
    assert verbs.case_of(ground.keeper, broken.id).incident is None


def test_a_dead_refresh_token_is_not_sent_again(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.play("refresh-token-revoked", "break")
    verbs.check(ground.keeper, connection.id, renew=True)
    sent = len(ground.requests(TOKEN))
    seen = look(ground, connection)
    assert len(ground.requests(TOKEN)) == sent
    assert "does not revive it" in seen.examination.looked[0].told


def look(ground: Ground, connection: Connection) -> Visit:
    return verbs.look_further(ground.keeper, opened(ground, connection), Means())


def test_a_session_that_may_see_little_makes_nothing_known_and_stops_nothing(
    ground: Ground, broken: Connection
) -> None:
    means = Means(ground.control.session("sam"))
    seen = verbs.look_further(ground.keeper, opened(ground, broken), means)
    blind = [each for each in seen.examination.looked if not each.could_look]
    assert blind
    assert seen.diagnosis.cause == "user-not-preauthorized"


def test_evidence_alone_is_examined_without_a_connection(ground: Ground) -> None:
    brought = tuple(of_text("app_blocked: this app is blocked by admin", flow="refresh_token"))
    made = verbs.begin_examination(ground.keeper, app="Orbit Sync")
    seen = verbs.look_further(ground.keeper, made, Means(brought=brought))
    assert seen.connection is None
    assert seen.diagnosis.cause == "app-blocked-by-admin"


def test_trouble_of_salesforces_own_is_named_when_its_status_page_says_so(
    ground: Ground, broken: Connection
) -> None:
    ground.control.act("lay_fault", preset="system-down", times=99)
    seen = verbs.look_further(ground.keeper, opened(ground, broken), Means())
    assert seen.diagnosis.cause == "salesforce-unavailable"
    assert "MAJOR_INCIDENT_CORE" in " ".join(fact.quote for fact in seen.diagnosis.facts)


def test_the_clock_is_compared_with_the_time_the_org_lives_by(
    ground: Ground, broken: Connection
) -> None:
    ground.control.advance(timedelta(days=3))
    seen = verbs.look_further(ground.keeper, opened(ground, broken), Means())
    (off,) = (f for f in seen.examination.facts if f.name == "own.clock_off_s")
    assert isinstance(off.value, int)
    assert off.value < 5
