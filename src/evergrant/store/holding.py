"""Being alone with a connection for the length of a writing transaction.

In SQLite every writer is alone with the whole database.  In PostgreSQL, whoever reads a connection
in order to change it locks its row first, in a statement of its own: what is read after the lock
was granted is what the one before has committed.
"""

from __future__ import annotations

import sqlalchemy as sa

from evergrant.store.database import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import connection as table

# NOTE: the weaker of the two locks: rows that refer to the connection are still inserted.
_HOLD = Prepared(
    sa.select(table.c.id)
    .where(table.c.id == sa.bindparam("connection_id", type_=sa.String))
    .with_for_update(key_share=True)
)


def hold(tx: Tx, connection_id: str) -> None:
    """Wait until nobody else changes the connection, and keep others waiting until the end.

    Does nothing in a transaction that only reads.
    """
    if tx.dialect.name == "postgresql" and tx.get_execution_options().get("writes"):
        _HOLD.one(tx, connection_id=connection_id)
