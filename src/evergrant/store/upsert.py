"""Adding a row, or changing the one with its key: in one statement, so that of two who come at once
neither fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from evergrant.store.engine import Tx

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def put(
    tx: Tx, table: sa.Table, key: Mapping[str, Any], *, new: Mapping[str, Any],
    changed: Mapping[str, Any],
) -> None:  # fmt: skip
    """Insert `key` and `new`; where a row has that key already, write only `changed`."""
    row = _INSERTS[tx.dialect.name](table).values({**key, **new})
    if changed:
        row = row.on_conflict_do_update(index_elements=list(key), set_=dict(changed))
    else:
        row = row.on_conflict_do_nothing(index_elements=list(key))
    tx.execute(row)
