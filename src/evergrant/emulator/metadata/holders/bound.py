"""Elements that stand for knobs: one row binds a path in a document to a policy's field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.metadata.document import TRUE, get, put

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evergrant.emulator.metadata.document import Document


@dataclass(frozen=True, slots=True)
class Bound:
    """One element and its knob, with the two ways between their values."""

    path: str
    knob: str
    out: Callable[[Any], Any]
    """From the knob to the document; None leaves the element out."""
    back: Callable[[Any], Any]
    """From the document to the knob."""


def flag(path: str, knob: str) -> Bound:
    """A boolean."""
    return Bound(path, knob, spelled, is_true)


def minutes(path: str, knob: str) -> Bound:
    """A whole number, or nothing."""
    return Bound(path, knob, lambda value: None if value is None else str(value), int)


def words(path: str, knob: str) -> Bound:
    """A text that may be empty, which leaves the element out."""
    return Bound(path, knob, lambda value: value or None, str)


def spelled(value: object) -> str:
    """A boolean as XML has it."""
    return "true" if value else "false"


def is_true(word: str) -> bool:
    """A boolean read from XML."""
    return word in TRUE


def read_into(document: Document, policy: object, bounds: Sequence[Bound]) -> None:
    """Write the knobs of a policy into a document, over what stood there."""
    for each in bounds:
        value = each.out(getattr(policy, each.knob))
        if value is not None or get(document, each.path) is not None:
            put(document, each.path, value)


def knobs(document: Document, bounds: Sequence[Bound]) -> dict[str, Any]:
    """The knobs that a document names."""
    found = ((each, get(document, each.path)) for each in bounds)
    return {each.knob: each.back(value) for each, value in found if value is not None}


def differing(policy: object, wanted: dict[str, Any]) -> dict[str, Any]:
    """Of the knobs wanted, those that stand otherwise."""
    return {name: value for name, value in wanted.items() if getattr(policy, name) != value}


def paths(bounds: Sequence[Bound]) -> frozenset[str]:
    """The elements that are obeyed."""
    return frozenset(each.path for each in bounds)


_HEADS: Final = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")


def pem(body: str) -> str:
    """A certificate's Base64 as PEM; PEM stays as it is."""
    if not body or body.startswith(_HEADS[0]):
        return body
    joined = "".join(body.split())
    lines = [joined[place : place + 64] for place in range(0, len(joined), 64)]
    return "\n".join([_HEADS[0], *lines, f"{_HEADS[1]}\n"])


def bare(text: str) -> str | None:
    """A certificate's Base64 without its heads, as files in public repositories have it."""
    for head in _HEADS:
        text = text.replace(head, "")
    return text.strip() or None
