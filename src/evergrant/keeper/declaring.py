"""Declaring the parts of an integration: which credentials and steps it has, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from evergrant.errors import BadInput
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import plan
from evergrant.keeper.renew import RENEWALS
from evergrant.store import Tx, connections, expectations, integrations, parts
from evergrant.store.expectations import Step
from evergrant.store.parts import MAIN, Part
from evergrant.store.rows import new_id

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def declare_parts(keeper: Keeper, integration: str, wanted: Sequence[Part]) -> None:
    """Put the parts of an integration in place of those before; the order is the list's.

    Raises `NotFound`; `BadInput` for parts that do not fit together, or when a part would go of
    which some connection holds a credential.
    """
    if complaints := list(_complaints(wanted)):
        raise BadInput("; ".join(complaints), next_step="correct the parts", whose="you")
    with keeper.writing() as tx:
        row = integrations.get(tx, integration)
        parts.keep(tx, row.id, wanted)
        for each in connections.every(tx, integration=row.id):
            plan(keeper, tx, each)


def edit_parts(keeper: Keeper, integration: str, wanted: Sequence[Part]) -> None:
    """Declare parts as an operator put them in order, and write down who did.

    What a part waits for must come before it: where it does not any more, it waits for nothing.
    Raises like `declare_parts`.
    """
    with keeper.reading() as tx:
        steps = {each.name: each.do for each in expectations.of(tx, integration).steps}
    before: set[str] = set()
    told = []
    for position, each in enumerate(wanted):
        told.append(replace(
            each,
            id=each.id or new_id("prt"),
            position=position,
            # A step is called by what is done in it, unless somebody gave it a name of its own.
            label="" if each.label == steps.get(each.name) else each.label,
            waits_for=each.waits_for if each.waits_for in before else "",
        ))  # fmt: skip
        before |= {each.name} if each.kind == "credential" else set()
    declare_parts(keeper, integration, told)
    with keeper.writing() as tx:
        did(keeper, tx, "integration changed", subject=integration, text="its parts")


def in_order(tx: Tx, integration_id: str) -> tuple[Part, ...]:
    """Every part of an integration in order; steps that have no place come last."""
    known = parts.of(tx, integration_id)
    steps = {each.name: each for each in expectations.of(tx, integration_id).steps}
    placed = [_labelled(each, steps) for each in known if each.kind != "step" or each.name in steps]
    names = {each.name for each in known}
    last = [
        Part("", integration_id, each.name, "step", len(known), each.do)
        for each in steps.values()
        if each.name not in names
    ]
    return (*placed, *last)


def parts_of(keeper: Keeper, integration_id: str) -> tuple[Part, ...]:
    """Every part of an integration, credentials and steps, in order."""
    with keeper.reading() as tx:
        return in_order(tx, integration_id)


def _labelled(part: Part, steps: Mapping[str, Step]) -> Part:
    if part.kind == "step" and not part.label:
        return replace(part, label=steps[part.name].do)
    return part


def _complaints(wanted: Sequence[Part]) -> Iterator[str]:
    names = [each.name for each in wanted]
    held = [each.name for each in wanted if each.kind == "credential"]
    if held[:1] != [MAIN]:
        yield f"the first credential part must be {MAIN!r}"
    for name in sorted({each for each in names if names.count(each) > 1}):
        yield f"part {name!r} stands there twice"
    for each in wanted:
        if not _NAME.fullmatch(each.name):
            yield f"part {each.name!r}: a name has letters, digits, - and _"
        if each.flow and each.flow not in RENEWALS:
            yield f"part {each.name}: flow is {each.flow!r}, and can be {', '.join(RENEWALS)}"
        before = held[: held.index(each.name)] if each.name in held else []
        if each.waits_for and each.waits_for not in before:
            yield f"part {each.name} waits for {each.waits_for!r}, no credential part before it"
