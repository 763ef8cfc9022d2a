"""Writing to a file of one's own machine for whoever waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evergrant.store.database import Database, Tx


class Hasty:
    """Writes over one connection that it keeps, one transaction at a time.

    To take a connection from the pool and to give it back takes longer than to begin and to commit.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Tx | None = None

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction like that of `Store.write`, over everybody's rows.

        Raises `StoreTrouble` at once while anybody else writes to the same file.
        """
        with self._database.turn(waits=False), self._database.translated():
            tx = self._kept = self._kept or self._opened()
            try:
                with tx.begin():
                    yield tx
            except BaseException:
                self.close()  # whatever is the matter with it, the next one is a new one
                raise

    def close(self) -> None:
        """Close the connection; the next transaction opens another one."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _opened(self) -> Tx:
        tx = self._database.writer.connect()
        tx.detach()  # it does not wait for locks, and so is not to be anybody else's
        raw: Any = tx.connection.dbapi_connection
        raw.execute("PRAGMA busy_timeout=0")
        return tx
