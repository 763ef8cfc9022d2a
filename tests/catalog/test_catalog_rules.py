"""Rules are read whole, or refused with file and line."""

import shutil
from pathlib import Path

import pytest

from evergrant.catalog.loader import FOLDER
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.rules import SEVERITIES
from evergrant.errors import BadInput

RULE = "refresh-policy-zero"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name in ("changes.toml", "repairs.toml", "rule_sources.toml"):
        shutil.copy(FOLDER / name, tmp_path)
    (tmp_path / "profiles.toml").write_text("")
    shutil.copy(FOLDER / "rules" / f"{RULE}.toml", tmp_path / "rules")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('code = "TOK-01"', 'code = "TOK1"', "'TOK1' is no code"),
        ('kind = "breaks"', 'kind = "harms"', "kind is 'harms'"),
        ('severity = "high"', 'severity = "bad"', "severity is 'bad'"),
        ('trait = "app.refresh_scope"', 'trait = "app.refresh"', "trait is 'app.refresh'"),
        ('is = "zero"', 'equals = "zero"', "nobody knows the key 'equals'"),
        ('{app.label}', '{app.lable}', "nobody knows the trait 'app.lable'"),
        ('"M-CA"', '"M-XX"', "nobody knows the source 'M-XX'"),
        ('change = "refresh-policy-idle"', 'change = "magic"', "change is 'magic'"),
        ('expect = "fail"', 'expect = "pass"', "an example that fails"),
        ('title =', 'titel =', "nobody knows the key 'titel'"),
        ('message = "', 'message = "\\u12', "not TOML"),
    ],
)  # fmt: skip
def test_a_rule_that_is_not_what_it_should_be_is_refused_by_file(
    folder: Path, old: str, new: str, words: str
) -> None:
    path = folder / "rules" / f"{RULE}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BadInput, match=rf"rules/{RULE}\.toml") as told:
        rule_book(folder)
    assert words in told.value.what


def test_a_complaint_names_the_line(folder: Path) -> None:
    path = folder / "rules" / f"{RULE}.toml"
    lines = path.read_text("utf-8").splitlines()
    number = next(at for at, line in enumerate(lines) if line.startswith("severity"))
    lines[number] = 'severity = "bad"'
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(BadInput, match=rf"line {number + 1}: severity"):
        rule_book(folder)


def test_the_untouched_rule_is_read(folder: Path) -> None:
    rule = rule_book(folder).rules[RULE]
    assert (rule.code, rule.kind, rule.severity) == ("TOK-01", "breaks", "high")
    assert rule.traits == ("app.refresh_policy", "app.refresh_scope")


def test_a_profile_of_unknown_rules_or_empty_points_is_refused(folder: Path) -> None:
    entry = '[[profile]]\nid = "x"\ntitle = "X"\nabout = "Y"\nsources = []\npoint = [{ %s }]\n'
    for point, words in (
        ('title = "t", rules = ["no-such"]', "no-such"),
        ('title = "t", rules = []', "names rules or asks"),
    ):
        (folder / "profiles.toml").write_text(entry % point)
        rule_book.cache_clear()
        with pytest.raises(BadInput, match=words):
            rule_book(folder)


def test_the_playbook_profile_has_its_eight_points_and_asks_where_no_file_tells() -> None:
    profile = rule_book().profiles["playbook"]
    assert len(profile.points) == 8
    assert [each.title for each in profile.points if not each.rules] == [
        "Error code captured exactly from the client",
        "A test after the repair shows Success in Login History",
    ]
    assert all(each.asks for each in profile.points if not each.rules)


def test_every_breaking_rule_names_a_cause_or_is_about_a_deployment() -> None:
    without = {
        rule.id
        for rule in rule_book().rules.values()
        if rule.kind == "breaks" and not rule.causes and not rule.code.startswith("SRC")
    }
    assert without == {"new-failure", "failures-rising"}


def test_severities_are_told_worst_first() -> None:
    assert SEVERITIES == ("critical", "high", "medium", "low", "info")
