"""What `sf … --json` printed: the error's name, message, exit code and stack, as facts of its text.

A good answer (`sf org display`) may tell of a dead login in `connectedStatus` (CLI reference).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evergrant.evidence import text
from evergrant.evidence.gathered import Gathered, Reading, Wanted
from evergrant.evidence.given.document import Document
from evergrant.evidence.given.json_parts import documents_in, leaves

SOURCE = "sf_output"
TOLD = ("name", "code", "message", "cause", "error", "error_description", "connectedStatus",
        "reason", "data", "stack", "warnings", "actions")  # fmt: skip
"""Members that tell of trouble, the most telling first; tokens stand in others."""
MAX_TOLD = 200
STACK_LINES = 3


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The facts in each answer of the CLI."""
    whole = Gathered()
    for document in documents:
        whole = whole.with_(_one(document, wanted))
    return whole


def _one(document: Document, wanted: Wanted) -> Gathered:
    source, _ = document.text()
    found, broken = documents_in(source)
    answers = [each for each in found if isinstance(each, Mapping)]
    lines = [line for answer in answers for line in _lines(answer)]
    if not lines:
        # Cut in its first member: what stands there is still a text.
        lines = source.splitlines()
    facts = text.read("\n".join(lines), flow=wanted.flow, context=wanted.context, at=wanted.at)
    codes = sorted(
        {str(each["exitCode"]) for each in answers if isinstance(each.get("exitCode"), int)}
    )
    notes = (f"the CLI ended with {', '.join(codes)}",) if codes else ()
    reading = Reading(SOURCE, document.name, len(answers), "answers", broken, notes)
    return Gathered(
        tuple(replace(each, source=SOURCE, line=None) for each in facts), readings=(reading,)
    )


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    told = sorted(
        ((TOLD.index(name), value) for name, value in leaves(answer) if name in TOLD),
        key=lambda pair: pair[0],
    )
    for place, value in told[:MAX_TOLD]:
        lines = value.splitlines()
        yield from lines[:STACK_LINES] if TOLD[place] == "stack" else lines
