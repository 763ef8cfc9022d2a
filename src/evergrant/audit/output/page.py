"""The review as one HTML page: no script, nothing fetched, light or dark as the reader has it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergrant.audit.checklist import Checked, checklist
from evergrant.audit.output.document import KINDS, NOTHING, by_rule, counts, fixes_for
from evergrant.audit.output.escaping import xml_text
from evergrant.audit.output.text import HEADINGS, MARKS, said
from evergrant.catalog.rules import SEVERITIES

if TYPE_CHECKING:
    from jinja2 import Environment

    from evergrant.audit.model import Finding
    from evergrant.audit.review import Review

MEANINGS = {
    "breaks": "It stops a client from working, now or on a day that can be named.",
    "risk": "It works, and it lets somebody do more than they should.",
    "hygiene": "It makes either hard to see.",
}
FOLDER = Path(__file__).parent


def html(review: Review, picture: str = "") -> str:
    """The whole page; `picture` is an SVG of ours (the forecast over time) that stands in it."""
    return (
        _environment()
        .get_template("page.html")
        .render(
            review=review,
            report=review.report,
            counts=counts(review),
            kinds=[(kind, HEADINGS[kind], MEANINGS[kind], _groups(review, kind)) for kind in KINDS],
            undecided=list(by_rule(review.undecided).values()),
            needs=Counter(each.needs for each in review.report.unjudged).most_common(),
            severities=SEVERITIES,
            points=[(MARKS[e.standing][0], e.standing, said(e)) for e in _points(review)],
            picture=picture,
            fixes_for=fixes_for,
            nothing=NOTHING,
            where=_where,
        )
    )


def _points(review: Review) -> tuple[Checked, ...]:
    return checklist(review, review.profile) if review.profile else ()


def _groups(review: Review, kind: str) -> list[list[Finding]]:
    return list(by_rule(each for each in review.failed if each.kind == kind).values())


def _where(finding: Finding) -> str:
    return str(finding.place) or finding.name


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: Any) -> Any:
    """What a browser could not show, written out."""
    return xml_text(value) if type(value) is str else value
