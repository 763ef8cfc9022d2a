"""What a person is asked: a question that tells, choices that fit, and an answer that is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis import posterior
from evergrant.diagnosis.question import (
    MOST_CHOICES,
    Question,
    choices,
    next_look,
    next_question,
    read_answer,
)
from evergrant.evidence import of_text
from evergrant.model import Fact, Unknown

CATALOG = load()
DEAD = of_text('{"error":"invalid_grant","error_description":"expired access/refresh token"}')
ASKED = [kind for kind in CATALOG.facts.values() if kind.ask and kind.kind != "time"]


def question_of(name: str) -> Question:
    kind = CATALOG.facts[name]
    shares = posterior(DEAD, CATALOG).shares
    told = choices(kind, shares, CATALOG)
    return Question(name, kind.check, kind.ask, told, kind.kind == "text")


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: str(kind.name))
def test_every_choice_is_a_value_that_the_vocabulary_tells_from_the_others(kind: object) -> None:
    question = question_of(kind.name)  # type: ignore[attr-defined]
    known = CATALOG.facts[question.fact]
    keys = [known.key_of(choice.value) for choice in question.choices]
    assert OTHER not in keys
    assert len(set(keys)) == len(keys) >= 1
    assert known.kind == "number" or len(keys) <= MOST_CHOICES


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
