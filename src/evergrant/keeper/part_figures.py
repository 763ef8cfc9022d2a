"""How the parts of an integration fare, over all its connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from evergrant.health import State
from evergrant.keeper.declaring import in_order
from evergrant.keeper.keeper import Keeper
from evergrant.model import Integration
from evergrant.store import lifetimes, listing, part_standings
from evergrant.store.parts import Part


@dataclass(frozen=True, slots=True)
class PartFigures:
    """One part of an integration, and how it stands in its connections."""

    part: Part
    asks: tuple[str, ...]
    """The scopes it asks for; empty for all that the app has."""
    flow: str
    """How its credential is got; '' for a step inside the org."""
    counts: Mapping[State, int]
    """Connections by the state of this part; those of which nothing was learned are not there."""
    lives: tuple[timedelta, timedelta] | None
    """The shortest and the longest life of its access tokens that was learned in any org."""


def figures_of(keeper: Keeper, integration: Integration) -> tuple[PartFigures, ...]:
    """Every part in order, credentials and steps."""
    with keeper.reading() as tx:
        known = in_order(tx, integration.id)
        alone = sum(each.kind == "credential" for each in known) == 1
        whole = listing.by_integration(tx).get(integration.id, {})
        counts = part_standings.by_part(tx, integration.id)
        learned = [each.life for each in lifetimes.of_integration(tx, integration.id)]
    lives = sorted(each for each in learned if each is not None)
    span = (lives[0], lives[-1]) if lives else None
    return tuple(
        PartFigures(each, (), "", {}, None)
        if each.kind == "step"
        else PartFigures(
            each, each.view(integration).app.scopes, each.view(integration).flow,
            whole if alone else counts.get(each.name, {}), span,
        )
        for each in known
    )  # fmt: skip
