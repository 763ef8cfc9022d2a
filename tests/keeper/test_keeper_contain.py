"""Containment: everything of an integration is stopped, revoked and counted, also after a crash."""

from __future__ import annotations

import json

import pytest

from evergrant import keeper as verbs
from evergrant.drills.play import known
from evergrant.drills.scenes import begin
from evergrant.drills.stage import Stage, stage, through_browser
from evergrant.errors import EvergrantError, NotFound
from evergrant.health import State
from evergrant.keeper.contain import contain
from evergrant.model import Connection
from evergrant.oauth.refresh_token import refresh
from evergrant.store import connections


def _two(ground: Stage) -> list[Connection]:
    """Two connections of one integration."""
    integration, first = begin(ground, known("refresh-token-revoked"))
    person = ground.person("sam")
    flow, _ = through_browser(ground.keeper, integration, person, name="Beta")
    with ground.keeper.reading() as tx:
        return [first, connections.get(tx, flow.connection)]


def test_every_token_is_dead_at_salesforce_and_gone_here() -> None:
    with stage() as ground:
        both = _two(ground)
        with ground.keeper.reading() as tx:
            kept = [ground.keeper.vault.live(tx, each.id) for each in both]
            app = ground.keeper.vault.integration(tx, both[0].integration).app
        *_, end = contain(ground.keeper, both[0].integration)
        assert (end.connections, end.stopped, end.revoked, end.waiting) == (2, 2, 2, 0)
        assert end.is_done
        for each in kept:
            assert each is not None
            assert each.credential.refresh_token is not None
            with pytest.raises(EvergrantError):
                ground.keeper.say(refresh(app, ground.url, each.credential.refresh_token))
        with ground.keeper.reading() as tx:
            assert all(ground.keeper.vault.live(tx, each.id) is None for each in both)
            states = {connections.by_id(tx, each.id).state for each in both}
        assert states == {State.NEEDS_REAUTHORIZATION}


def test_it_goes_on_where_it_was_interrupted_and_counts_nothing_twice() -> None:
    with stage() as ground:
        both = _two(ground)
        course = contain(ground.keeper, both[0].integration)
        assert next(course).stopped == 1
        course.close()
        *_, end = contain(ground.keeper, both[0].integration)
        assert (end.stopped, end.revoked, end.is_done) == (2, 2, True)
        *_, again = contain(ground.keeper, both[0].integration)
        assert (again.stopped, again.revoked, again.is_done) == (2, 0, True)


def test_a_token_that_salesforce_does_not_take_yet_is_left_to_the_watch() -> None:
    with stage() as ground:
        both = _two(ground)
        ground.control.act("lay_fault", preset="maintenance", path="/services/oauth2/revoke")
        *_, end = contain(ground.keeper, both[0].integration)
        assert end.stopped == 2
        assert end.waiting >= 1
        assert not end.is_done


def test_a_containment_that_runs_into_a_limit_is_not_done_and_says_why_until_it_is() -> None:
    with stage() as ground:
        both = _two(ground)
        busy = {"error": "rate_limit_exceeded", "error_description": "too many requests"}
        limit = {"path": "/services/oauth2/revoke", "status": 429, "times": 9}
        limit["body"] = json.dumps(busy)
        ground.control.ask("POST", "/faults", json=[limit])
        *_, end = contain(ground.keeper, both[0].integration)
        assert (end.stopped, end.revoked, end.waiting, end.is_done) == (2, 0, 2, False)
        (why,) = end.trouble
        assert "rate_limit_exceeded: too many requests" in why
        ground.control.ask("POST", "/faults", json=[])
        *_, again = contain(ground.keeper, both[0].integration)
        assert (again.revoked, again.waiting, again.is_done, again.trouble) == (2, 0, True, ())


def test_a_contained_connection_is_authorized_again_in_place() -> None:
    with stage() as ground:
        first, _ = _two(ground)
        list(contain(ground.keeper, first.integration))
        with ground.keeper.reading() as tx:
            integration = ground.keeper.vault.integration(tx, first.integration)
        flow, _ = through_browser(
            ground.keeper, integration, ground.person(), connection_id=first.id
        )
        assert flow.status == "done"
        assert verbs.check(ground.keeper, first.id, renew=True).failure is None


def test_an_integration_that_is_not_there_is_said() -> None:
    with stage() as ground, pytest.raises(NotFound):
        list(contain(ground.keeper, "nobody"))
