"""Which phrases of the vocabulary stand in a text: only those whose first word does are looked for.

There are well over a thousand phrases, and a line has a few dozen words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from evergrant.catalog import Catalog, FactKind
from evergrant.evidence.normalise import sought

_START = 3
"""Letters by which single words with an open end are found."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The phrases of some facts, by their first word."""

    told: tuple[tuple[str, str, str], ...]
    """(fact, value, phrase as it is sought), in the vocabulary's order."""
    by_word: Mapping[str, tuple[int, ...]]
    by_start: Mapping[str, tuple[int, ...]]

    def found_in(self, said: str) -> Iterator[tuple[str, str]]:
        """Fact and value of each phrase that the words hold, in the vocabulary's order, once."""
        there = set(said.split())
        near = {number for word in there for number in self.by_word.get(word, ())}
        near |= {number for word in there for number in self.by_start.get(word[:_START], ())}
        hits = (self.told[number] for number in sorted(near))
        yield from dict.fromkeys((fact, value) for fact, value, phrase in hits if phrase in said)


@lru_cache(maxsize=16)
def mentions_of(names: tuple[str, ...], catalog: Catalog) -> Mentions:
    """The phrases of some facts; built once."""
    told = tuple(row for name in names for row in _rows(catalog.facts[name]))
    by_word: dict[str, tuple[int, ...]] = {}
    by_start: dict[str, tuple[int, ...]] = {}
    for number, (_, _, phrase) in enumerate(told):
        first, is_whole, _ = phrase[1:].partition(" ")
        table, key = (by_word, first) if is_whole else (by_start, first[:_START])
        table[key] = (*table.get(key, ()), number)
    return Mentions(told, by_word, by_start)


def _rows(kind: FactKind) -> Iterable[tuple[str, str, str]]:
    for value, phrases in kind.mentions.items():
        for phrase in phrases:
            yield kind.name, value, sought(phrase)
