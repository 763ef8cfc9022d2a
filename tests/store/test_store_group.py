"""Committing in groups, statements that are compiled once, and texts that need no mask."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.psycopg import dialect as postgresql

from evergrant.errors import Misuse, StoreTrouble
from evergrant.log import mask
from evergrant.model import Event
from evergrant.store import Store, Tx, connections, events, integrations, standing
from evergrant.store.group import Group, Share
from evergrant.store.loop_group import LoopGroup
from evergrant.store.prepared import Prepared
from evergrant.store.tables import event
from evergrant.store.types import is_plain
from store_kit import (
    NOW,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    seed,
    taken_away,
)

pytestmark = pytest.mark.usefixtures("each_database")


def noting(text: str) -> Any:
    return lambda tx: events.add(tx, "con_acme", Event(NOW, "said", text))


def said(store: Store) -> list[str]:
    with store.read() as tx:
        return [each.text for each in reversed(events.recent(tx, "con_acme"))]


def fail(tx: Tx) -> None:
    noting("of the one that fails")(tx)
    raise Misuse("no")


def held(group: Group, arrived: threading.Event, go: threading.Event) -> None:
    def hold(_tx: Tx) -> None:
        arrived.set()
        go.wait(5)

    group.submit(hold)
    assert arrived.wait(5)


def test_what_waits_together_is_committed_together_in_order(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        group, go = Group(store), threading.Event()
        held(group, threading.Event(), go)
        commits: list[int] = []
        sa.event.listen(store.database.writer, "commit", lambda _: commits.append(1))
        waiting = [group.submit(noting(str(number))) for number in range(20)]
        go.set()
        for each in waiting:
            each.result(5)
        group.close()
        assert len(commits) == 2, "the one that was held, and all the others"
        assert said(store) == [str(number) for number in range(20)]


def test_work_that_fails_fails_alone_and_leaves_nothing(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        group, go = Group(store), threading.Event()
        held(group, threading.Event(), go)
        first, bad, last = group.submit(noting("a")), group.submit(fail), group.submit(noting("b"))
        go.set()
        assert (first.result(5), last.result(5)) == (None, None)
        with pytest.raises(Misuse):
            bad.result(5)
        group.close()
        assert said(store) == ["a", "b"]


def test_a_store_that_is_gone_is_told_to_everybody_who_waits(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        group = Group(store)
        with taken_away(store), pytest.raises(StoreTrouble):
            group.do(noting("lost"))
        group.do(noting("found"))
        group.close()
        assert said(store) == ["found"]


def test_an_event_loop_waits_for_its_work_and_hears_of_failures(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        group = LoopGroup(store)

        async def play() -> list[Any]:
            works = [noting("a"), fail, noting("b")]
            return await asyncio.gather(*map(group.do, works), return_exceptions=True)

        found = asyncio.run(play())
        assert [type(each) for each in found] == [type(None), Misuse, type(None)]
        assert said(store) == ["a", "b"]


def test_a_store_that_is_gone_is_told_in_the_event_loop_too(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        with taken_away(store), pytest.raises(StoreTrouble):
            asyncio.run(LoopGroup(store).do(noting("lost")))
        asyncio.run(LoopGroup(store).do(noting("found")))
        assert said(store) == ["found"]


def test_pieces_of_the_same_work_are_done_together_and_each_hears_of_its_own(
    tmp_path: Path,
) -> None:
    met: list[list[int]] = []

    def doubled(_: Tx, items: Sequence[int]) -> list[int]:
        met.append(list(items))
        if 13 in items:
            raise Misuse("thirteen")
        return [2 * item for item in items]

    async def play(group: LoopGroup, *items: int) -> list[Any]:
        works = (group.do(Share(doubled, item)) for item in items)
        return await asyncio.gather(*works, group.do(noting("a")), return_exceptions=True)

    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        assert asyncio.run(play(LoopGroup(store), 3, 1, 2)) == [6, 2, 4, None]
        assert met == [[3, 1, 2]]
        six, bad, four, _ = asyncio.run(play(LoopGroup(store), 3, 13, 2))
        assert (six, four) == (6, 4)
        assert isinstance(bad, Misuse)
        assert said(store) == ["a", "a"]


def test_an_event_loop_goes_on_while_somebody_else_writes(tmp_path: Path) -> None:
    def alone(tx: Tx) -> None:
        noting(connections.by_id(tx, "con_acme").name)(tx)

    async def play(store: Store, other: AbstractContextManager[Tx]) -> None:
        waiting = asyncio.create_task(LoopGroup(store).do(alone))
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert not waiting.done()
        other.__exit__(None, None, None)
        await waiting

    with fresh(tmp_path) as store, fresh(tmp_path) as another:
        with store.write() as tx:
            seed(tx)
        writing = another.write()
        connections.update(writing.__enter__(), "con_acme", name="Renamed")
        asyncio.run(play(store, writing))
        assert said(store) == ["Renamed"]


def test_work_of_a_caller_that_is_cancelled_is_done_all_the_same(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        group = LoopGroup(store)

        async def play() -> None:
            first = asyncio.create_task(group.do(noting("a")))
            await asyncio.sleep(0)
            first.cancel()
            await group.do(noting("b"))

        asyncio.run(play())
        assert said(store) == ["a", "b"]


def test_a_prepared_statement_converts_as_the_statement_itself_does(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
            data = {"refresh_token": "5Aep861" + "x" * 60, "count": 3}
            events.add(tx, "con_acme", Event(NOW, "said", "it", data))
        wanted = sa.select(event).where(event.c.kind == sa.bindparam("kind", type_=sa.String))
        with store.read() as tx:
            row = Prepared(wanted).one(tx, kind="said")
            assert row == dict(tx.execute(wanted, {"kind": "said"}).one()._mapping)
    assert row["data"] == {"refresh_token": "•••", "count": 3}


def test_prepared_statements_are_written_for_postgresql_too() -> None:
    ready = standing._RENEWS._for(postgresql())  # type: ignore[no-untyped-call]
    assert not ready.is_positional
    assert set(ready.inward) == {"connection_id", "which_part"}


def test_how_a_connection_stands_is_what_its_nouns_say(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.write() as tx:
        seed(tx)
        found = standing.of(tx, "con_acme", "main")
        assert found.connection == connections.by_id(tx, "con_acme")
        assert (found.live, found.lifetime.life, found.used_at) == (None,) * 3
        [renewable] = standing.to_renew(tx, [("con_acme", "main")])
        assert renewable.connection == found.connection
        assert renewable.integration == integrations.find(tx, found.connection.integration)
        assert (renewable.live, renewable.last) == (None, None)


ODD = st.text(alphabet=st.sampled_from("aB1 .-_=:!<%u\"'{}/&;"), max_size=40)


@given(ODD | st.text(max_size=60))
def test_a_text_that_is_called_plain_is_one_that_no_rule_of_the_mask_fits(text: str) -> None:
    if is_plain(text):
        assert mask(text) == text


SECRETS = (
    "Bearer 00D5g00000ABCDE1abcdefg", "5Aep861" + "x" * 40, "aPrx" + "y" * 30,
    "OAuth a1b2c3d4e5f6g7",
)  # fmt: skip


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_never_called_plain(text: str) -> None:
    assert not is_plain(text)
