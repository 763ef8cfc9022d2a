"""What a code, a description, a status or the id of a cause means; near misses are named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from evergrant.catalog import Catalog, FactKind
from evergrant.catalog.condition import text_of
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis.verdict import Ranked, diagnose
from evergrant.model import Fact

MOST = 6
_ROOMS = ("token_reply", "page", "api_reply", "soap_reply", "login_history", "idp")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a term."""

    term: str
    kind: str
    """`cause`, `error`, `never sent` or `near miss`."""
    says: str
    causes: tuple[Ranked, ...] = ()
    """Causes that show it, likeliest first (of a term that is never sent: those it stands for)."""
    cause: str = ""
    """Id, when the term names a cause."""
    near: tuple[str, ...] = ()
    """Known terms that look like it."""


def explain_term(term: str, catalog: Catalog) -> Explanation | None:
    """The meaning of a term, near misses when it is not known, None when nothing is like it."""
    wanted = text_of(term.strip().strip("\"'"))
    if wanted in catalog.causes:
        cause = catalog.causes[wanted]
        return Explanation(wanted, "cause", cause.why, cause=wanted)
    if wanted in catalog.terms:
        return _never_sent(wanted, catalog)
    if facts := list(_as_facts(wanted, catalog)):
        return _error(term.strip(), facts, catalog)
    return _near(term.strip(), wanted, catalog)


def _never_sent(wanted: str, catalog: Catalog) -> Explanation:
    term = catalog.terms[wanted]
    causes = tuple(
        Ranked(id_, "", catalog.causes[id_].title, 0.0, "possible", (), (), ())
        for id_ in term.causes
    )
    return Explanation(term.term, "never sent", term.says, causes)


def _as_facts(wanted: str, catalog: Catalog) -> Iterator[Fact]:
    """The facts that the term would be, one for each place it can come from."""
    for kind in catalog.facts.values():
        value = kind.same.get(wanted, wanted)
        if _is_answer(kind) and value != OTHER and value in kind.background:
            yield Fact(kind.name, value, source="text")


def _is_answer(kind: FactKind) -> bool:
    return kind.name.partition(".")[0] in _ROOMS and kind.kind == "text"


def _error(term: str, facts: list[Fact], catalog: Catalog) -> Explanation:
    best: dict[str, Ranked] = {}
    for fact in facts:
        for ranked in diagnose([fact], catalog, limit=MOST).ranked:
            if ranked.supports:
                kept = best.get(ranked.cause)
                best[ranked.cause] = max(kept or ranked, ranked, key=lambda r: r.confidence)
    ordered = sorted(best.values(), key=lambda ranked: -ranked.confidence)[:MOST]
    places = ", ".join(dict.fromkeys(catalog.facts[fact.name].title for fact in facts))
    return Explanation(term, "error", f"{places}.", tuple(ordered))


def _near(term: str, wanted: str, catalog: Catalog) -> Explanation | None:
    known = {id_: id_ for id_ in catalog.causes} | {k: t.term for k, t in catalog.terms.items()}
    for kind in catalog.facts.values():
        if _is_answer(kind):
            known |= {value: value for value in (*kind.background, *kind.same) if value != OTHER}
    near = get_close_matches(wanted, known, n=3, cutoff=0.6)
    inside = [each for each in known if len(wanted) > 5 and wanted in each]
    found = tuple(dict.fromkeys(known[each] for each in (*near, *inside)))[:5]
    says = f"Nobody knows {term!r}. Near it: {', '.join(found)}."
    return Explanation(term, "near miss", says, near=found) if found else None
