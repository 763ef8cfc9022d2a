"""docs/paste-an-error.html: the judge of pasted texts as one page that works in a browser alone.

Every pattern and every number is taken from the Python judge; only the algorithm is written twice
(paste/judge.js), and a test holds the two together.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from evergrant import log
from evergrant.catalog import Catalog, Cause, FactKind, load, taught
from evergrant.diagnosis import next_check, rank, telling, verdict
from evergrant.diagnosis.explain import LEVELS, NO_ONE, NOTHING
from evergrant.diagnosis.layout import REMEDIES, decision, way_out, why
from evergrant.diagnosis.likelihood import distribution, ratio
from evergrant.evidence import hosts, normalise, refusals, story, text

FOLDER = Path(__file__).parent / "paste"
DIGITS = 7
"""Significant digits of a number."""
T = TypeVar("T")
Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Same(Generic[T]):
    """A thing that is counted by how it is written."""

    written: str
    thing: T = field(compare=False)


def page() -> str:
    """The whole page."""
    catalog = load()
    script, css = _file("judge.js") + _file("page.js"), _file("page.css")
    csp = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(css)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    told = _file("page.html")
    for name, value in {
        "csp": csp,
        "css": css,
        "counts": f"It knows {len(catalog.causes)} causes.",
        # NOTE: inside a script element only "</" and "<!--" could end the text.
        "data": json.dumps(data(catalog), ensure_ascii=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        ),
        "script": script,
    }.items():
        told = told.replace(f"{{{name}}}", value)
    return told


def data(catalog: Catalog) -> dict[str, Any]:
    """What the judge in the browser works with."""
    kinds = catalog.facts
    return {
        "facts": {name: _kind(kind) for name, kind in kinds.items()},
        "causes": {id_: _cause(cause, catalog) for id_, cause in catalog.causes.items()},
        "ratios": {name: _ratios(kind, catalog) for name, kind in kinds.items()},
        "telling": {name: _telling(kinds[name], catalog) for name in kinds if _in_text(name)},
        "reading": _reading(catalog),
        "lessons": {"causes": catalog.lessons.causes, "words": catalog.lessons.packed},
        "step": taught.STEP,
        "trust": telling.TRUST,
        "most": telling.MOST,
        "alone": telling.ALONE,
        "subject": sorted(telling.SUBJECT),
        "mostShown": telling.MOST_SHOWN,
        "worthShowing": telling.WORTH_SHOWING,
        "nonePrior": rank.NONE_PRIOR,
        "named": verdict.NAMED,
        "likely": verdict.LIKELY,
        "least": verdict.LEAST,
        "speaksFor": verdict.SPEAKS_FOR,
        "speaksAgainst": verdict.SPEAKS_AGAINST,
        "symptoms": sorted(rank.SYMPTOMS),
        "candidates": next_check.CANDIDATES,
        "faint": next_check.FAINT,
        "worth": next_check.WORTH,
        "nothing": NOTHING,
        "noOne": NO_ONE,
        "level": f"Judged from {LEVELS['text']}.",
    }  # fmt: skip


_IN_TEXT = (
    "request.", "token_reply.", "page.", "api_reply.", "soap_reply.", "network.", "client.",
    "login_history.", "idp.", "telling.", "context.",
)  # fmt: skip
"""Rooms of the facts that a pasted text can hold."""


def _in_text(name: str) -> bool:
    return name.startswith(_IN_TEXT)


def _file(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _hash(inline: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(inline.encode()).digest()).decode()


def _round(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def _kind(kind: FactKind) -> dict[str, Any]:
    told = {
        "title": kind.title,
        "group": kind.group,
        "background": {key: _round(weight) for key, weight in kind.background.items()},
        "same": kind.same,
        "mentions": kind.mentions,
        "cost": kind.cost,
        "ask": kind.ask,
    }
    return {name: value for name, value in told.items() if value or name in ("same", "mentions")}


def _cause(cause: Cause, catalog: Catalog) -> dict[str, Any]:
    sections = way_out(cause, cause.next_gate, catalog)
    return {
        "label": cause.label,
        "title": cause.title,
        "prior": cause.prior,
        "decision": decision(cause.remedy),
        "advice": f"{REMEDIES[cause.remedy].capitalize()}.",
        "why": why(cause),
        "sections": [(each.title, _joined(each.lines)) for each in sections if each.lines],
    }


def _joined(lines: tuple[str, ...]) -> list[str]:
    """Lines that belong to the item before, in one with it."""
    items: list[str] = []
    for line in lines:
        if line.startswith("  ") and items:
            items[-1] += f" — {line.strip()}"
        else:
            items.append(line)
    return items


def _ratios(kind: FactKind, catalog: Catalog) -> dict[str, Row]:
    """Cause → value → ratio to the background, for causes that say something of the fact."""
    return {
        cause.id: _row({key: ratio(cause, kind, key) for key in kind.background})
        for cause in catalog.causes.values()
        if distribution(cause, kind) is not kind.background
    }


def _telling(kind: FactKind, catalog: Catalog) -> dict[str, Row]:
    """Cause → value → factor; the empty name stands for every cause that is not there."""
    rows = {
        cause.id: _row({key: rank.telling(cause, kind, key, catalog) for key in kind.background})
        for cause in catalog.causes.values()
    }
    common = _commonest(rows.values())
    return {"": common, **{id_: row for id_, row in rows.items() if row != common}}


def _row(values: Mapping[str, float]) -> Row:
    """Numbers by value; the empty name stands for every value that is not there."""
    rounded = {key: _round(number) for key, number in values.items()}
    common = _commonest(rounded.values())
    return {"": common, **{key: number for key, number in rounded.items() if number != common}}


def _commonest(things: Iterable[T]) -> T:
    return Counter(_Same(json.dumps(each), each) for each in things).most_common(1)[0][0].thing


def _reading(catalog: Catalog) -> dict[str, Any]:
    """Patterns and words by which a text is read."""
    known = refusals.lexicon(catalog)
    in_both = {value for _, _, value in known.phrases if refusals._in_both(known, value)}
    return {
        "maxText": normalise.MAX_TEXT,
        "maxLine": normalise.MAX_LINE,
        "overlap": normalise.OVERLAP,
        "maxLines": text.MAX_LINES,
        "maxQuote": text.MAX_QUOTE,
        "mostWords": taught.MOST_WORDS,
        "quoted": js(story._QUOTED, every=True),
        "toldBy": sorted(story.TOLD_BY),
        "leastTold": story.LEAST,
        "ending": js(taught._ENDING),
        "doubled": js(taught._DOUBLED),
        "tokenFlows": sorted(text._TOKEN_FLOWS),
        "page": js(text._PAGE),
        "soap": js(text._SOAP),
        "machine": js(text._MACHINE, anchor=True),
        "tag": js(normalise._TAG, every=True),
        "escaped": js(normalise._ESCAPED, every=True),
        "form": js(normalise._FORM),
        "plussed": js(normalise._PLUSSED),
        "cliSuffix": js(normalise._CLI_SUFFIX, every=True),
        "noWord": js(normalise._NO_WORD, every=True),
        "address": js(normalise._ADDRESS, every=True),
        "url": js(hosts._URL, every=True),
        "bare": js(hosts._BARE),
        "short": [(kind, js(pattern)) for kind, pattern in hosts._SHORT],
        "otherSalesforce": js(hosts._OTHER_SALESFORCE),
        "reading": js(hosts._READING),
        "callback": js(hosts._CALLBACK, every=True),
        "noLightning": js(hosts._NO_LIGHTNING),
        "code": js(refusals._CODE, every=True),
        "camel": js(refusals._CAMEL, every=True),
        "described": js(refusals._DESCRIBED),
        "loginTable": js(refusals._LOGIN_TABLE),
        "cells": js(refusals._CELLS),
        "codes": known.codes,
        "phrases": [(*row, row[2] in in_both) for row in known.phrases],
        "statuses": known.statuses,
        "idp": sorted(known.idp),
        "masks": [
            (js(pattern, every=True), _replacement(replacement))
            for pattern, replacement in log._RULES
        ],
    }


_FLAGS: Mapping[re.RegexFlag, str] = {re.I: "i", re.S: "s"}


def js(pattern: re.Pattern[str], *, every: bool = False, anchor: bool = False) -> tuple[str, str]:
    """A pattern as JavaScript writes it, with its flags.

    `every` finds all matches, `anchor` matches at the beginning only, as `re.match` does.
    """
    source = pattern.pattern.removeprefix("(?i)")
    source = re.sub(r"\(\?P<", "(?<", source)
    while "(?i:" in source:
        begin = source.index("(?i:")
        end = _closing(source, begin)
        source = f"{source[:begin]}(?:{_any_case(source[begin + 4 : end])}{source[end:]}"
    source = source.replace(r"\Z", "(?![^])").replace(r"\s", r"[\s\x1c-\x1f\x85]")
    source = re.sub(
        r"\[([^\]\\]*(?:\\.[^\]\\]*)*)\[\\s\\x1c-\\x1f\\x85\]", r"[\1\\s\\x1c-\\x1f\\x85", source
    )
    flags = "".join(mark for flag, mark in _FLAGS.items() if pattern.flags & flag)
    return (f"^(?:{source})" if anchor else source), flags + ("g" if every else "")


def _closing(source: str, begin: int) -> int:
    """Where the bracket closes that opens at `begin`; brackets in classes are escaped or absent."""
    depth = 0
    for found in re.finditer(r"\\\\.|[()]", source[begin:]):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return begin + found.start()
    raise ValueError(f"no closing bracket in {source!r}")


def _any_case(source: str) -> str:
    """The pattern with each letter as both of its cases; what is escaped stays."""
    return re.sub(
        r"\\.|[a-zA-Z]",
        lambda found: (
            found[0] if found[0][0] == "\\" else f"[{found[0].lower()}{found[0].upper()}]"
        ),
        source,
    )


def _replacement(template: str) -> str:
    return re.sub(r"\\(\d)", r"$\1", template)
