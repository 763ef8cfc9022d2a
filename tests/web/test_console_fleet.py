"""All connections together: counted over time, by cause, and by what broke many at once."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from crowd_kit import BLOCKED, crowd
from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.keeper.fleet import FEWEST, SAMPLES, TOGETHER, blasts, samples
from evergrant.store.fleet import Beginning, Break, Change
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
SHOWN = [each for each in State if each is not State.REMOVED]
LIVES = st.lists(
    st.tuples(
        st.integers(-600, 1380),
        st.lists(st.tuples(st.integers(1, 400), st.sampled_from(list(State))), max_size=6),
    ),
    max_size=8,
)
"""Connections: the minute in which each is made, and its changes, so many minutes later each."""


def minute(number: int) -> datetime:
    """So many minutes after the picture begins."""
    return SINCE + timedelta(minutes=number)


@given(LIVES)
def test_the_counts_over_time_are_those_that_playing_forward_gives(
    lives: list[tuple[int, list[tuple[int, State]]]],
) -> None:
    changes, begun, now = [], [], Counter[State]()
    history: list[list[tuple[datetime, State]]] = []
    for number, (made, later) in enumerate(lives):
        state, at = State.DEGRADED, minute(made)
        mine = [(at, state)]
        minutes = made
        for wait, new in later:
            minutes += wait
            if minutes > 1440 or new is state:
                continue
            changes.append(Change(f"c{number}", minute(minutes), f"{state} → {new}"))
            state = new
            mine.append((minute(minutes), new))
        begun.append(Beginning(f"c{number}", at, state.value))
        now[state] += 1
        history.append(mine)
    found = samples(
        now,
        sorted((each for each in changes if each.at >= SINCE), key=lambda each: each.at),
        [each for each in begun if each.at >= SINCE],
        SINCE,
        NOW,
    )
    assert len(found) == SAMPLES
    assert found[-1].at == NOW
    for sample in found:
        played = Counter(
            [state for at, state in mine if at <= sample.at][-1]
            for mine in history
            if mine[0][0] <= sample.at
        )
        assert {state: played[state] for state in SHOWN} == dict(sample.counts)


def broken(number: int, seconds: int, cause: str = BLOCKED, error: str = "e") -> Break:
    """One incident, so many seconds after noon."""
    at = NOW + timedelta(seconds=seconds)
    return Break(f"con_{number}", "orbit", "Orbit", at, None, cause, error)


def test_breaks_of_one_cause_that_follow_one_another_are_one_event() -> None:
    gap = int(TOGETHER.total_seconds())
    told = [broken(1, 0), broken(2, 5), broken(3, gap), broken(4, 3 * gap)]
    (found,) = blasts(told)
    assert (found.broke, found.still, found.cause) == (3, 3, BLOCKED)
    assert (found.began, found.ended) == (NOW, NOW + TOGETHER)


def test_breaks_of_different_causes_or_errors_are_not_one_event() -> None:
    assert blasts([broken(1, 0), broken(2, 1), broken(3, 2, "ip-restricted")]) == []
    assert blasts([broken(1, 0, "", "a"), broken(2, 1, "", "a"), broken(3, 2, "", "b")]) == []
    assert len(blasts([broken(each, each, "", "a") for each in range(FEWEST)])) == 1


def test_one_connection_that_breaks_again_and_again_is_not_many() -> None:
    assert blasts([broken(1, each) for each in range(9)]) == []


def test_the_page_says_how_many_broke_at_once_and_leads_to_exactly_those(web: Web) -> None:
    known = crowd(web.ground.keeper, web.ground.integration().id, 60, blocked=31)
    page = web.get("/fleet")
    words = words_of(page)
    assert "31 connections broke together" in words
    assert f"broke at {known.broke_at:%H:%M} UTC" in words
    assert "An admin blocked the app" in words
    address = re.search(r'href="([^"]+)">31 connections</a>', page.text)
    assert address
    listed = web.get(unescape(address[1])).text
    assert set(
        re.findall(r'rowheader" data-label="Name"><a href="/connections/(\w+)"', listed)
    ) == {*known.blocked}


def test_one_broken_connection_is_no_event_and_still_counts_for_its_cause(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    words = words_of(web.get("/fleet?span=day"))
    assert "Nothing broke three or more connections together" in words
    assert "An admin blocked the app" in words
    assert "1 of 1 broken now, 0 at the beginning" in web.get("/fleet").text


def test_what_works_again_leaves_the_event_and_says_so(web: Web) -> None:
    keeper = web.ground.keeper
    known = [web.ground.connected(f"Customer {number}") for number in range(3)]
    web.ground.control.act("block_app", app=BROWSER_APP)
    for each in known:
        verbs.check(keeper, each.id)
    (blast,) = verbs.fleet_of(keeper, timedelta(days=1)).blasts
    assert (blast.broke, blast.still) == (3, 3)
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    for each in known:
        web.ground.reauthorized(each)
    (blast,) = verbs.fleet_of(keeper, timedelta(days=1)).blasts
    assert (blast.broke, blast.still) == (3, 0)
    assert "All work again" in words_of(web.get("/fleet"))


def test_a_span_of_time_that_is_none_of_ours_shows_the_week(web: Web) -> None:
    web.ground.connected()
    for span in ("", "eternity", "%00"):
        assert "over the last 7 days" in words_of(web.get(f"/fleet?span={span}"))


def test_without_connections_the_fleet_says_what_to_do_first(web: Web) -> None:
    assert "No connections yet" in words_of(web.get("/fleet"))
