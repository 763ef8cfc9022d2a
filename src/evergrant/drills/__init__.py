"""Drills: a scenario played against the emulator from break to proof, and the demo."""

from evergrant.drills.play import Row, drill, ids

__all__ = ["Row", "drill", "ids"]
