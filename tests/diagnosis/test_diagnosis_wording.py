"""A term is found however people write it, and not guessed where two may be meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.diagnosis.terms import every_term, explain_term
from evergrant.diagnosis.wording import meant, plain

CATALOG = load()
KNOWN = tuple(every_term(CATALOG))
NOT_FOR_REST = "this session is not valid for use with the rest api"


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("invalid_grant: expired access/refresh token", "expired access/refresh token"),
        ("error=invalid_grant", "invalid_grant"),
        ("invalid_grant - authentication failure", "authentication failure"),
        (
            '{"error":"invalid_grant","error_description":"authentication failure"}',
            "authentication failure",
        ),
        (
            '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]',
            "session expired or invalid",
        ),
        ("error=invalid_grant&error_description=ip+restricted", "ip restricted"),
        ("App not found", "app_not_found"),
        ("ip restricted", "ip restricted"),
        ("INVALID GRANT", "invalid_grant"),
        ("user hasn’t approved this consumer", "user hasn't approved this consumer"),
        ("not valid for use with the REST API", NOT_FOR_REST),
        ("Refresh token idle limit", "refresh-token-idle-limit"),
    ],
)
def test_other_ways_to_write_a_term_lead_to_it(written: str, term: str) -> None:
    told, exact = explain_term(written, CATALOG), explain_term(term, CATALOG)
    assert told is not None
    assert exact is not None
    assert told.causes == exact.causes
    assert plain(told.term) == plain(exact.term) or told.causes == exact.causes


@pytest.mark.parametrize(
    "written",
    [
        "expired acces/refresh token",
        "first authentication failure, then inactive user",
        "user",
        "the token",
        "",
    ],
)
def test_where_none_or_two_may_be_meant_nothing_is_guessed(written: str) -> None:
    assert explain_term(written, CATALOG) is None


@given(st.text(max_size=60), st.sampled_from(KNOWN))
def test_what_is_meant_is_a_known_term_or_nothing(noise: str, term: str) -> None:
    for written in (noise, f"{noise} {term}", term[: len(term) // 2]):
        assert meant(written, KNOWN) in {*KNOWN, ""}


@pytest.mark.parametrize("term", KNOWN[::7])
def test_letter_case_blanks_and_a_colon_behind_a_code_do_not_matter(term: str) -> None:
    assert explain_term(f"  {term.upper()}. ", CATALOG) is not None
