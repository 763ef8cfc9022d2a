"""Drills: a scenario played against the emulator from break to proof, and the demo."""

from evergrant.drills.play import Played, Row, drill, ids, play

__all__ = ["Played", "Row", "drill", "ids", "play"]
