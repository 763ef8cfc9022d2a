"""A bad entry is refused, and the refusal names the file and the line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evergrant.catalog import load
from evergrant.catalog.loader import FOLDER
from evergrant.errors import BadInput

GOOD = """\
title = "A good cause"
why = "Because."
remedy = "retry"
prior = 0.01
gate = "network"
audience = "Salesforce admin"
scenario = "a-good-cause"
signal = [
  { fact = "token_reply.error", is = "invalid_grant", likely = "usually" },
  { fact = "user.app_tokens", below = 1, likely = "always" },
]
source = [
  { url = "https://example.com/", kind = "observed", checked = 2026-11-22 },
]

[[fix]]
who = "Salesforce admin"
do = "something"
change = "look"
where = "Setup > Users"
link = "/lightning/setup/ManageUsers/home"
proof = "user.active"
is = true

[[verify]]
do = "look"
expect = "it"
"""

BAD = {
    "an unknown remedy": ('remedy = "retry"', 'remedy = "pray"', 3, "remedy is 'pray'"),
    "a prior out of range": ("prior = 0.01", "prior = 1.5", 4, "prior is 1.5"),
    "an unknown gate": ('gate = "network"', 'gate = "heaven"', 5, "gate is 'heaven'"),
    "a malformed scenario": ('"a-good-cause"', '"A Good Cause"', 7, "scenario"),
    "an unknown fact": ('"token_reply.error"', '"token_reply.mood"', 9, "token_reply.mood"),
    "a value outside the vocabulary": ('"invalid_grant"', '"nonsense"', 9, "no value"),
    "an unknown word": ('"usually"', '"mostly"', 9, "likely is 'mostly'"),
    "a band that is none": ("below = 1", "below = 3", 10, "no value"),
    "two operators": ("below = 1", "below = 1, above = 5", 10, "expected one of"),
    "an unknown key in a signal": ("below = 1", 'below = 1, colour = "red"', 10, "colour"),
    "a source without https": ("https://example", "http://example", 13, "https"),
    "a source without a date": (", checked = 2026-11-22", "", 13, "checked"),
    "an unknown kind of source": ('"observed"', '"rumour"', 13, "rumour"),
    "a link that is no suffix": ('"/lightning', '"lightning', 21, "suffix"),
    "a proof of an unknown fact": ('"user.active"', '"user.happy"', 22, "user.happy"),
    "a proof with an unknown value": ("is = true", 'is = "maybe"', 23, "no value"),
    "a verify without what to expect": ('expect = "it"', "", 25, "expect"),
    "not TOML": ("prior = 0.01", "prior = ", 4, "not TOML"),
    "a key twice": ("prior = 0.01", "prior = 0.01\nprior = 0.02", 5, "not TOML"),
    "an unknown key": ('gate = "network"', 'gate = "network"\nmood = "y"', 6, "mood"),
    "an unknown audience": ('audience = "Salesforce admin"', 'audience = "who"', 6, "audience"),
    "an unknown change": ('change = "look"', 'change = "dance"', 19, "change is 'dance'"),
    "an unknown actor": ('[[fix]]\nwho = "Salesforce admin"', '[[fix]]\nwho = "elf"', 17, "who is"),
    "a broader cause that is none": ('gate = "network"', 'gate = "network"\nbroader = "x"', 6, "x"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog with the real vocabulary and no causes."""
    made = tmp_path / "catalog"
    (made / "causes").mkdir(parents=True)
    for name in ("facts.toml", "gates.toml", "changes.toml"):
        shutil.copy(FOLDER / name, made / name)
    (made / "terms.toml").write_text("", "utf-8")
    return made


def write(folder: Path, text: str, name: str = "a-good-cause") -> Path:
    (folder / "causes" / f"{name}.toml").write_text(text, "utf-8")
    return folder


def test_a_good_cause_is_loaded_whole(folder: Path) -> None:
    cause = load(write(folder, GOOD)).causes["a-good-cause"]
    assert [(s.fact, s.keys, s.likelihood) for s in cause.signals] == [
        ("token_reply.error", ("invalid_grant",), 0.8),
        ("user.app_tokens", ("below 1",), 0.98),
    ]
    assert cause.fixes[0].proof is not None
    assert cause.fixes[0].proof.condition.holds(True) is True


@pytest.mark.parametrize("what", BAD)
def test_a_bad_entry_is_refused_with_file_and_line(folder: Path, what: str) -> None:
    old, new, line, words = BAD[what]
    assert old in GOOD
    write(folder, GOOD.replace(old, new, 1))
    with pytest.raises(BadInput) as refused:
        load(folder)
    assert f"causes/a-good-cause.toml, line {line}:" in refused.value.what
    assert words in refused.value.what


@pytest.mark.parametrize("key", ["signal", "source", "[[fix]]", "[[verify]]", "title", "why"])
def test_a_cause_that_lacks_a_part_is_refused(folder: Path, key: str) -> None:
    write(folder, without(GOOD, key))
    with pytest.raises(BadInput, match=key.strip("[]")):
        load(folder)


def without(text: str, key: str) -> str:
    """The text without a key, an array or a table."""
    kept, inside = [], False
    for line in text.splitlines():
        if line.startswith(key):
            inside = True
        elif inside and (line.startswith("[[") or " = [" in line or line[:1].isalpha()):
            inside = key.startswith("[[") and not line.startswith("[[")
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def test_a_file_name_that_is_no_id_is_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match="is no id"):
        load(write(folder, GOOD, "A Cause"))


def test_a_cause_without_scenario_says_why(folder: Path) -> None:
    with pytest.raises(BadInput, match="scenario"):
        load(write(folder, GOOD.replace('scenario = "a-good-cause"\n', "")))
    load.cache_clear()
    said = GOOD.replace('scenario = "a-good-cause"', 'scenario_missing = "nobody can"')
    assert load(write(folder, said)).causes["a-good-cause"].scenario_missing == "nobody can"


def test_a_vocabulary_with_a_wrong_band_is_refused(folder: Path) -> None:
    path = folder / "facts.toml"
    path.write_text(path.read_text("utf-8").replace('"below 1" = 35', '"few" = 35'), "utf-8")
    with pytest.raises(BadInput, match=r"facts\.toml, line \d+: 'few' is no band"):
        load(folder)


def test_a_spelling_of_an_unknown_value_is_refused(folder: Path) -> None:
    path = folder / "facts.toml"
    path.write_text(path.read_text("utf-8") + '[context.x]\ntitle = "x"\nkind = "bool"\n'
                    'about = "user"\nlevel = "text"\nbackground = { true = 1, false = 9 }\n'
                    'same = { yes = "jawohl" }\n', "utf-8")  # fmt: skip
    with pytest.raises(BadInput, match="'jawohl' is no value of this fact"):
        load(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"facts\.toml cannot be read"):
        load(tmp_path)


def test_a_gate_that_is_there_twice_is_refused(folder: Path) -> None:
    path = folder / "gates.toml"
    path.write_text(path.read_text("utf-8") + '[[gate]]\nid = "network"\ntitle = "x"\n', "utf-8")
    with pytest.raises(BadInput, match="'network' is there twice"):
        load(folder)


def test_a_folder_is_read_once_a_process() -> None:
    assert load() is load()
