"""Every answer begins with what to do, and says what must not be tried."""

from __future__ import annotations

import pytest

from evergrant.catalog import Cause, load
from evergrant.diagnosis import diagnose
from evergrant.diagnosis.explain import explain_term, render, sections
from evergrant.diagnosis.verdict import LOOK_FIRST, NAMED
from evergrant.evidence import of_text

CATALOG = load()
DECISIONS = {"retry", "wait", "reauthorize", "admin change", "client change"}


@pytest.mark.parametrize("cause", CATALOG.causes.values(), ids=lambda cause: cause.id)
def test_every_cause_has_a_decision_and_something_not_to_do(cause: Cause) -> None:
    assert cause.remedy.replace("-", " ") in DECISIONS
    assert cause.avoid


TOLD = {
    '{"error":"invalid_grant","error_description":"token request is already being processed"}': (
        "retry"
    ),
    '{"error":"rate_limit_exceeded","error_description":"logins exceeded"}': "wait",
    "error=OAUTH_APP_BLOCKED this app is blocked by admin": "admin change",
    '{"error":"unsupported_grant_type","error_description":"grant type not supported"}': (
        "client change"
    ),
    '{"error":"invalid_request","error_description":"scope parameter not supported"}': (
        "client change"
    ),
}


@pytest.mark.parametrize("text", TOLD)
def test_the_first_word_and_what_not_to_try_follow_from_the_cause(text: str) -> None:
    found = diagnose(of_text(text), CATALOG)
    assert found.decision == TOLD[text]
    avoid = CATALOG.causes[found.leading[0][0]].avoid
    assert found.avoid[: len(avoid)] == avoid
    assert all("(if it is " in each for each in found.avoid[len(avoid) :])


def test_where_no_cause_stands_out_nothing_is_advised() -> None:
    found = diagnose(of_text("it does not work"), CATALOG)
    assert found.decision == LOOK_FIRST
    assert found.avoid == ()


GUESSED = '{"error":"invalid_grant","error_description":"authentication failure"}'


def test_one_is_warned_of_what_is_wrong_under_any_cause_that_may_well_be_it() -> None:
    found = diagnose(of_text(GUESSED), CATALOG)
    worth = [each for each in found.ranked if each.confidence >= NAMED]
    assert len(worth) >= 2
    for each in worth:
        for line in CATALOG.causes[each.refined or each.cause].avoid:
            assert any(told.startswith(line) for told in found.avoid)
    assert len(set(found.avoid)) == len(found.avoid)
    assert any("the user is locked out" in each for each in found.avoid)
    assert any("lock" in each for each in of_section("Do not", GUESSED))


def of_section(title: str, text: str) -> tuple[str, ...]:
    told = sections(diagnose(of_text(text), CATALOG), CATALOG)
    return next(each.lines for each in told if each.title == title)


@pytest.mark.parametrize("term", ["authentication failure", "invalid_grant", "inactive user"])
def test_a_word_with_several_causes_says_what_must_not_be_tried_under_each(term: str) -> None:
    told = explain_term(term, CATALOG)
    assert told is not None
    avoid = next(each.lines for each in told.sections if each.title == "Do not")
    for id_ in told.causes:
        for line in CATALOG.causes[id_].avoid:
            assert sum(each.startswith(line) for each in avoid) >= 1
    assert len(set(avoid)) == len(avoid)


def test_the_words_inactive_user_mean_a_deactivated_user_before_a_frozen_one() -> None:
    told = explain_term("inactive user", CATALOG)
    assert told is not None
    assert told.causes[0] == "user-inactive"


def test_the_id_of_another_cause_is_that_of_its_title() -> None:
    found = diagnose(of_text('{"error":"invalid_request"}'), CATALOG)
    narrow = next(each for each in found.ranked[1:] if each.refined)
    told = render(found, CATALOG, width=200)
    assert f"{narrow.title} ({narrow.refined})" in told
    assert f"{narrow.title} ({narrow.cause})" not in told


def test_a_policy_refusal_says_that_a_refresh_cures_nothing() -> None:
    refusals = ("session-client-not-allowlisted", "profile-requires-high-assurance")
    for id_ in refusals:
        assert any("refresh" in each for each in CATALOG.causes[id_].avoid)
