"""Explanations as text: frozen, at most 80 columns, and honest about terms nobody sends."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.catalog.condition import text_of
from evergrant.catalog.entries import OTHER
from evergrant.catalog.words import PLACES, words
from evergrant.diagnosis import diagnose, layout
from evergrant.diagnosis.explain import explain_term, near_misses, render, sections
from evergrant.diagnosis.terms import every_term
from evergrant.evidence.text import read
from evergrant.model import Fact, Unknown

CATALOG = load()
PAGE = (
    "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
    "?error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin&state=x"
)
RACE = """\
Retry
  - Two refreshes of one token ran at the same time (refresh-token-race):
    likely.
  - Try again; nothing needs to be changed.
  - Judged from the text alone.

Evidence
  - line 1: {"error":"invalid_grant","error_description":"token request is
    already being processed"}

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
Admin change
  - An admin must change something first.
  - IP_RESTRICTED is a word of guides, not of Salesforce's.

Meaning
  - IP_RESTRICTED: No Salesforce server sends this code. On the wire it is
    invalid_grant with "ip restricted or invalid login hours"; Login History
    shows "Restricted IP".

Causes
  - Admin change: The caller's address is not allowed (ip-restricted)
  - Admin change: The time is outside the user's login hours
    (login-hours-restricted)
  - Admin change: The caller is outside the app's refresh token allowlist
    (refresh-token-ip-allowlist-blocked)

Sources
  - https://github.com/forcedotcom/SalesforceMobileSDK-Android/blob/7d504f22/libs/SalesforceSDK/src/com/salesforce/androidsdk/auth/OAuthErrorCode.kt
    (observed, 2026-11-22)
"""
NOT_APPROVED = """\
Admin change
  - An admin must change something first.
  - Most likely: The user is not on the app's list (user-not-preauthorized).

Meaning
  - Failed: Not approved for access, in Setup > Login History, or as
    LOGIN_STATUS in the event log: The app is preauthorized, and no profile or
    permission set of the user is assigned to it.
"""
DECISIONS = {*layout.DECISIONS.values(), "Look first"}


def in_columns(text: str, width: int = 80) -> bool:
    """Whether no line is longer than that; one with an address may be: it is there to be copied."""
    return all(len(line) <= width or "https://" in line for line in text.splitlines())


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
        "Look first\n  - Nothing in this is known to the catalog.\n"
    )


def test_where_no_cause_stands_out_nobody_is_sent_to_change_anything() -> None:
    found = sections(diagnose(read("invalid_grant"), CATALOG), CATALOG)
    assert [each.title for each in found] == [
        "Look first", "Evidence", "Next check", "Do not", "Causes"
    ]  # fmt: skip
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
    unknown = Fact("user.active", Unknown("the org refused: INVALID_TYPE", "look as an admin"))
    found = diagnose([*read("invalid_grant: inactive user"), unknown], CATALOG)
    assert "The user is active: the org refused: INVALID_TYPE — look as an admin" in " ".join(
        render(found, CATALOG).split()
    )


@given(st.integers(min_value=40, max_value=120), st.sampled_from(sorted(CATALOG.causes)))
def test_no_line_is_longer_than_the_width(width: int, id_: str) -> None:
    signal = CATALOG.causes[id_].signals[0]
    kind = CATALOG.facts[signal.fact]
    value: str | bool = signal.keys[0] == "true" if kind.kind == "bool" else signal.keys[0]
    text = render(diagnose([Fact(signal.fact, value)], CATALOG), CATALOG, width=width)
    assert in_columns(text, width)


def test_sections_come_in_the_order_of_need() -> None:
    titles = [section.title for section in sections(diagnose(read(PAGE), CATALOG), CATALOG)]
    assert titles[:3] == ["Admin change", "Evidence", "Why"]
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
        ("Failed: Not approved for access", "user-not-preauthorized"),
        ("LOGIN_SAML_INVALID_SUB_CONFIRM", ""),
        ("use_dpop_nonce", "proof-of-possession-missing"),
        ("420", "wrong-login-host"),
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
    assert next(iter(found.causes), "") == first
    assert found.text.split("\n", 1)[0] == found.decision
    assert in_columns(found.text)


@pytest.mark.parametrize("id_", CATALOG.causes)
def test_every_cause_can_be_explained_by_its_id(id_: str) -> None:
    found = explain_term(id_, CATALOG)
    assert found is not None
    assert CATALOG.causes[id_].title in " ".join(found.text.split())
    assert "Sources" in found.text


def test_a_status_is_explained_with_what_to_do_first() -> None:
    found = explain_term('"Failed: Not approved for access"', CATALOG)
    assert found is not None
    assert found.text.startswith(
        NOT_APPROVED.replace("- Failed", '- "Failed').replace("access,", 'access",')
    )


def test_every_word_that_the_notes_list_is_explained_where_it_is_met() -> None:
    for word in words():
        for spelling in word.spellings:
            found = explain_term(spelling, CATALOG)
            assert found is not None, spelling
            if found.kind != "never sent":
                assert word.says in {each.says for each in found.meanings}, spelling
                assert found.decision in DECISIONS
    assert {word.place for word in words()} == set(PLACES)


def test_every_word_that_the_judge_knows_can_be_explained() -> None:
    rooms = ("token_reply.", "page.", "api_reply.", "soap_reply.", "login_history.status", "idp.")
    for kind in CATALOG.facts.values():
        if kind.name.startswith(rooms):
            for value in (*kind.background, *kind.same):
                assert value == OTHER or explain_term(value, CATALOG) is not None, value


def test_what_a_word_refers_to_exists() -> None:
    for word in words():
        assert set(word.causes) <= set(CATALOG.causes), word.word
        assert word.sources, word.word
        assert len({text_of(each) for each in word.spellings}) == len(word.spellings), word.word


def test_an_inferred_meaning_is_told_as_such() -> None:
    found = explain_term("invalid_dpop_proof", CATALOG)
    assert found is not None
    assert "(inferred)" in " ".join(found.text.split())


def test_a_word_without_a_clear_cause_advises_nothing_and_asks_for_the_text_beside_it() -> None:
    found = explain_term("invalid_grant", CATALOG)
    assert found is not None
    assert found.decision == "Look first"
    titles = [each.title for each in found.sections]
    assert "What to do" not in titles
    told = {each.title: each.lines for each in found.sections}
    assert told["Next check"] == ('What does the answer say after "error_description"?',)


def test_an_entry_that_is_older_than_a_release_says_so() -> None:
    late = explain_term("ip-restricted", CATALOG, date(2031, 1, 1))
    fresh = explain_term("ip-restricted", CATALOG, CATALOG.causes["ip-restricted"].checked)
    assert late is not None
    assert fresh is not None
    assert "look whether it still holds" in late.text
    assert "look whether it still holds" not in fresh.text


@given(st.text(max_size=60))
def test_no_term_breaks_the_explainer(term: str) -> None:
    if explain_term(term, CATALOG) is None:
        assert set(near_misses(term, CATALOG)) <= set(every_term(CATALOG))


def test_a_term_that_nobody_knows_gets_near_misses() -> None:
    assert explain_term("expired acces/refresh token", CATALOG) is None
    assert near_misses("expired acces/refresh token", CATALOG)[0] == "expired access/refresh token"
    assert "user-inactive" in near_misses("user-inactiv", CATALOG)
    assert near_misses("qqqqqqqqqqqq", CATALOG) == []
    around = near_misses('got "OAUTH_APP_BLOCKED" on the page', CATALOG)
    assert "OAUTH_APP_BLOCKED" in around
