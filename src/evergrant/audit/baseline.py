"""A baseline: the findings of a day, so that later only what is new counts.

It holds fingerprints and the words that let a person read it, and no value of any app.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.audit.model import Finding

SCHEMA = "evergrant.audit-baseline/1"
_MEMBERS = ("fingerprint", "rule", "name", "file")


@dataclass(frozen=True, slots=True)
class Known:
    """One finding of the baseline."""

    fingerprint: str
    rule: str
    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Parted:
    """Findings, told apart by a baseline."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[Known, ...]
    """What the baseline holds and nobody finds any more."""


def written(findings: Iterable[Finding]) -> str:
    """The baseline of these findings, one finding a line, in an order of its own."""
    rows = sorted((f.fingerprint, f.rule, f.name, f.file) for f in findings)
    lines = ",\n".join(
        f"  {json.dumps(dict(zip(_MEMBERS, row, strict=True)), ensure_ascii=False)}" for row in rows
    )
    body = f"\n{lines}\n " if rows else ""
    return f'{{\n "schema": "{SCHEMA}",\n "findings": [{body}]\n}}\n'


def read_baseline(name: str, text: str) -> tuple[Known, ...]:
    """The findings of a baseline.

    Raises `BadInput` for what is none.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(name, "it is no JSON") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise _refused(name, f"its schema is not {SCHEMA}")
    rows = data.get("findings")
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise _refused(name, "its findings are not what they should be")
    return tuple(Known(*(row[member] for member in _MEMBERS)) for row in rows)


def parted(findings: Iterable[Finding], baseline: Iterable[Known]) -> Parted:
    """The findings that the baseline knows, those that it does not, and what is gone.

    A finding that the baseline holds once is known once: a second one like it is new.
    """
    held = tuple(baseline)
    left = Counter(each.fingerprint for each in held)
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        is_known = left[finding.fingerprint] > 0
        left[finding.fingerprint] -= is_known
        (known if is_known else new).append(finding)
    return Parted(tuple(new), tuple(known), tuple(_gone(held, left)))


def _gone(held: Iterable[Known], left: Counter[str]) -> Iterable[Known]:
    for each in held:
        if left[each.fingerprint] > 0:
            left[each.fingerprint] -= 1
            yield each


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and all(isinstance(row.get(each), str) for each in _MEMBERS)


def _refused(name: str, why: str) -> BadInput:
    return BadInput(
        f"{name} is no baseline: {why}",
        next_step="write one with `evergrant audit … --write-baseline FILE`",
        whose="you",
    )
