"""The refresh engine: one token request at a time, every answer kept, nothing buried alive.

`refreshing` decides, as a generator; `Engine` performs its steps against store and wire, in a
thread or in an event loop; `failures` is the table of what each failure means.
"""

from evergrant.keeper.engine.engine import Engine
from evergrant.keeper.engine.failures import Kind, kind_of
from evergrant.keeper.engine.rules import Rules
from evergrant.keeper.engine.steps import Busy, Failed, Fresh, Gone, HeldBack, Outcome, Want

__all__ = [
    "Busy",
    "Engine",
    "Failed",
    "Fresh",
    "Gone",
    "HeldBack",
    "Kind",
    "Outcome",
    "Rules",
    "Want",
    "kind_of",
]
