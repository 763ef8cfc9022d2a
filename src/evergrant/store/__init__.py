"""The store: what Evergrant remembers, in one SQLite file or one PostgreSQL database.

`Store` opens it and gives transactions; `connections`, `incidents`, `events`, `due`, `outbox`,
`flows`, `parts`, `credentials`, `integrations`, `operators` and `readings` read and write one noun
each.
"""

from __future__ import annotations

from evergrant.store.engine import Store, Tx

__all__ = ["Store", "Tx"]
