"""Explanations as text: frozen, at most 80 columns, and honest about terms nobody sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.diagnosis import diagnose
from evergrant.diagnosis.explain import explain_term, near_misses, render, sections
from evergrant.evidence.text import read
from evergrant.model import Fact, Unknown

CATALOG = load()
PAGE = (
    "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
    "?error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin&state=x"
)
RACE = """\
Evidence
  - line 1: {"error":"invalid_grant","error_description":"token request is
    already being processed"}

Cause
  - Two refreshes of one token ran at the same time (refresh-token-race):
    likely.
  - Remedy: try again; nothing needs to be changed.
  - Judged from the text alone.

Why
  - Salesforce serves one request for a refresh token at a time; the other is
    refused although the token is alive.

Speaks for it
  - Error description of the token endpoint: token request is already being
    processed
  - OAuth flow: refresh_token
  - Error of the token endpoint: invalid_grant

Not known
  - Two refreshes of this connection ran at the same time: not looked at — Do
    several processes refresh this connection?
  - Status of the failing row in Login History: not looked at — What does Setup
    > Login History show in the column Status for this user at that time?

What to do
  - operator of the integration: Wait a second, read the stored credential again
    and use it; the winner has stored a new one.
  - developer of the integration: Refresh a connection from one place at a time
    (a lease over all processes), and let the others wait for the result.

Do not
  - asking the user to reauthorize: the credential is alive
  - declaring the connection dead on this answer

Afterwards
  - call the API once with the new access token → HTTP 200

Next gate
  - the refresh token stands

Other causes
  - none of these: 1%
"""
NEVER_SENT = """\
Meaning
  - IP_RESTRICTED: No Salesforce server sends this code. On the wire it is
    invalid_grant with "ip restricted or invalid login hours"; Login History
    shows "Restricted IP".

Causes
  - The caller's address is not allowed (ip-restricted)
  - The time is outside the user's login hours (login-hours-restricted)
  - The caller is outside the app's refresh token allowlist
    (refresh-token-ip-allowlist-blocked)
"""


def test_an_explanation_reads_so() -> None:
    text = (
        '{"error":"invalid_grant","error_description":"token request is already being processed"}'
    )
    assert render(diagnose(read(text, flow="refresh_token"), CATALOG), CATALOG) == RACE


def test_the_next_check_is_asked_where_causes_are_alike() -> None:
    found = render(diagnose(read("invalid_grant: inactive user"), CATALOG), CATALOG)
    assert "Next check" in found


def test_nothing_known_is_said_in_one_line() -> None:
    assert render(diagnose([], CATALOG), CATALOG) == (
        "Cause\n  - Nothing in this is known to the catalog.\n"
    )


def test_where_no_cause_stands_out_nobody_is_sent_to_change_anything() -> None:
    found = sections(diagnose(read("invalid_grant"), CATALOG), CATALOG)
    assert [each.title for each in found] == ["Evidence", "Cause", "Next check", "Causes"]
    assert all(each.lines for each in found)


def test_an_explanation_says_what_to_do_for_both_kinds_of_app() -> None:
    text = render(diagnose(read(PAGE), CATALOG), CATALOG)
    assert "Salesforce admin (connected app): Press Unblock in the app's row." in text
    assert "Salesforce admin (external client app): Enable the app again" in text
    assert "/lightning/setup/ConnectedAppsUsage/home" in text
    assert "reauthorizing while the app is blocked" in text


def test_an_explanation_says_which_part_is_inferred() -> None:
    assert "Inferred, not documented:" in render(diagnose(read(PAGE), CATALOG), CATALOG)


def test_an_explanation_says_why_something_is_not_known() -> None:
    unknown = Fact("user.frozen", Unknown("the org refused: INVALID_TYPE", "look as an admin"))
    found = diagnose([*read("invalid_grant: inactive user"), unknown], CATALOG)
    assert "The user is frozen: the org refused: INVALID_TYPE — look as an admin" in " ".join(
        render(found, CATALOG).split()
    )


@given(st.integers(min_value=40, max_value=120), st.sampled_from(sorted(CATALOG.causes)))
def test_no_line_is_longer_than_the_width(width: int, id_: str) -> None:
    signal = CATALOG.causes[id_].signals[0]
    kind = CATALOG.facts[signal.fact]
    value: str | bool = signal.keys[0] == "true" if kind.kind == "bool" else signal.keys[0]
    text = render(diagnose([Fact(signal.fact, value)], CATALOG), CATALOG, width=width)
    assert max(len(line) for line in text.splitlines()) <= width


def test_sections_come_in_the_order_of_need() -> None:
    titles = [section.title for section in sections(diagnose(read(PAGE), CATALOG), CATALOG)]
    assert titles[:3] == ["Evidence", "Cause", "Why"]
    assert titles.index("What to do") < titles.index("Do not") < titles.index("Other causes")


def test_a_code_that_no_server_sends_is_named_as_such() -> None:
    found = explain_term("ip_restricted", CATALOG)
    assert found is not None
    assert (found.kind, found.text) == ("never sent", NEVER_SENT)
    login = explain_term("login_required", CATALOG)
    assert login is not None
    assert login.kind == "never sent"


@pytest.mark.parametrize(
    ("term", "first"),
    [
        ("invalid_grant", "refresh-token-revoked"),
        ("Invalid_Client_Id", "wrong-consumer-key"),
        ('"audience is invalid"', "jwt-audience-wrong"),
        ("Audience validation failed", "jwt-audience-wrong"),
        ("Restricted IP", "ip-restricted"),
        ("LOGIN_ERROR_USER_FROZEN", "user-locked-or-frozen"),
        ("AppBlocked", "app-blocked-by-admin"),
        ("OAUTH_EC_APP_NOT_FOUND", "app-not-in-org-or-not-found"),
        ("API_DISABLED_FOR_ORG", "api-disabled-for-org-or-user"),
        ("session-expired", "session-expired"),
    ],
)
def test_a_term_of_salesforce_is_explained(term: str, first: str) -> None:
    found = explain_term(term, CATALOG)
    assert found is not None
    assert found.causes[0] == first
    assert max(len(line) for line in found.text.splitlines()) <= 80


@pytest.mark.parametrize("id_", CATALOG.causes)
def test_every_cause_can_be_explained_by_its_id(id_: str) -> None:
    found = explain_term(id_, CATALOG)
    assert found is not None
    assert CATALOG.causes[id_].title in " ".join(found.text.split())
    assert "Sources" in found.text


def test_a_term_that_nobody_knows_gets_near_misses() -> None:
    assert explain_term("expired acces/refresh token", CATALOG) is None
    assert near_misses("expired acces/refresh token", CATALOG)[0] == "expired access/refresh token"
    assert "user-inactive" in near_misses("user-inactiv", CATALOG)
    assert near_misses("qqqqqqqqqqqq", CATALOG) == []
