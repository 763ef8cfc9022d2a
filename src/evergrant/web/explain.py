"""Explanations in the console: one page a word or cause, and an index of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant.catalog import Catalog
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.words import PLACES, words
from evergrant.diagnosis.layout import Section
from evergrant.diagnosis.terms import explain_term, near_misses
from evergrant.web.access import AsOperator, DeskOf

routes = APIRouter(include_in_schema=False, prefix="/explain")
MOST = 1000
"""Characters of a term that are looked at."""
Link = tuple[str, str]
"""Address and what it says."""


@routes.get("")
def index(who: AsOperator, desk: DeskOf, term: str = "") -> Response:
    """Every word and cause, by place; a term that was typed leads to its page."""
    if term.strip():
        # NOTE: in the query, not in the path: a term may hold slashes and anything else.
        return RedirectResponse(f"/explain/term?{urlencode({'q': term.strip()[:MOST]})}", 303)
    return desk.page("explain_index.html", who, groups=list(_groups(desk.keeper.catalog)))


@routes.get("/term")
def explain(who: AsOperator, desk: DeskOf, q: str = "") -> Response:
    """What one word or cause means, and what to do; near misses where nobody knows it."""
    wanted, catalog = q[:MOST], desk.keeper.catalog
    found = explain_term(wanted, catalog, desk.keeper.clock.now().date())
    if found is None:
        near = [(_address(each), each) for each in near_misses(wanted, catalog)]
        return desk.page("explain_unknown.html", who, status=404, term=wanted, near=near)
    first, *rest = found.sections
    causes = [(_address(id_), catalog.causes[id_].title) for id_ in found.causes]
    return desk.page(
        "explain.html",
        who,
        found=found,
        lead=first.lines,
        sections=[_items(each) for each in rest if each.lines and each.title != "Causes"],
        causes=causes if found.kind != "cause" else (),
        rules=_rules(found.causes[0]) if found.kind == "cause" and found.causes else (),
    )


@routes.get("/{cause}")
def cause(who: AsOperator, desk: DeskOf, cause: str) -> Response:
    """The short address of a cause."""
    return explain(who, desk, cause)


def _items(section: Section) -> tuple[str, list[tuple[str, list[str]]]]:
    """A section as items, each with the lines that belong to it."""
    items: list[tuple[str, list[str]]] = []
    for line in section.lines:
        if line.startswith("  ") and items:
            items[-1][1].append(line.strip())
        else:
            items.append((line, []))
    return section.title, items


def _groups(catalog: Catalog) -> Iterator[tuple[str, list[Link]]]:
    yield "Causes", [(_address(each.id), each.title) for each in catalog.causes.values()]
    for place in PLACES:
        known = [word.word for word in words() if word.place == place]
        yield place, [(_address(each), each) for each in known]
    yield (
        "Printed by guides, never sent",
        [(_address(each.term), each.term) for each in catalog.terms.values()],
    )


def _rules(cause: str) -> list[Link]:
    """The rules of the audit that announce a cause."""
    return [(f"/rules/{each.id}", each.title) for each in rule_book().leading_to(cause)]


def _address(term: str) -> str:
    return f"/explain/term?q={quote(term, safe='')}"
