"""The words of a telling: a small factor that shifts what the facts leave open, and is shown."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tellings
from evergrant.catalog import load
from evergrant.catalog.taught import TELLING, Lessons
from evergrant.diagnosis import diagnose, posterior
from evergrant.diagnosis.explain import render
from evergrant.diagnosis.telling import MOST, factors
from evergrant.evidence.text import read
from evergrant.model import Fact

CATALOG = load()
DEAF = replace(CATALOG, lessons=Lessons((), {}))
"""The same catalog, taught by nobody."""
DEAD = Fact("token_reply.description", "expired access/refresh token", source="text")
SIXTH = (
    "Each person who connects one more laptop throws out the first one; after the sixth login of "
    "the same integration user the oldest device has to log in again. invalid_grant: "
    "expired access/refresh token"
)

heard = st.lists(st.sampled_from(sorted(CATALOG.lessons.packed)), max_size=60).map(" ".join)


def words(said: str) -> Fact:
    return Fact(TELLING, said, source="text", mark="inferred")


def test_people_s_words_bring_a_cause_forward_that_the_error_leaves_open() -> None:
    by = posterior(read(SIXTH), CATALOG).told
    assert 1.1 < by["approval-limit-exceeded"] <= exp(MOST)
    assert by["refresh-token-policy-immediate-expire"] < 1


@given(heard)
def test_words_move_the_odds_between_two_causes_by_no_more_than_their_bound(said: str) -> None:
    by = factors(said, [cause.prior for cause in CATALOG.causes.values()], CATALOG)
    assert len(by) == len(CATALOG.causes)
    assert max(by) / min(by) <= exp(2 * MOST) * 1.000001


@given(heard)
def test_words_leave_none_of_these_where_the_facts_had_it(said: str) -> None:
    before, after = posterior([DEAD], CATALOG), posterior([DEAD, words(said)], CATALOG)
    assert after.none_of_these == pytest.approx(before.none_of_these)


LIMIT = read("REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.")
"""What leaves nothing open: by the facts alone one cause holds more than nine tenths."""


@given(heard)
def test_words_never_overturn_what_the_facts_have_settled(said: str) -> None:
    settled = diagnose(LIMIT, DEAF).first
    assert settled is not None
    assert settled.confidence > 0.93
    facts = [fact for fact in LIMIT if fact.name != TELLING]
    assert diagnose([*facts, words(said)], CATALOG).cause == settled.cause


@given(heard)
def test_text_alone_never_says_certain_whatever_its_words(said: str) -> None:
    found = diagnose([DEAD, words(said)], CATALOG)
    assert all(each.word != "certain" for each in found.ranked)


def test_words_are_no_second_kind_of_evidence() -> None:
    said = "frozen user deactivated employee left inactive admin freeze"
    facts = [Fact("user.frozen", True, source="live_org"), words(said)]
    found = diagnose(facts, CATALOG)
    assert found.first is not None
    assert found.first.word != "certain"


def test_words_that_tell_of_something_else_are_nothing_that_is_known() -> None:
    bread = (
        "Preheat the oven and bake it for forty minutes, then let it cool before you cut it; we "
        "tried the same again yesterday and it was wet."
    )
    assert read(bread) != []
    assert diagnose(read(bread), CATALOG).ranked == ()


def test_a_story_without_any_error_leads_to_causes_and_concludes_nothing() -> None:
    story = (
        "The token of our Salesforce connection lives exactly ninety days, then somebody has to "
        "connect anew, by the calendar."
    )
    assert [fact.name for fact in read(story)] == [TELLING]
    found = diagnose(read(story), CATALOG)
    assert "refresh-token-expired-by-policy" in [each.cause for each in found.ranked[:3]]
    assert all(each.word == "possible" for each in found.ranked)


def test_the_answer_names_the_words_that_spoke_and_says_that_this_is_inferred() -> None:
    found = diagnose(
        read("invalid_client_id: client identifier invalid", context="Since the sandbox was "
             "refreshed from production last night the consumer key of the old copy is unknown."),
        CATALOG,
    )  # fmt: skip
    refreshed = next(each for each in found.ranked if each.cause == "sandbox-refreshed")
    told = next(reason.fact for reason in refreshed.supports if reason.fact.name == TELLING)
    assert "refreshed" in str(told.value)
    assert told.mark == "inferred"
    assert "Words of the telling: " in render(replace(found, ranked=(refreshed,)), CATALOG)
    assert "(inferred)" in render(replace(found, ranked=(refreshed,)), CATALOG)


def test_a_cause_of_which_nobody_told_keeps_what_the_facts_gave_it() -> None:
    one = next(iter(CATALOG.causes))
    others = tuple(f"{id_}-of-others" if id_ == one else id_ for id_ in CATALOG.lessons.causes)
    catalog = replace(CATALOG, lessons=Lessons(others, CATALOG.lessons.packed))
    by = factors("sandbox refresh", [cause.prior for cause in catalog.causes.values()], catalog)
    assert by[0] == 1.0
    assert any(each != 1.0 for each in by)


@pytest.fixture(scope="module", name="left_out")
def left_out_fixture() -> list[tellings.Found]:
    """Every third telling, diagnosed with words that it did not teach."""
    return list(tellings.diagnosed(tellings.tellings(), every=3))


@pytest.mark.slow
def test_six_of_ten_tellings_lead_to_their_cause_with_what_the_others_taught(
    left_out: list[tellings.Found],
) -> None:
    first, three = tellings.among(left_out, 1), tellings.among(left_out, 3)
    print(f"{len(left_out)} tellings: first {first:.0%}, among the first three {three:.0%}")
    assert first >= 0.4
    assert three >= 0.6


@pytest.mark.slow
def test_most_causes_are_found_by_at_least_two_of_five_who_tell_of_them(
    left_out: list[tellings.Found],
) -> None:
    shares = [share for _, share in tellings.weakest(left_out)]
    assert len(shares) == len(CATALOG.causes)
    told = sum(share >= 0.4 for share in shares)
    print(f"{told} of {len(shares)} causes")
    assert told > 0.75 * len(shares)


@pytest.mark.slow
def test_words_help_where_somebody_tells_what_nobody_taught(
    left_out: list[tellings.Found],
) -> None:
    deaf = list(tellings.diagnosed(tellings.tellings(), is_deaf=True, every=3))
    print(f"without words {tellings.among(deaf, 3):.0%}")
    assert tellings.among(left_out, 3) > tellings.among(deaf, 3) + 0.03
