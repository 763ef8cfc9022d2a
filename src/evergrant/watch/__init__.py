"""Watch: claims due rows and outbox rows, and carries them out through keeper and notify.

On SQLite one process walks the rows; on PostgreSQL any number of workers carry them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from evergrant.keeper import Keeper
from evergrant.watch.rounds import Round, go_round
from evergrant.watch.walker import Walker

__all__ = ["Round", "Walker", "Watch", "go_round", "watching"]


class Watch(Protocol):
    """What goes on while the block of `watching` does."""

    def is_alive(self) -> bool:
        """Whether it has looked lately."""


def watching(keeper: Keeper) -> AbstractContextManager[Watch]:
    """The watch that fits the keeper's database; it goes on for the length of a `with` block."""
    if not keeper.store.is_remote:
        return Walker(keeper)
    # Imported here: who keeps SQLite need not have Procrastinate.
    from evergrant.watch.carrier import Carrier

    return Carrier(keeper)
