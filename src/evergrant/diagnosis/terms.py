"""What a code, a description, a login status or the id of a cause means, and what looks like it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal

from evergrant.catalog import Catalog, Cause, FactKind, Source
from evergrant.catalog.condition import text_of
from evergrant.catalog.entries import OTHER
from evergrant.catalog.words import PLACES, Word, looked_up, words
from evergrant.diagnosis.layout import (
    DECISIONS,
    REMEDIES,
    Decision,
    Section,
    decision,
    laid_out,
    of_cause,
    sources,
    way_out,
)
from evergrant.diagnosis.missing import answered
from evergrant.diagnosis.next_check import next_check
from evergrant.diagnosis.rank import posterior
from evergrant.diagnosis.verdict import LIKELY, warnings
from evergrant.diagnosis.wording import meant
from evergrant.model import Fact

NO_CAUSE = "No cause in the catalog is known by this word."
MOST = 6
MOST_NEAR = 5
WORTH_NAMING = 0.02
_ROOMS = {
    "token_reply": "token endpoint",
    "page": "Salesforce's page",
    "api_reply": "API call",
    "soap_reply": "SOAP login()",
    "login_history": "Login History",
    "idp": "identity provider event log",
}
"""Rooms of facts that Salesforce's words are in → where such a word is met."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word means in one place."""

    place: str
    says: str
    mark: Literal["documented", "inferred"]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a term."""

    term: str
    kind: Literal["cause", "word", "never sent"]
    decision: Decision
    says: str
    meanings: tuple[Meaning, ...]
    """One for each place where the word is met; none for a cause."""
    causes: tuple[str, ...]
    """Ids of the causes that show it, likeliest first; the cause itself, when the term is one."""
    sections: tuple[Section, ...]

    @property
    def text(self) -> str:
        """All of it as plain text, 80 columns."""
        return laid_out(self.sections)


def explain_term(term: str, catalog: Catalog, today: date | None = None) -> Explanation | None:
    """What an error code, a description, a login status or the id of a cause means.

    It may be written with its code, as a whole answer, in other letters, or in part (`wording.py`).
    None when nobody knows it: `near_misses` then has what looks like it.  `today` lets an entry say
    whether it is older than Salesforce's newest release.
    """
    told = _explained(term, catalog, today)
    if told is None and (known := meant(term, every_term(catalog))):
        return _explained(known, catalog, today)
    return told


def _explained(term: str, catalog: Catalog, today: date | None) -> Explanation | None:
    """What a term means that is written as Salesforce or the catalog writes it."""
    wanted = text_of(term.strip().strip("\"'"))
    if wanted in catalog.causes:
        return _cause(wanted, catalog, today)
    if wanted in catalog.terms:
        return _never_sent(wanted, catalog)
    facts, known = list(_as_facts(wanted, catalog)), looked_up(wanted)
    return _word(term.strip(), facts, known, catalog) if facts or known else None


def every_term(catalog: Catalog) -> Iterator[str]:
    """All that can be explained, other spellings too: causes, then words, then codes never sent."""
    yield from catalog.causes
    for word in words():
        yield from word.spellings
    for kind in _answers(catalog):
        yield from (value for value in (*kind.background, *kind.same) if value != OTHER)
    for never in catalog.terms.values():
        yield never.term


def near_misses(term: str, catalog: Catalog) -> list[str]:
    """Known terms that look like this one, the nearest first; at most five.

    A term that stands inside the text counts as well, the longest first.
    """
    wanted = text_of(term)
    known: dict[str, str] = {}
    for each in every_term(catalog):
        known.setdefault(text_of(each), each)
    near = get_close_matches(wanted, known, n=MOST_NEAR, cutoff=0.6)
    around = [each for each in known if len(wanted) > 3 and wanted in each]
    inside = sorted((e for e in known if len(e) > 3 and e in wanted), key=len, reverse=True)
    return list(dict.fromkeys(known[each] for each in (*near, *inside, *around)))[:MOST_NEAR]


def _cause(id_: str, catalog: Catalog, today: date | None) -> Explanation:
    cause = catalog.causes[id_]
    told = of_cause(cause, catalog, today)
    return Explanation(id_, "cause", decision(cause.remedy), cause.why, (), (id_,), told)


def _never_sent(wanted: str, catalog: Catalog) -> Explanation:
    never = catalog.terms[wanted]
    shares = dict.fromkeys(never.causes, 1 / max(1, len(never.causes)))
    what = _decision(shares, catalog)
    told = (
        Section(what, (_advice(what), f"{never.term} is a word of guides, not of Salesforce's.")),
        Section("Meaning", (f"{never.term}: {never.says}",)),
        Section("Causes", tuple(_titles(never.causes, catalog))),
        sources([never.source]),
    )
    return Explanation(never.term, "never sent", what, never.says, (), never.causes, told)


def _word(term: str, facts: Sequence[Fact], known: Sequence[Word], catalog: Catalog) -> Explanation:
    shares = _shares(facts, known, catalog)
    what, ids = _decision(shares, catalog), tuple(shares)[:MOST]
    meanings = tuple(_meanings(facts, known))
    first = catalog.causes[ids[0]] if ids and shares[ids[0]] >= LIKELY else None
    read = dict.fromkeys(source for each in meanings for source in each.sources)
    told = (
        Section(what, (_advice(what) if ids else NO_CAUSE, *_most_likely(first))),
        Section("Meaning", tuple(_met(term, each) for each in meanings)),
        Section("Causes", tuple(_titles(ids, catalog))),
        Section("Next check", tuple(_asked(facts, catalog)) if len(ids) > 1 else ()),
        *_ways_out(first, ids, catalog),
        sources(read),
    )
    says = " ".join(dict.fromkeys(each.says for each in meanings))
    return Explanation(term, "word", what, says, meanings, ids, told)


def _ways_out(first: Cause | None, ids: Sequence[str], catalog: Catalog) -> tuple[Section, ...]:
    """What to do where one cause is likely; what not to do, be it any of them."""
    avoid = warnings(ids, first.id if first else "", catalog)
    if first is None:
        return (Section("Do not", avoid),)
    return way_out(first, first.next_gate, catalog, avoid=avoid)


def _most_likely(first: Cause | None) -> tuple[str, ...]:
    return (f"Most likely: {first.title} ({first.id}).",) if first else ()


def _advice(what: Decision) -> str:
    remedy = next((remedy for remedy, word in DECISIONS.items() if word == what), "")
    told = REMEDIES.get(remedy, "several causes say so, and what helps one does not help another")
    return f"{told.capitalize()}."


def _decision(shares: Mapping[str, float], catalog: Catalog) -> Decision:
    """What most of the causes ask for; nothing is concluded below one half."""
    by_remedy: dict[str, float] = {}
    for id_, share in shares.items():
        remedy = catalog.causes[id_].remedy
        by_remedy[remedy] = by_remedy.get(remedy, 0.0) + share
    best = max(by_remedy, key=by_remedy.__getitem__, default="")
    return decision(best if by_remedy.get(best, 0.0) > LIKELY else "")


def _meanings(facts: Iterable[Fact], known: Sequence[Word]) -> Iterator[Meaning]:
    """What the words' own entries say; places that have none are named at least."""
    for word in known:
        yield Meaning(word.place, word.says, word.mark, word.sources)
    places = {word.place for word in known}
    for place in dict.fromkeys(_ROOMS[fact.name.partition(".")[0]] for fact in facts):
        if place not in places and not (known and place == "Salesforce's page"):
            yield Meaning(place, "it is met here, too." if known else "seen here.", "inferred", ())


