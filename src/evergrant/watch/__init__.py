"""Watch: claims due rows and outbox rows, and carries them out through keeper and notify.

On SQLite one process walks the rows; on PostgreSQL any number of workers carry them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from evergrant.keeper import Keeper
from evergrant.watch.audits import Audits, audit_next
from evergrant.watch.rounds import Round, go_round
from evergrant.watch.walker import Walker

__all__ = ["Round", "Walker", "Watch", "audit_next", "go_round", "watching"]


class Watch(Protocol):
    """What goes on while the block of `watching` does."""

    def is_alive(self) -> bool:
        """Whether it has looked lately."""


@contextmanager
def watching(keeper: Keeper) -> Iterator[Watch]:
    """The watch that fits the keeper's database, and the audits beside it, for a `with` block."""
    keeper.require_all()
    with Audits(keeper), _watch(keeper) as watch:
        yield watch


def _watch(keeper: Keeper) -> AbstractContextManager[Watch]:
    if not keeper.store.is_remote:
        return Walker(keeper)
    # Imported here: who keeps SQLite need not have Procrastinate.
    from evergrant.watch.carrier import Carrier

    return Carrier(keeper)
