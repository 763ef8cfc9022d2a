"""Being alone with a connection for the length of a writing transaction.

In SQLite every writer is alone with the whole database.  In PostgreSQL, whoever reads a connection
in order to change it locks its row first, in a statement of its own: what is read after the lock
was granted is what the one before has committed.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from evergrant.store.database import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import connection as table

# NOTE: the weaker of the two locks: rows that refer to the connection are still inserted.
_HOLD = Prepared(
    sa.select(table.c.id)
    .where(table.c.id == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.String))))
    .order_by(table.c.id)
    .with_for_update(key_share=True)
)


def hold(tx: Tx, connection_id: str) -> None:
    """Wait until nobody else changes the connection, and keep others waiting until the end.

    Does nothing in a transaction that only reads.
    """
    hold_each(tx, [connection_id])


def hold_each(tx: Tx, connection_ids: Iterable[str]) -> None:
    """The same for several, always in the same order: two who hold some of them do not lock up."""
    if tx.dialect.name == "postgresql" and tx.get_execution_options().get("writes"):
        _HOLD.run(tx, ids=list(connection_ids))
