"""Forms of an integration's parts: add one, name it anew, move it, take it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, cast

from evergrant.errors import BadInput
from evergrant.keeper import EDITABLE
from evergrant.model import FlowId
from evergrant.store.parts import MAIN, Part
from evergrant.web.forms import Form

NOTHING: Final = "-"
"""Stands in the form for a part that waits for nothing."""
MOST: Final = 20
LONGEST: Final = 200


def parts_of_form(known: Sequence[Part], form: Form) -> tuple[Part, ...]:
    """The parts after what a form asks for.  Raises `BadInput`."""
    if name := form.get("drop"):
        return tuple(each for each in known if each.name != name)
    for word, by in (("up", -1), ("down", 1)):
        if name := form.get(word):
            return _moved(known, name, by)
    return _with(known, form)


def _moved(known: Sequence[Part], name: str, by: int) -> tuple[Part, ...]:
    """One place further up or down; at the end it stays where it is."""
    parts = list(known)
    at = next((n for n, each in enumerate(parts) if each.name == name), None)
    if at is not None and 0 <= at + by < len(parts):
        parts[at], parts[at + by] = parts[at + by], parts[at]
    return tuple(parts)


def _with(known: Sequence[Part], form: Form) -> tuple[Part, ...]:
    """With one credential more, or the one of that name as the form describes it."""
    new = _part(known, form)
    if any(each.name == new.name for each in known):
        return tuple(_described(each, new) if each.name == new.name else each for each in known)
    if len(known) >= MOST:
        raise _wrong(f"there are {MOST} parts already", "take one away first")
    held = [each.name for each in known if each.kind == "credential"]
    chosen = {"": held[-1], NOTHING: ""}.get(new.waits_for, new.waits_for)
    return (*known, replace(new, waits_for=chosen))


def _described(before: Part, new: Part) -> Part:
    """NOTE: of a step the integration file and the steps' own form say what it is."""
    if before.kind == "step":
        raise _wrong(f"{before.name!r} is a step inside the org", "choose another name")
    waits = {"": before.waits_for, NOTHING: ""}.get(new.waits_for, new.waits_for)
    return replace(new, id=before.id, waits_for=waits)


def _part(known: Sequence[Part], form: Form) -> Part:
    name, flow = _text(form, "part"), form.get("part_flow")
    scopes = tuple(dict.fromkeys(_text(form, "part_scopes").replace(",", " ").split()))
    if not name:
        raise _wrong("the part has no name", "give it a short one")
    if flow not in ("", *EDITABLE, *(each.flow for each in known if each.name == name)):
        raise _wrong("that flow cannot be chosen here", "use an integration file for it")
    if name == MAIN and (flow or scopes):
        raise _wrong(f"{MAIN} has the integration’s own flow and scopes", "change those instead")
    return Part(
        "", "", name, "credential", 0, _text(form, "label"), cast("FlowId", flow), scopes,
        form.get("waits_for"),
    )  # fmt: skip


def _text(form: Form, name: str) -> str:
    text = form.get(name).strip()
    if len(text) > LONGEST:
        raise _wrong(f"that is longer than {LONGEST} characters", "shorten it")
    return text


def _wrong(what: str, next_step: str) -> BadInput:
    return BadInput(what, next_step=next_step, whose="you")
