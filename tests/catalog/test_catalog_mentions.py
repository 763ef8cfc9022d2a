"""How people put it: phrases are general; each that one case has is said by others as well."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evergrant.catalog import load
from evergrant.catalog.loader import FOLDER
from evergrant.evidence.normalise import plain, sought, words
from rivals.cases import rows_of

SHARED = Path(os.environ.get("EVERGRANT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
FILES = [SHARED / "corpus" / name for name in ("dev.jsonl", "dev-unconfirmed.jsonl")]
LONG = 4
"""Words from which a phrase is somebody's sentence rather than an idiom."""
PROGRAMS = ("network.failure", "client.complaint", "request.flow")
"""Facts whose phrases are what libraries and Salesforce itself print: long ones are quotations."""
GENERAL = {
    "Json.NET": ("unexpected character encountered while parsing value", "unexpected character"),
    "simple_salesforce": ("you must provide login information",),
    "HTTP and OAuth (RFC 9110, RFC 6749, RFC 7636)": ("301 redirect", "parameter code_verifier"),
    "names of parameters in client libraries": ("missing clientid", "invalid clientsecret"),
    "messages about keys": ("invalid base64 encoded string",),
    "Salesforce's own names": ("session lifetime", "government cloud", "trial period ended"),
    "tools that everybody tries": (
        "works with curl", "succeed with curl", "works from postman", "postman succeeds",
        "succeeds from",
    ),
    "plain English": (
        "minutes after creating", "right after creating", "out of the blue", "left alone",
        "works for hours", "cannot be installed", "kept retrying", "became inactive",
        "behind a corporate", "hours off", "large batch", "others work", "subsequent",
        "ends up locked", "oauth completed",
    ),
}  # fmt: skip
"""Who says what no text of ours says and one case happens to say, too."""

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not FILES[0].exists(), reason=f"no corpus at {FILES[0]}: set EVERGRANT_SHARED"
    ),
]


@dataclass(frozen=True, slots=True)
class Served:
    """A phrase, how many cases it serves, and who else says it."""

    fact: str
    phrase: str
    cases: int
    sources: tuple[str, ...]


def _line(text: str) -> str:
    return words(plain(text.replace("\n", " ")))


def _text(paths: Iterable[Path]) -> str:
    return " ".join(_line(line) for path in paths for line in path.read_text("utf-8").splitlines())


def _sources() -> dict[str, str]:
    """Texts that were not learned from the cases: notes with their sources, catalog, tellings."""
    entries = [*sorted(FOLDER.glob("causes/*.toml")), *sorted(FOLDER.glob("words/*.toml"))]
    return {
        "notes": _text(sorted((SHARED / "domain").glob("*.md"))),
        "entries": _text(entries),
        "tellings": _text(sorted(each for each in (FOLDER / "tellings").iterdir())),
    } | {who: " ".join(f" {phrase} " for phrase in said) for who, said in GENERAL.items()}


def _served() -> Iterator[Served]:
    texts = [
        _line(f"{row['symptom']} {row.get('context', '')}")
        for path in FILES
        for row in rows_of(path)
    ]
    told = _sources()
    for kind in load().facts.values():
        for phrases in kind.mentions.values():
            for phrase in phrases:
                cases = sum(sought(phrase) in text for text in texts)
                by = tuple(who for who, text in told.items() if sought(phrase) in text)
                yield Served(kind.name, phrase, cases, by)


@pytest.fixture(scope="module")
def served() -> tuple[Served, ...]:
    """Each phrase of the vocabulary."""
    return tuple(_served())


def test_no_phrase_about_the_circumstances_is_one_case_s_own_sentence(
    served: tuple[Served, ...],
) -> None:
    told = [each for each in served if not each.fact.startswith(PROGRAMS)]
    own = [each.phrase for each in told if each.cases == 1 and len(each.phrase.split()) > LONG]
    assert own == []


def test_a_phrase_that_one_case_has_is_said_by_somebody_else_as_well(
    served: tuple[Served, ...],
) -> None:
    counts = Counter(min(each.cases, 2) for each in served)
    print(f"{len(served)} phrases: {counts[0]} serve no case, {counts[1]} one, {counts[2]} more")
    for who, number in Counter(who for each in served for who in each.sources).most_common():
        print(f"  {number} are said by: {who}")
    assert [
        (each.fact, each.phrase) for each in served if each.cases == 1 and not each.sources
    ] == []


def test_what_is_called_general_is_a_phrase_that_needs_it(served: tuple[Served, ...]) -> None:
    known = {each.phrase for each in served}
    assert {phrase for said in GENERAL.values() for phrase in said} <= known


def test_most_phrases_were_not_learned_from_the_corpus(served: tuple[Served, ...]) -> None:
    assert sum(each.cases == 0 for each in served) > len(served) / 2
