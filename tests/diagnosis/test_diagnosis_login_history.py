"""One row of Login History names its cause: Salesforce writes there why it refused."""

from __future__ import annotations

import pytest

from evergrant.catalog import load
from evergrant.catalog.words import words
from evergrant.diagnosis import diagnose
from evergrant.diagnosis.explain import explain_term
from evergrant.diagnosis.rank import posterior
from evergrant.diagnosis.verdict import LIKELY
from evergrant.model import Fact

CATALOG = load()
PLACE = "Login History"
STATUS = "login_history.status"


def row(status: str) -> Fact:
    return Fact(STATUS, status, source="login_history", quote=status)


def _alone() -> list[tuple[str, str]]:
    """The statuses that one cause only has, in every spelling."""
    found = []
    for word in words():
        is_documented = word.place == PLACE and word.mark == "documented"
        told = explain_term(word.word, CATALOG) if is_documented else None
        if told is not None and len(told.causes) == 1:
            found += [(spelling, told.causes[0]) for spelling in word.spellings]
    return found


ALONE = _alone()


def test_most_statuses_of_login_history_name_one_cause() -> None:
    assert len({cause for _, cause in ALONE}) >= 20
    assert ("Restricted country", "country-restricted") in ALONE


@pytest.mark.parametrize(("status", "cause"), ALONE)
def test_a_status_that_one_cause_has_names_that_cause_by_itself(status: str, cause: str) -> None:
    found = diagnose([row(status)], CATALOG)
    assert found.is_named
    assert found.first is not None
    assert (found.first.refined or found.first.cause) == cause
    assert found.first.confidence >= LIKELY


@pytest.mark.parametrize(
    ("status", "first"),
    [
        ("Failed: Not approved for access", "user-not-preauthorized"),
        ("User is frozen", "user-locked-or-frozen"),
        ("Failed: Computer activation required", "device-activation-required"),
        ("Your company's authentication service is down", "company-authentication-service-down"),
        ("Invalid Password", "wrong-username-or-password"),
    ],
)
def test_a_refusal_in_the_row_leaves_no_room_for_causes_with_another_row_or_none(
    status: str, first: str
) -> None:
    found = diagnose([row(status)], CATALOG)
    assert found.leading[0][0] == first
    silent = ("network-or-proxy-or-tls", "refresh-token-expired-by-policy")
    shares = posterior([row(status)], CATALOG).shares
    assert sum(shares[id_] for id_ in silent) < 0.02


def test_a_success_or_a_status_that_nobody_lists_shuts_out_no_cause() -> None:
    for status in ("Success", "Failed: Sunspots", "Failed: Invalid Token"):
        shares = posterior([row(status)], CATALOG).shares
        assert shares["network-or-proxy-or-tls"] > 0.005
