"""Behaviours of descriptions: whether objects have the fields and flags that the emulator says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evergrant.emulator.objects import OBJECTS
from evergrant.fidelity.asking import DATA, call, json_of, told
from evergrant.fidelity.behaviour import Ask, Behaviour, Need, Observation, Scalar
from evergrant.fidelity.side import Side
from evergrant.wire import Conversation

_FLAGS = ("filterable", "groupable", "sortable", "createable", "updateable")
_ADMIN: frozenset[Need] = frozenset({"setup", "users", "customize"})
"""What an admin holds: without it fields and whole objects are rightly hidden."""


def behaviours() -> Iterator[Behaviour]:
    """One for each object that the emulator has."""
    for name in OBJECTS:
        yield Behaviour(
            f"describe-{name.lower()}", f"the description of {name}", _described(name),
            {f"object:{name}": ("status", "field"), f"prefix:{name}": ("keyPrefix",)},
            needs=_ADMIN, covers=True,
        )  # fmt: skip


def _described(name: str) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        reply = yield from call(side, f"{DATA}/sobjects/{name}/describe")
        body = json_of(reply)
        if reply.status != 200 or not isinstance(body, dict):
            return told(reply, side.names)
        fields = {
            f"field.{each.get('name')}": _field(each)
            for each in body.get("fields", ())
            if isinstance(each, dict)
        }
        seen: dict[str, Scalar] = {"status": 200, "keyPrefix": body.get("keyPrefix")}
        return {**seen, **fields}

    return ask


def _field(one: Mapping[str, Any]) -> str:
    """A field in a line: type, length, what may be done with it, and what it refers to."""
    length = one.get("digits") or one.get("length") or 0
    flags = [name for name in _FLAGS if one.get(name)]
    targets = sorted(str(each) for each in one.get("referenceTo") or ())
    return " ".join([f"{one.get('type')}({length})", *flags, *(f"→{each}" for each in targets)])
