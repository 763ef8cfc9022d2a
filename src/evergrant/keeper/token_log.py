"""The log of token reads: no token leaves before its line is on the disk.

The first time that a key reads a token, a line is committed; further reads of the same token by
the same key within the hour are counted, and the counts are written every few seconds.  A crash
can lose counts, and never the answer to the question which key had which token.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime

from evergrant.errors import EvergrantError
from evergrant.keeper.fresh import Token
from evergrant.keeper.keeper import Keeper
from evergrant.log import logger
from evergrant.store import connections, token_reads
from evergrant.store.token_reads import TokenRead

OPERATOR = "operator"
"""Stands for whoever reads a token on the service's own machine."""
EVERY_S = 5.0
_MOST = 50_000
_Line = tuple[str, str, str, str]


class TokenLog:
    """Who read what, in one process; thread-safe.  Close it, so that its last counts are kept."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._lock = threading.Lock()
        self._lines: dict[_Line, Future[int]] = {}
        self._more: dict[_Line, tuple[int, datetime]] = {}
        self._written = time.monotonic()

    def note(self, key: str, token: Token) -> Future[int] | None:
        """A key reads a token: None, or what must be waited for before it is handed out."""
        now = self._keeper.clock.now()
        line = key, token.connection, token.generation, f"{now:%Y%m%d%H}"
        with self._lock:
            begun = self._lines.get(line)
            if begun is None or (begun.done() and not _is_there(begun)):
                return self._begin(line, token, now)
            times = self._more.get(line, (0, now))[0]
            self._more[line] = times + 1, now
            if time.monotonic() - self._written >= EVERY_S:
                self._write()
        return None if begun.done() else begun

    def close(self) -> None:
        """Write what was counted."""
        with self._lock:
            written = self._write()
        if written is not None:
            try:
                written.result()
            except EvergrantError as trouble:
                logger("keeper").warning("counts of token reads are lost: %s", trouble.what)

    def _begin(self, line: _Line, token: Token, now: datetime) -> Future[int]:
        if len(self._lines) >= _MOST:
            self._write()
            self._lines.clear()
        told = {"key": line[0], "connection": line[1], "generation": line[2]}
        begun = self._keeper.engine.group.submit(
            lambda tx: token_reads.add(tx, **told, fingerprint=token.fingerprint, at=now)
        )
        self._lines[line] = begun
        return begun

    def _write(self) -> Future[None] | None:
        """Write the counts of the lines that are there."""
        self._written = time.monotonic()
        seqs = {line: each.result() for line, each in self._lines.items() if _is_there(each)}
        ready = {seqs[line]: self._more.pop(line) for line in [*self._more] if line in seqs}
        if not ready:
            return None
        return self._keeper.engine.group.submit(lambda tx: token_reads.count(tx, ready))


def _is_there(begun: Future[int]) -> bool:
    return begun.done() and begun.exception() is None


def token_log(
    keeper: Keeper, *, connection: str = "", key: str = "", limit: int = 100
) -> Sequence[TokenRead]:
    """Which key read which token when, newest first.  Raises `NotFound` for a connection."""
    with keeper.reading() as tx:
        mine = connections.get(tx, connection).id if connection else ""
        return token_reads.recent(tx, connection=mine, key=key, limit=limit)
