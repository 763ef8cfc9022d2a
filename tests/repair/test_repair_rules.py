"""Repairs against the rules' own examples: what fails is mended, what passes is left alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evergrant.catalog.repairs import repair_of, repairs
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.rules import Example, Rule
from evergrant.cli.repair_found import plans_of
from evergrant.cli.repaired import Wish
from evergrant.errors import BadInput, NotFound
from evergrant.repair.draft import dangers, together
from evergrant.repair.files import Files, of_paths
from evergrant.repair.model import ByHand, Plan
from rule_kit import laid_out, said, subjects_of

RULES = tuple(rule_book().rules.values())
GIVEN = {
    "permission_set": "Ledger_Access", "user": "bot@acme.example", "days": "30",
    "first_address": "192.0.2.1", "last_address": "192.0.2.9",
    "callback": "https://ledger.acme.io/other",
}  # fmt: skip
FITTING = {
    "callback-not-registered": {"callback": "https://ledger.acme.io/callback/"},
    "idle-window-short": {"days": "365"},
    "run-as-user-unfit": {"user": "ledger.bot@acme.io"},
}
"""What a person would give who has seen the example: the rule's own numbers and names."""


def _cases(expect: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.id}-{number}")
        for rule in RULES
        if repair_of(rule.id, rule.code) is not None
        for number, example in enumerate(rule.examples)
        if example.expect == expect and example.files
    ]


def _planned(rule: Rule, folder: Path) -> tuple[Files, list[Plan]]:
    """What would be carried out: complete, and not refused as dangerous."""
    files = of_paths([folder])
    wish = Wish((folder,), (rule.id,), values={**GIVEN, **FITTING.get(rule.id, {})})
    try:
        made = plans_of(wish, files)
    except (BadInput, NotFound):  # an example with several apps, or without the app
        return files, []
    return files, [each for each in made if each.is_ready and not dangers(each, files)]


def _mended(example: Example, folder: Path, files: Files, plans: list[Plan]) -> Example:
    """The example with the files as the plans leave them."""
    now = dict(example.files)
    for draft in together(plans, files):
        there = Path(draft.after.path)
        name = there.relative_to(folder).as_posix() if not draft.is_new else there.as_posix()
        now[name] = draft.after.data.decode()
    return replace(example, files=now)


def _breaks(example: Example, folder: Path) -> Iterator[str]:
    """The rules of kind `breaks` that say of an example that somebody cannot connect."""
    subjects = subjects_of(example, folder)
    for rule in RULES:
        if rule.kind == "breaks" and said(rule, subjects) == "fail":
            yield rule.id


@pytest.mark.parametrize(("rule", "example"), _cases("fail"))
def test_a_repair_mends_the_rules_own_failing_example(
    rule: Rule, example: Example, tmp_path: Path
) -> None:
    before = laid_out(tmp_path / "before", example.files)
    files, plans = _planned(rule, before)
    in_files = [each for each in plans if not any(isinstance(s, ByHand) for s in each.steps[:1])]
    if rule.id == "run-as-user-unfit":
        pytest.skip("the example's org has no other user who could be named")
    if not any(each.editions for each in in_files):
        pytest.skip("it is mended in records, or by people")
    after = _mended(example, before, files, plans)
    assert said(rule, subjects_of(after, tmp_path / "after")) != "fail"


@pytest.mark.parametrize(("rule", "example"), _cases("pass"))
def test_a_repair_leaves_the_rules_own_passing_example_passing(
    rule: Rule, example: Example, tmp_path: Path
) -> None:
    before = laid_out(tmp_path / "before", example.files)
    after = _mended(example, before, *_planned(rule, before))
    assert said(rule, subjects_of(after, tmp_path / "after")) != "fail"


@pytest.mark.parametrize(("rule", "example"), _cases("fail") + _cases("pass"))
def test_a_repair_breaks_nobody_whom_nothing_broke(
    rule: Rule, example: Example, tmp_path: Path
) -> None:
    before = laid_out(tmp_path / "before", example.files)
    after = _mended(example, before, *_planned(rule, before))
    old = {*_breaks(example, tmp_path / "a")}
    assert {*_breaks(after, tmp_path / "b")} - old == set()


def test_rules_of_different_kinds_share_no_repair() -> None:
    kinds = defaultdict(set)
    for rule in RULES:
        kinds[rule.code].add(rule.kind)
    assert {key for key in repairs() if len(kinds.get(key, ())) > 1} == set()


@pytest.mark.parametrize("rule", [each for each in RULES if each.kind == "breaks"],
                         ids=lambda rule: rule.id)  # fmt: skip
def test_what_breaks_a_client_is_not_repaired_by_shutting_it_out(rule: Rule) -> None:
    repair = repair_of(rule.id, rule.code)
    shut = {"block-password-flow", "block-user-agent-flow", "enforce-ip", "device-flow-off"}
    assert not repair or not shut & {each.id for each in repair.changes}
