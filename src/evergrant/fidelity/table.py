"""The table of behaviours, in the order in which they are asked: what reads before what writes."""

from __future__ import annotations

from functools import cache

from evergrant.fidelity import anonymous, app_requests, questions, schemas, token_life
from evergrant.fidelity.behaviour import Behaviour

_ROOMS = (anonymous, questions, schemas, app_requests, token_life)


@cache
def behaviours() -> dict[str, Behaviour]:
    """Every behaviour by its id."""
    rows = [each for room in _ROOMS for each in room.behaviours()]
    return {each.id: each for each in rows}
