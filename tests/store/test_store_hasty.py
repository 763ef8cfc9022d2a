"""Writing from an event loop: over one connection that is kept, and together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from evergrant.errors import Misuse, StoreTrouble
from evergrant.model import Event
from evergrant.store import Store, Tx, events
from evergrant.store.group import MOST, Share
from evergrant.store.hasty import Hasty
from evergrant.store.loop_group import LoopGroup
from store_kit import NOW, fresh, seed


def seeded(folder: Path) -> Store:
    store = fresh(folder)
    with store.write() as tx:
        seed(tx)
    return store


def note(tx: Tx, words: str) -> None:
    events.add(tx, "con_acme", Event(NOW, "said", words))


def noting(words: str) -> Callable[[Tx], None]:
    return lambda tx: note(tx, words)


def said(store: Store) -> list[str]:
    with store.read() as tx:
        return [each.text for each in reversed(events.recent(tx, "con_acme"))]


def together(store: Store, number: int) -> list[int]:
    """How many pieces each transaction had, of so many that wait at once."""
    sizes: list[int] = []

    def counted(_: Tx, items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        return items

    async def play() -> None:
        group = LoopGroup(store)
        assert await asyncio.gather(
            *(group.do(Share(counted, item)) for item in range(number))
        ) == list(range(number))
        group.close()

    asyncio.run(play())
    return sizes


def test_what_waits_at_once_is_written_together_up_to_the_most(tmp_path: Path) -> None:
    with seeded(tmp_path) as store:
        assert together(store, 5) == [5]
        assert together(store, MOST + 3) == [MOST, 3]


def test_a_full_disk_is_told_in_the_event_loop_and_the_next_transaction_is_a_new_one(
    tmp_path: Path,
) -> None:
    def filling(tx: Tx) -> None:
        pages = tx.execute(text("PRAGMA page_count")).scalar()
        tx.execute(text(f"PRAGMA max_page_count = {pages}"))  # of this connection alone
        note(tx, "x" * 1_000_000)

    async def play(group: LoopGroup) -> None:
        with pytest.raises(StoreTrouble, match="no room to grow"):
            await group.do(filling)
        await group.do(noting("a" * 100_000))

    with seeded(tmp_path) as store:
        group = LoopGroup(store)
        asyncio.run(play(group))
        group.close()
        assert said(store) == ["a" * 100_000]


def test_who_waits_for_nobody_is_told_at_once_that_somebody_else_writes(tmp_path: Path) -> None:
    with seeded(tmp_path) as store, fresh(tmp_path) as another:
        hasty = Hasty(store.database)
        with (
            another.write() as tx,
            pytest.raises(StoreTrouble, match="is locked"),
            hasty.write(),
        ):
            note(tx, "never")
        with hasty.write() as tx:
            note(tx, "after")
        hasty.close()
        assert said(store) == ["after"]


def test_a_connection_is_kept_from_one_transaction_to_the_next_until_something_fails(
    tmp_path: Path,
) -> None:
    met: list[Any] = []

    def write(hasty: Hasty, *, fails: bool = False) -> None:
        with hasty.write() as tx:
            met.append(tx.connection.dbapi_connection)
            note(tx, "lost" if fails else "kept")
            if fails:
                raise Misuse("no")

    with seeded(tmp_path) as store:
        hasty = Hasty(store.database)
        write(hasty)
        write(hasty)
        with pytest.raises(Misuse):
            write(hasty, fails=True)
        write(hasty)
        hasty.close()
        assert met[0] is met[1] is met[2] is not met[3]
        assert said(store) == ["kept"] * 3
