"""Drills: a scenario played against the emulator from break to proof, and the demo."""

from evergrant.drills.play import Played, ids, known, play, play_on
from evergrant.drills.scenes import Row
from evergrant.drills.stacked import SEPARATOR, play_stack

__all__ = ["Played", "Row", "drill", "ids", "known", "play", "play_on", "play_stack"]


def drill(scenario_id: str) -> tuple[Row, ...]:
    """Play one scenario, or several joined by a plus, on a stage of its own; a row for each level.

    Raises `NotFound` for a scenario that is not there, `BadInput` for those that cannot be stacked.
    """
    return play_stack(scenario_id) if SEPARATOR in scenario_id else play(scenario_id).rows
