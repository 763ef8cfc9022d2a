"""What a code, a description, a login status or the id of a cause means, and what looks like it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from evergrant.catalog import Catalog, FactKind
from evergrant.catalog.condition import text_of
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis.layout import Section, laid_out, of_cause
from evergrant.diagnosis.verdict import Ranked, diagnose
from evergrant.model import Fact

MOST = 6
MOST_NEAR = 5
_ROOMS = ("token_reply", "page", "api_reply", "soap_reply", "login_history", "idp")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a term."""

    term: str
    kind: Literal["cause", "error", "never sent"]
    says: str
    causes: tuple[str, ...]
    """Ids of the causes that show it, likeliest first; the cause itself, when the term is one."""
    text: str
    """All of it as plain text, 80 columns."""


def explain_term(term: str, catalog: Catalog) -> Explanation | None:
    """What an error code, a description, a login status or the id of a cause means.

    None when nobody knows it: `near_misses` then has what looks like it.
    """
    wanted = text_of(term.strip().strip("\"'"))
    if wanted in catalog.causes:
        cause = catalog.causes[wanted]
        text = laid_out(of_cause(cause, catalog))
        return Explanation(wanted, "cause", cause.why, (wanted,), text)
    if wanted in catalog.terms:
        never = catalog.terms[wanted]
        return _explained(never.term, "never sent", never.says, never.causes, catalog)
    facts = list(_as_facts(wanted, catalog))
    if not facts:
        return None
    places = ", ".join(dict.fromkeys(catalog.facts[fact.name].title for fact in facts))
    ids = tuple(ranked.cause for ranked in _ranked(facts, catalog))
    return _explained(term.strip(), "error", f"{places}.", ids, catalog)


def near_misses(term: str, catalog: Catalog) -> list[str]:
    """Known terms that look like this one, the nearest first; at most five."""
    wanted = text_of(term)
    known = {id_: id_ for id_ in catalog.causes} | {k: t.term for k, t in catalog.terms.items()}
    for kind in catalog.facts.values():
        if _is_answer(kind):
            known |= {value: value for value in (*kind.background, *kind.same) if value != OTHER}
    near = get_close_matches(wanted, known, n=MOST_NEAR, cutoff=0.6)
    inside = [each for each in known if len(wanted) > 3 and wanted in each]
    return list(dict.fromkeys(known[each] for each in (*near, *inside)))[:MOST_NEAR]


def _explained(
    term: str,
    kind: Literal["error", "never sent"],
    says: str,
    ids: tuple[str, ...],
    catalog: Catalog,
) -> Explanation:
    causes = tuple(f"{catalog.causes[id_].title} ({id_})" for id_ in ids)
    text = laid_out((Section("Meaning", (f"{term}: {says}",)), Section("Causes", causes)))
    return Explanation(term, kind, says, ids, text)


def _as_facts(wanted: str, catalog: Catalog) -> Iterator[Fact]:
    """The facts that the term would be, one for each place it can come from."""
    for kind in catalog.facts.values():
        value = kind.same.get(wanted, wanted)
        if _is_answer(kind) and value != OTHER and value in kind.background:
            yield Fact(kind.name, value, source="text")


def _is_answer(kind: FactKind) -> bool:
    return kind.name.partition(".")[0] in _ROOMS and kind.kind == "text"


def _ranked(facts: list[Fact], catalog: Catalog) -> list[Ranked]:
    """The causes that speak so, wherever the word comes from."""
    best: dict[str, Ranked] = {}
    for fact in facts:
        for ranked in diagnose([fact], catalog, limit=MOST).ranked:
            if ranked.supports:
                kept = best.get(ranked.cause, ranked)
                best[ranked.cause] = max(kept, ranked, key=lambda each: each.confidence)
    return sorted(best.values(), key=lambda each: -each.confidence)[:MOST]