def _met(term: str, meaning: Meaning) -> str:
    mark = " (inferred)" if meaning.mark == "inferred" and meaning.sources else ""
    return f"{term}, {PLACES[meaning.place]}: {meaning.says}{mark}"


def _titles(ids: Iterable[str], catalog: Catalog) -> Iterator[str]:
    for id_ in ids:
        cause = catalog.causes[id_]
        yield f"{decision(cause.remedy)}: {cause.title} ({id_})"


def _asked(facts: Sequence[Fact], catalog: Catalog) -> Iterator[str]:
    """What would tell the causes apart: of a code the text beside it, else the best question."""
    for fact in facts[:1]:
        room, _, part = fact.name.partition(".")
        beside = (catalog.facts.get(f"{room}.{name}") for name in ("description", "message"))
        if part == "error" and (kind := next(filter(None, beside), None)):
            yield kind.ask
        elif check := next_check(
            posterior([fact], catalog).shares, answered([fact], catalog), catalog
        ):
            yield check.ask


def _as_facts(wanted: str, catalog: Catalog) -> Iterator[Fact]:
    """The facts that the term would be, one for each place it can come from."""
    for kind in _answers(catalog):
        value = kind.same.get(wanted, wanted)
        if value != OTHER and value in kind.background:
            yield Fact(kind.name, value, source="text")


def _answers(catalog: Catalog) -> Iterator[FactKind]:
    """The kinds of facts that are words of Salesforce's."""
    for kind in catalog.facts.values():
        if kind.name.partition(".")[0] in _ROOMS and kind.kind == "text":
            yield kind


def _shares(facts: Iterable[Fact], known: Iterable[Word], catalog: Catalog) -> dict[str, float]:
    """The causes that speak so, wherever the word comes from, likeliest first; they sum to 1."""
    best: dict[str, float] = {}
    for fact in facts:
        for id_, share in _of_fact(fact, catalog):
            best[id_] = max(best.get(id_, 0.0), share)
    if not best:
        best = dict.fromkeys((id_ for word in known for id_ in word.causes), 1.0)
    whole = sum(best.values())
    ranked = sorted(best.items(), key=lambda item: -item[1])
    return {id_: share / whole for id_, share in ranked if share / whole >= WORTH_NAMING}


def _of_fact(fact: Fact, catalog: Catalog) -> Iterator[tuple[str, float]]:
    """The causes that have the word as a sign of theirs, with their shares."""
    key, shares = catalog.facts[fact.name].key_of(fact.value), posterior([fact], catalog).shares
    for cause in catalog.causes.values():
        signs = (s for s in cause.signals if s.fact == fact.name and key in s.keys)
        if any(sign.likely != "never" for sign in signs):
            yield cause.id, shares[cause.id]
