"""A bundle: evidence as one redacted JSON file, judged elsewhere with the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from evergrant.errors import BadInput
from evergrant.evidence import bundle
from evergrant.evidence.gathered import Gathered, Moment, Reading, Standing, Wanted
from evergrant.evidence.given.document import Document
from evergrant.evidence.given.json_parts import documents_in
from evergrant.evidence.redact import redactor
from evergrant.model import Subject, as_json

SCHEMA = "evergrant.bundle/1"


def pack(gathered: Gathered, wanted: Wanted, *, made_at: datetime) -> dict[str, Any]:
    """What was gathered, as redacted JSON."""
    body = {
        "schema": SCHEMA,
        "made_at": as_json(made_at),
        "at": as_json(wanted.at),
        "facts": bundle.save(gathered.facts),
        "moments": [as_json(each) for each in gathered.moments],
        "standings": [as_json(each) for each in gathered.standings],
        "readings": [_shown(each, number) for number, each in enumerate(gathered.readings, 1)],
    }
    redacted: dict[str, Any] = redactor(_people(gathered, wanted)).whole(body)
    return redacted


def _shown(reading: Reading, number: int) -> Any:
    """A path may hold a person's name, so a document is known by its number."""
    return as_json(replace(reading, name=f"document {number}"))


def _people(gathered: Gathered, wanted: Wanted) -> Iterable[str]:
    yield wanted.user
    yield from (each.user for each in gathered.standings)
    yield from (each.user for each in gathered.moments)
    yield from (fact.about.id for fact in gathered.facts if _is_person(fact.about))


def _is_person(about: Subject) -> bool:
    return about.kind == "user"


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """What bundles hold; `wanted` is of no use here: it was asked when they were made.

    Raises `BadInput` for a bundle that is cut or of another version.
    """
    del wanted
    return Gathered().with_(*(_gathered(_body(each), each.name) for each in documents))


def asked_at(document: Document) -> datetime | None:
    """The time of the failure that the bundle was made for."""
    at = _body(document).get("at")
    return datetime.fromisoformat(at) if isinstance(at, str) else None


def _body(document: Document) -> Mapping[str, Any]:
    found, _ = documents_in(document.text()[0])
    if not found or not isinstance(found[0], Mapping) or found[0].get("schema") != SCHEMA:
        raise _unreadable(document.name, "it is cut, or of another version")
    return found[0]


def _gathered(body: Mapping[str, Any], name: str) -> Gathered:
    try:
        return Gathered(
            tuple(bundle.load(body["facts"])),
            tuple(_moment(each) for each in body["moments"]),
            tuple(Standing(**each) for each in body["standings"]),
            tuple(_reading(each) for each in body["readings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(name, f"a member is not as expected ({type(error).__name__})") from error


def _moment(row: Mapping[str, Any]) -> Moment:
    return replace(Moment(**row), at=datetime.fromisoformat(row["at"]))


def _reading(row: Mapping[str, Any]) -> Reading:
    return Reading(**{**row, "notes": tuple(row["notes"])})


def _unreadable(name: str, why: str) -> BadInput:
    return BadInput(
        f"{name} is no bundle that can be read",
        why=why,
        next_step="make it anew with `evergrant bundle save`",
        whose="you",
    )
