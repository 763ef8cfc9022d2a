"""The token broker: an application shows its key and gets a token of a connection it may have."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrant.errors import ComeBack
from evergrant.keeper.api_keys import key_of, may_open
from evergrant.keeper.engine.gates import Bucket
from evergrant.keeper.fresh import Token, afresh_token
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.token_log import TokenLog
from evergrant.store.api_keys import ApiKey
from evergrant.store.parts import MAIN

if TYPE_CHECKING:
    import aiohttp

_MOST = 50_000


class Paces:
    """How often a minute each key may read; every process counts for itself.  Thread-safe."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks, self._lock = ticks, threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def wait_s(self, key: ApiKey) -> float:
        """Take one read: 0, or how long to wait until there is one."""
        with self._lock:
            if len(self._buckets) > _MOST:
                self._buckets.clear()
            now, most = self._ticks(), float(key.per_minute)
            mine = self._buckets.setdefault(key.id, Bucket(most / 60, most, most, now))
            if wait_s := mine.wait_s(now):
                return wait_s
            mine.left -= 1
            return 0.0


class TooOften(ComeBack):
    """A key reads more often than it may."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The caller has the token already."""

    generation: str


class Broker:
    """Hands out access tokens; one for each process.  Refresh tokens never leave."""

    def __init__(self, keeper: Keeper, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._keeper = keeper
        self._paces = Paces(ticks)
        self._log = TokenLog(keeper)

    async def key(self, word: str) -> ApiKey | None:
        """Whose word it is; None for nobody's."""
        if self._keeper.store.is_remote:
            return await asyncio.to_thread(key_of, self._keeper, word)
        return key_of(self._keeper, word)

    async def read(
        self,
        key: ApiKey,
        connection_id: str,
        via: aiohttp.ClientSession,
        *,
        not_token: str = "",
        part: str = MAIN,
        known: Container[str] = (),
    ) -> Token | Unchanged:
        """A token that works; `Unchanged` where the caller has it, being of a `known` generation.

        Who reports a token as refused, and a token that could not be renewed, get it in full: the
        one is not to be told to go on, and the other says why.

        Raises `TooOften`, and what `afresh_token` raises; a connection that the key does not open
        is not found.
        """
        if wait_s := self._paces.wait_s(key):
            raise TooOften("this key reads too often", f"{key.per_minute} a minute", wait_s)
        token = await afresh_token(
            self._keeper.of(key.tenant),
            connection_id,
            via,
            not_token=not_token,
            part=part,
            allowed=lambda connection: may_open(key, connection),
        )
        if token.generation in known and not (not_token or token.stale):
            return Unchanged(token.generation)
        if (line := self._log.note(key.id, token)) is not None:
            await asyncio.shield(asyncio.wrap_future(line))
        return token

    def close(self) -> None:
        """Write down what was counted."""
        self._log.close()
