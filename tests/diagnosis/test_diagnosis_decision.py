"""Every answer begins with what to do, and says what must not be tried."""

from __future__ import annotations

import pytest

from evergrant.catalog import Cause, load
from evergrant.diagnosis import diagnose
from evergrant.diagnosis.verdict import LOOK_FIRST
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
    assert found.avoid == CATALOG.causes[found.leading[0][0]].avoid


def test_where_no_cause_stands_out_nothing_is_advised() -> None:
    found = diagnose(of_text("it does not work"), CATALOG)
    assert found.decision == LOOK_FIRST
    assert found.avoid == ()


def test_a_policy_refusal_says_that_a_refresh_cures_nothing() -> None:
    refusals = ("session-client-not-allowlisted", "profile-requires-high-assurance")
    for id_ in refusals:
        assert any("refresh" in each for each in CATALOG.causes[id_].avoid)
