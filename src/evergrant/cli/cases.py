"""Cases to diagnose, one JSON object a line."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

from evergrant.cli.output import harmless
from evergrant.cli.reading import read_text
from evergrant.errors import BadInput
from evergrant.model import FLOW_IDS


@dataclass(frozen=True, slots=True)
class Case:
    """One failure as somebody reported it."""

    id: Any
    """As it was given; the number of the line where there was none."""
    symptom: str
    context: str
    flow: str


def read_cases(name: str) -> list[Case]:
    """All cases, read before the first is judged: a bad line loses nothing and hides nothing.

    Raises `BadInput` naming the line.
    """
    # Only "\\n" parts lines: other separators may stand unescaped inside a JSON text.
    text = read_text(name, give="give one JSON object a line")
    lines = enumerate(text.split("\n"), start=1)
    return [_case(each, number, name) for number, each in lines if each.strip()]


def _case(text: str, number: int, name: str) -> Case:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(name, number, f"not JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("symptom"), str):
        raise _bad(name, number, 'it has no text "symptom"')
    context, flow = row.get("context") or "", row.get("flow") or "unknown"
    if not isinstance(context, str):
        raise _bad(name, number, '"context" is no text')
    if flow not in FLOW_IDS:
        sys.stderr.write(harmless(f"{name}, line {number}: no flow is called {flow!r}; left out\n"))
        flow = "unknown"
    return Case(row.get("id", number), row["symptom"], context, flow)


def _bad(name: str, number: int, why: str) -> BadInput:
    return BadInput(
        f"{name}, line {number}: not a case",
        why=f"{why[:1].upper()}{why[1:]}.",
        next_step='each line is a JSON object with "id" and "symptom"',
        whose="you",
    )
