"""What a person is asked: a question that tells, choices that fit, and an answer that is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis import diagnose, posterior
from evergrant.diagnosis.explain import render
from evergrant.diagnosis.question import (
    MOST_CHOICES,
    Question,
    next_look,
    next_question,
    read_answer,
)
from evergrant.diagnosis.question import question_of as asked_of
from evergrant.evidence import of_text
from evergrant.model import Fact, Unknown

CATALOG = load()
DEAD = of_text('{"error":"invalid_grant","error_description":"expired access/refresh token"}')
ASKED = [kind for kind in CATALOG.facts.values() if kind.ask and kind.kind != "time"]


def question_of(name: str) -> Question:
    kind = CATALOG.facts[name]
    return asked_of(kind, posterior(DEAD, CATALOG).shares, CATALOG)


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: str(kind.name))
def test_every_choice_is_a_value_that_the_vocabulary_tells_from_the_others(kind: object) -> None:
    question = question_of(kind.name)  # type: ignore[attr-defined]
    known = CATALOG.facts[question.fact]
    keys = [known.key_of(choice.value) for choice in question.choices]
    assert OTHER not in keys
    assert len(set(keys)) == len(keys) >= 1
    if known.open:
        assert len(keys) <= MOST_CHOICES
    else:
        assert set(keys) == set(known.background) - {OTHER}


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: str(kind.name))
def test_the_number_and_the_words_of_a_choice_mean_the_same(kind: object) -> None:
    question = question_of(kind.name)  # type: ignore[attr-defined]
    for number, choice in enumerate(question.choices, start=1):
        assert read_answer(question, f" {number} \n") == choice.value
        assert read_answer(question, choice.text.upper()) == choice.value


@given(st.text(max_size=40))
def test_any_words_are_an_answer_of_the_right_kind_or_none(words: str) -> None:
    yes_or_no = read_answer(question_of("user.frozen"), words)
    assert yes_or_no is None or isinstance(yes_or_no, bool)
    status = read_answer(question_of("login_history.status"), words)
    assert status is None or (isinstance(status, str) and status == " ".join(status.split()))


YES_OR_NO = (
    "Is",
    "Are",
    "Was",
    "Were",
    "Do",
    "Does",
    "Did",
    "Has",
    "Have",
    "Must",
    "Can",
    "Whether",
)
BOOLS = [kind for kind in ASKED if kind.kind == "bool"]


@pytest.mark.parametrize("kind", BOOLS, ids=lambda kind: str(kind.name))
def test_yes_and_no_answer_the_question_unless_setups_own_words_are_offered(kind: object) -> None:
    asked = CATALOG.facts[kind.name]  # type: ignore[attr-defined]
    if set(asked.choices) == {"true", "false"}:
        return
    first = asked.ask.split()[0]
    assert first in YES_OR_NO
    for second in ("and until when", "and after how long", "or for some", ", and does", ", and is"):
        assert second not in asked.ask


@pytest.mark.parametrize(
    ("fact", "cause"),
    [
        ("context.inactive_user", "user-inactive"),
        ("context.clock", "jwt-expired-or-clock-skew"),
        ("context.certificate", "jwt-signature-or-certificate-mismatch"),
        ("context.callback", "redirect-uri-mismatch"),
        ("context.org_ended", "org-inactive-or-deleted-sandbox"),
        ("context.token_store", "refresh-token-foreign-or-mangled"),
        ("context.token_mixed", "access-token-of-another-org"),
        ("context.dead_on_arrival", "refresh-token-policy-immediate-expire"),
        ("context.legacy_login", "username-password-flow-disabled"),
        ("context.uninstalled_restriction", "app-uninstalled-restricted"),
        ("context.security_token", "security-token-missing"),
    ],
)
def test_yes_speaks_for_the_fault_that_is_asked_about(fact: str, cause: str) -> None:
    question = question_of(fact)
    yes, no = read_answer(question, "yes"), read_answer(question, "no")
    assert yes is not None
    assert no is not None
    for_it, against_it = (
        posterior([Fact(fact, answer)], CATALOG).shares[cause] for answer in (yes, no)
    )
    assert for_it > against_it
    assert not any(
        word in question.ask.lower()
        for word in ("still active", "clock right", "letter for letter")
    )


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: str(kind.name))
def test_words_that_are_no_answer_are_not_taken_where_the_answers_are_known(kind: object) -> None:
    question = question_of(kind.name)  # type: ignore[attr-defined]
    assert (read_answer(question, "foo") == "foo") is CATALOG.facts[question.fact].open


def test_the_refresh_token_policy_is_offered_in_the_words_of_setup() -> None:
    question = question_of("app.refresh_token_policy")
    offered = {choice.text: choice.value for choice in question.choices}
    assert offered["Immediately expire refresh token"] == "zero"
    assert offered["Refresh token is valid until revoked"] == "infinite"


@pytest.mark.parametrize("kind", [k for k in ASKED if k.open], ids=lambda kind: str(kind.name))
def test_words_that_the_catalog_does_not_know_support_no_cause_and_are_said_back(
    kind: object,
) -> None:
    name = kind.name  # type: ignore[attr-defined]
    said = Fact(name, "sunspots", source="person", quote="Status: sunspots")
    found = diagnose([*DEAD, said], CATALOG)
    assert not any(reason.fact is said for ranked in found.ranked for reason in ranked.supports)
    assert "sunspots (the catalog does not know these words" in " ".join(
        render(found, CATALOG).split()
    )


def test_salesforces_own_words_are_taken_where_they_are_not_among_the_choices() -> None:
    question = question_of("login_history.status")
    assert read_answer(question, "Failed: Something new") == "Failed: Something new"
    assert read_answer(question, "99") is None


def test_what_was_answered_or_declined_is_not_asked_again() -> None:
    facts = list(DEAD)
    asked = set()
    while (question := next_question(facts, CATALOG)) is not None:
        assert question.fact not in asked
        asked.add(question.fact)
        facts.append(Fact(question.fact, Unknown("nobody could tell"), source="person"))
    assert 1 <= len(asked) < len(ASKED)


def test_the_next_look_is_one_of_those_that_may_be_taken() -> None:
    allowed = {"login-history", "oauth-tokens"}
    look = next_look(DEAD, allowed, CATALOG)
    assert look is not None
    assert look.check in allowed
    assert next_look(DEAD, set(), CATALOG) is None
