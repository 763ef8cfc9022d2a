"""The emulator's one database: what was read of it is remembered, and logs are written in groups.

A token request adds rows to half a dozen logs that hardly anybody reads.  They wait in memory, and
are written before any statement that may look at them.  A transaction that writes nothing costs
nothing: SQLite hears of it when it is first written in.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

MEMORY: Final = ":memory:"
LATE: Final = frozenset({"x_issued", "x_refresh", "x_session"})
"""Internal tables whose rows may wait; of the objects, any may."""
_MOST_LATE: Final = 1024
"""Rows that wait at most."""
_WORD: Final = re.compile(r"\w+")
Values = Sequence[Any]


class Database(sqlite3.Connection):
    """A connection guarded by its org's lock.

    `known` holds what was read of the standing tables, and `granted` what was read of the refresh
    tokens, until one of them changes.
    """

    def __init__(self, path: str, *args: Any, **words: Any) -> None:
        super().__init__(path, *args, **words)
        self.known: dict[Hashable, Any] = {}
        self.granted: dict[Hashable, Any] = {}
        self._may_wait = path == MEMORY  # a file is to hold what was answered
        self._late: dict[str, list[Values]] = {}
        self._overwriting: set[str] = set()
        self._room = _MOST_LATE
        self._marks: dict[str, int] = {}
        self._spilled: dict[str, list[Values]] = {}
        self._is_open = False
        """Whether a transaction was begun."""
        self._is_due = False
        """Whether SQLite is still to be told of it."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and has not ended."""
        return self._is_open

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As sqlite3 does; what waits is written first, if the statement may look at it."""
        if self._late and not is_apart(sql):
            self.flush()
        if self._is_due and not is_reading(sql):
            self._start()
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """As sqlite3 does, after what waits."""
        self.flush()
        self._start()
        return super().executemany(sql, parameters)

    def backup(self, target: sqlite3.Connection, **words: Any) -> None:
        """As sqlite3 does, with what waits."""
        self.flush()
        super().backup(target, **words)

    def defer(self, sql: str, values: Values) -> None:
        """Execute a statement later, with its like; no other statement may depend on its order."""
        if not self._may_wait:
            super().execute(sql, values)
            return
        self._late.setdefault(sql, []).append(values)
        self._room -= 1
        if self._room <= 0:
            self.flush()

    def overwrite(self, sql: str, values: Values) -> None:
        """Defer a statement that leaves nothing of what it wrote before, the last value its row's.

        Of several on the same row only the latest is carried out.
        """
        self._overwriting.add(sql)
        self.defer(sql, values)

    def flush(self) -> None:
        """Write what waits."""
        if not self._late:
            return
        late, self._late, self._room = self._late, {}, _MOST_LATE
        if self._is_open:
            self._start()
            for sql, count in self._marks.items():
                self._spilled.setdefault(sql, []).extend(late.get(sql, [])[:count])
            self._marks = {}
            self._write(late)
        else:
            super().execute("BEGIN")
            self._write(late)
            super().commit()

    def _write(self, late: dict[str, list[Values]]) -> None:
        for sql, values in late.items():
            is_latest = sql in self._overwriting
            super().executemany(sql, {v[-1]: v for v in values}.values() if is_latest else values)

    def begin(self) -> None:
        """Open a transaction, which `commit` ends well and `rollback` undoes."""
        self._is_open = self._is_due = True
        self._marks = {sql: len(values) for sql, values in self._late.items()}
        self._spilled = {}

    def _start(self) -> None:
        """Tell SQLite of the transaction, if there is one that it does not know of."""
        if self._is_due:
            self._is_due = False
            super().execute("BEGIN")

    def commit(self) -> None:
        """End the transaction well, if there is one."""
        is_known, self._is_open, self._is_due = not self._is_due, False, False
        if is_known:
            super().commit()

    def rollback(self) -> None:
        """Undo the transaction: what waited before it, waits again."""
        is_known, self._is_open, self._is_due = not self._is_due, False, False
        if is_known:
            super().rollback()
        kept = {sql: self._late.get(sql, [])[:count] for sql, count in self._marks.items()}
        self._late, self._marks, self._spilled = {**self._spilled, **kept}, {}, {}
        self.forget()

    def forget(self) -> None:
        """Read everything anew."""
        self.known.clear()
        self.granted.clear()


@lru_cache(maxsize=4096)
def is_apart(sql: str) -> bool:
    """Whether a statement touches internal tables alone whose rows never wait.

    Objects and their fields are the only words with capitals and small letters.
    """
    words = set(_WORD.findall(sql))
    return not words & LATE and all(word in (word.lower(), word.upper()) for word in words)


@lru_cache(maxsize=4096)
def is_reading(sql: str) -> bool:
    """Whether a statement changes nothing, so that it needs no transaction."""
    return sql.startswith("SELECT ")
