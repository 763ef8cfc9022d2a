"""Trouble on purpose, from a scenario or by hand: faults laid and lifted; no admin does so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator.trouble.presets import make

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Done = dict[str, object]


def lay_fault(org: Org, *, preset: str = "", **words: object) -> Done:
    """Lay one fault more: a preset by id, its words changed by others, or all words by hand."""
    named = {"preset": preset} if preset else {}
    org.faults.laid.append(make({**named, **words}))
    return {"laid": len(org.faults.laid)}


def lift_faults(org: Org) -> Done:
    """Take all faults away."""
    lifted = len(org.faults.laid)
    org.faults.laid.clear()
    return {"lifted": lifted}
