"""How often a telling leads to its cause; `--write` teaches the words of all to the diagnosis.

    python benchmarks/tellings.py [--write]

Tellings are how people tell of each cause, in our own words: `catalog/tellings/*.txt` holds what
they write, one a line, `*.tsv` holds flow, what is seen and what is told beside it.  They are split
in five, and each fifth is diagnosed with words that the other four taught: no telling is judged by
what it taught itself.  Printed: how often the cause comes first and among the first three, with
words and without, beside chance, and the causes that are found least.  `--write` lets all tellings
teach and writes `catalog/lessons.txt`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

from evergrant.catalog import load
from evergrant.catalog.loader import FOLDER as CATALOG
from evergrant.catalog.taught import NAME, Lessons, packed, stem
from evergrant.diagnosis import diagnose
from evergrant.evidence.normalise import plain, prose, words
from evergrant.evidence.text import read
from evergrant.model import Fact

FOLDER, FILE = CATALOG / "tellings", CATALOG / NAME
FOLDS = 5
CONTRAST = 2.0
"""What a word's share in the tellings of one cause counts against its share in all of them."""
SEEN = 3
"""Tellings that must have a word before it teaches anything: names of one story teach nothing."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How somebody may tell of a failure, before its cause is known."""

    cause: str
    text: str
    """What is written or seen; line ends are real ones."""
    flow: str = "unknown"
    context: str = ""

    @property
    def stems(self) -> frozenset[str]:
        """Its words without their endings; numbers and codes are none."""
        said = words(prose(plain(f"{self.text} {self.context}"))).split()
        return frozenset(stem(word) for word in said if len(word) > 1 and word.isalpha())

    @property
    def facts(self) -> list[Fact]:
        """What is read from it."""
        return read(self.text, flow=self.flow, context=self.context)


def tellings(folder: Path = FOLDER) -> list[Telling]:
    """Every telling, by cause; lines that begin with # are none."""
    return [
        telling_in(path.stem, line)
        for path in sorted(folder.glob("*.t[xs][tv]"))
        for line in path.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]


def telling_in(cause: str, line: str) -> Telling:
    """A telling as its line has it: a text, or flow, what is seen and what is told by tabs."""
    flow, is_parted, rest = line.strip().partition("\t")
    if not is_parted:
        return Telling(cause, flow)
    seen, _, told = rest.partition("\t")
    return Telling(cause, seen.replace("\\n", "\n"), flow, told.replace("\\n", "\n"))


def teach(told: Sequence[Telling]) -> Lessons:
    """What the words of some tellings say of each cause.

    A word adds log(1 + contrast × its share in the tellings of a cause ÷ its share in all): naive
    Bayes, smoothed towards all causes, with what an unseen word takes from every cause left out.
    """
    causes = sorted({each.cause for each in told})
    of_cause = Counter(each.cause for each in told)
    seen: dict[str, Counter[str]] = {}
    for each in told:
        for word in each.stems:
            seen.setdefault(word, Counter())[each.cause] += 1
    rows = {}
    for word, counts in sorted(seen.items()):
        if counts.total() >= SEEN:
            common = counts.total() / len(told)
            rows[word] = packed(
                {
                    number: log(1 + CONTRAST * counts[cause] / of_cause[cause] / common)
                    for number, cause in enumerate(causes)
                    if counts[cause]
                }
            )
    return Lessons(tuple(causes), rows)


def written(taught: Lessons) -> str:
    """Lessons as `catalog/lessons.txt` has them."""
    rows = (f"{word} {row}" for word, row in taught.packed.items())
    return "\n".join([" ".join(taught.causes), *rows, ""])


@dataclass(frozen=True, slots=True)
class Found:
    """Where the diagnosis of one telling placed its cause; 0 is first."""

    cause: str
    place: int


def diagnosed(told: Sequence[Telling], *, is_deaf: bool = False, every: int = 1) -> Iterator[Found]:
    """Tellings, each diagnosed as a pasted text with words that the others taught.

    `is_deaf` lets nobody teach: what is left are the facts.  `every` takes one of so many.
    """
    catalog = load()
    for fold in range(FOLDS):
        others = [each for n, each in enumerate(told) if n % FOLDS != fold]
        taught = replace(catalog, lessons=teach(() if is_deaf else others))
        for each in told[fold :: FOLDS * every]:
            label = catalog.causes[each.cause].label
            found = diagnose(each.facts, taught)
            labels = [ranked.cause for ranked in found.ranked]
            yield Found(each.cause, labels.index(label) if label in labels else len(catalog.causes))


def among(found: Iterable[Found], most: int) -> float:
    """The share whose cause is among the first so many."""
    places = [each.place < most for each in found]
    return sum(places) / len(places)


def main(arguments: list[str]) -> int:
    """Print the figures; write the lessons where that is asked for."""
    told = tellings()
    labels = {load().causes[each.cause].label for each in told}
    print(
        f"{len(told)} tellings of {len(labels)} labels, each diagnosed by what the others taught:"
    )
    heard = list(diagnosed(told))
    for title, found in (("with words", heard), ("facts alone", diagnosed(told, is_deaf=True))):
        places = list(found)
        print(f"  {title}: first {among(places, 1):.0%}, first three {among(places, 3):.0%}")
    print(f"  chance: first {1 / len(labels):.0%}, first three {3 / len(labels):.0%}")
    for cause, share in weakest(heard)[:10]:
        print(f"  {share:.0%} {cause}")
    if "--write" in arguments:
        FILE.write_text(written(teach(told)), "ascii")
        print(f"{FILE.name}: {FILE.stat().st_size // 1000} kB")
    return 0


def weakest(found: Sequence[Found]) -> list[tuple[str, float]]:
    """Causes with the share of their tellings that have them among the first three, least first."""
    causes = sorted({each.cause for each in found})
    shares = {c: among([each for each in found if each.cause == c], 3) for c in causes}
    return sorted(shares.items(), key=lambda item: item[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
