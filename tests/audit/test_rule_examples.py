"""Every rule's examples, and that each of its conditions is needed."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from evergrant.audit.model import Subject
from evergrant.catalog.loader import load
from evergrant.catalog.rule_reader import PLACEHOLDER, rule_book
from evergrant.catalog.rules import Example, Rule
from evergrant.catalog.traits import vocabulary
from rule_kit import said, subjects_of

RULES = tuple(rule_book().rules.values())
CASES = [
    pytest.param(rule, number, id=f"{rule.id}-{number}-{example.expect}")
    for rule in RULES
    for number, example in enumerate(rule.examples)
]
CLAUSES = [
    pytest.param(rule, key, number, id=f"{rule.id}-{key}-{number}")
    for rule in RULES
    for key in ("applies", "when")
    for number in range(len(getattr(rule, key)))
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@cache
def met(rule: Rule, number: int, folder: Path) -> list[Subject]:
    return subjects_of(rule.examples[number], folder / rule.id / str(number))


def expected(example: Example) -> str:
    return example.expect


@pytest.mark.parametrize(("rule", "number"), CASES)
def test_a_rule_says_of_its_example_what_the_example_expects(
    rule: Rule, number: int, folder: Path
) -> None:
    assert said(rule, met(rule, number, folder)) == rule.examples[number].expect


@pytest.mark.parametrize(("rule", "key", "number"), CLAUSES)
def test_a_rule_without_one_of_its_conditions_fails_its_examples(
    rule: Rule, key: str, number: int, folder: Path
) -> None:
    clauses = getattr(rule, key)
    weaker = replace(rule, **{key: clauses[:number] + clauses[number + 1 :]})
    got = [said(weaker, met(rule, at, folder)) for at in range(len(rule.examples))]
    assert got != [expected(each) for each in rule.examples]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_failing_example_and_one_that_does_not_fail(rule: Rule) -> None:
    said = [each.expect for each in rule.examples]
    assert "fail" in said
    assert {"pass", "not-applicable"} & {*said}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_refers_to_causes_and_traits_that_there_are(rule: Rule) -> None:
    assert set(rule.causes) <= set(load().causes)
    assert set(PLACEHOLDER.findall(rule.message)) <= set(vocabulary().words)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_dated_and_its_sources_are_addresses(rule: Rule) -> None:
    assert rule.checked >= date(2026, 11, 1)
    assert all(each.url.startswith("https://") for each in rule.sources)


def test_every_word_of_the_vocabulary_is_used() -> None:
    in_rules = {name for rule in RULES for name in rule.traits}
    in_messages = {name for rule in RULES for name in PLACEHOLDER.findall(rule.message)}
    sources = {
        "app.scopes", "app.callbacks", "app.permission_sets", "app.profiles", "app.enabled",
        "app.oauth_plugin", "app.rotates_key", "app.rotates_secret", "app.refresh_period",
        "app.refresh_unit", "app.org_scoped_id", "app.oauth_link", "app.oauth", "profile.ranges",
        "app.session_action", "app.idle_limit", "app.certificate_ends",
        "app.consumer_key_id", "file.nearest",
    }  # fmt: skip
    assert set(vocabulary().words) - in_rules - in_messages == sources - in_messages
