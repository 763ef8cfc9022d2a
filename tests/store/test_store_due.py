"""Due work: leases end, generations only grow, and who lost a lease can no longer finish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from evergrant.store import Store, Tx, due
from evergrant.store.due import LEASE, Due
from store_kit import (
    NOW,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    seed,
    url,
)

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh(tmp_path) as store, store.write() as begun:
        seed(begun, "acme", "globex")
        yield begun


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_only_what_is_due_is_claimed_longest_overdue_first(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", later(-5))
    due.schedule(tx, "check", "con_globex", later(-9))
    due.schedule(tx, "refresh", "con_acme", later(5))
    found = due.claim(tx, NOW, owner="w1")
    assert [(each.kind, each.connection) for each in found] == [
        ("check", "con_globex"),
        ("check", "con_acme"),
    ]
    assert due.times(tx, "con_acme") == {"check": later(-5), "refresh": later(5)}


def test_a_claim_takes_the_kinds_it_asks_for_and_no_more_than_it_asks_for(tx: Tx) -> None:
    for name in ("con_acme", "con_globex"):
        due.schedule(tx, "check", name, NOW)
        due.schedule(tx, "refresh", name, NOW)
    assert [each.kind for each in due.claim(tx, NOW, owner="w1", kinds=("refresh",), limit=1)] == [
        "refresh"
    ]
    assert len(due.claim(tx, NOW, owner="w1")) == 3


def test_scheduling_again_moves_the_time(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    due.schedule(tx, "check", "con_acme", later(60))
    assert due.claim(tx, NOW, owner="w1") == []


def test_a_lease_keeps_others_out_until_it_ends(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    [mine] = due.claim(tx, NOW, owner="w1")
    assert due.claim(tx, mine.leased_until - timedelta(microseconds=1), owner="w2") == []
    [theirs] = due.claim(tx, mine.leased_until, owner="w2")
    assert theirs.generation == mine.generation + 1
    assert (mine.left_by, theirs.left_by) == ("", "w1")


def test_who_lost_the_lease_can_neither_finish_nor_postpone(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    [mine] = due.claim(tx, NOW, owner="w1")
    [theirs] = due.claim(tx, NOW + LEASE, owner="w2")
    assert not due.done(tx, mine)
    assert not due.postpone(tx, mine, NOW)
    assert due.done(tx, theirs)


def test_the_generation_grows_on_after_the_work_is_done(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    [first] = due.claim(tx, NOW, owner="w1")
    assert due.done(tx, first)
    assert due.times(tx, "con_acme") == {}
    due.schedule(tx, "check", "con_acme", NOW)
    [second] = due.claim(tx, NOW, owner="w1")
    assert second.generation > first.generation
    assert second.left_by == ""
    assert not due.done(tx, first)


def test_work_scheduled_anew_while_it_is_done_stays_due(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    [mine] = due.claim(tx, NOW, owner="w1")
    due.schedule(tx, "check", "con_acme", later(1))
    assert due.done(tx, mine)
    assert due.times(tx, "con_acme") == {"check": later(1)}


def test_postponed_work_is_free_and_due_later(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    [mine] = due.claim(tx, NOW, owner="w1")
    assert due.postpone(tx, mine, later(30))
    assert due.claim(tx, NOW, owner="w1") == []
    assert len(due.claim(tx, later(30), owner="w1")) == 1


def test_a_lease_can_be_taken_out_of_turn_by_one_at_a_time(tx: Tx) -> None:
    mine = due.take(tx, "refresh", "con_acme", NOW, owner="w1")
    assert mine is not None
    assert mine.at is None
    assert due.take(tx, "refresh", "con_acme", NOW, owner="w2") is None
    assert due.done(tx, mine)
    assert due.take(tx, "refresh", "con_acme", NOW, owner="w2") is not None


def test_dropping_a_connection_fences_out_whoever_works_on_it(tx: Tx) -> None:
    due.schedule(tx, "check", "con_acme", NOW)
    due.schedule(tx, "check", "con_globex", NOW)
    mine = due.take(tx, "check", "con_acme", NOW, owner="w1")
    assert mine is not None
    due.drop(tx, "con_acme")
    assert not due.done(tx, mine)
    assert [each.connection for each in due.claim(tx, NOW, owner="w2")] == ["con_globex"]


def test_of_many_threads_each_piece_of_work_goes_to_one(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(30)]
    with Store.open(url(tmp_path), patience_s=20) as store:
        with store.write() as tx:
            seed(tx, *names)
            for name in names:
                due.schedule(tx, "refresh", f"con_{name}", NOW)
        taken: list[Due] = []

        def work(owner: str) -> None:
            while True:
                with store.write() as tx:
                    found = due.claim(tx, NOW, owner=owner, limit=2)
                if not found:
                    return
                taken.extend(found)

        threads = [Thread(target=work, args=(f"w{number}",)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(each.connection for each in taken) == sorted(f"con_{name}" for name in names)


class Leases(RuleBasedStateMachine):
    """Workers claim, finish, postpone and sleep in any order, over one piece of work."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.store = fresh(Path(self.folder.name))
        self.now, self.leases, self.newest = NOW, list[Due](), 0
        with self.store.write() as tx:
            seed(tx)
            due.schedule(tx, "refresh", "con_acme", self.now)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def holds(self, lease: Due) -> bool:
        return lease.generation == self.newest and lease in self.leases

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(owner=st.sampled_from(["w1", "w2", "w3"]))
    def somebody_takes(self, owner: str) -> None:
        is_held = any(self.holds(each) and each.leased_until > self.now for each in self.leases)
        with self.store.write() as tx:
            lease = due.take(tx, "refresh", "con_acme", self.now, owner=owner)
        assert (lease is None) == is_held
        if lease:
            assert lease.generation > self.newest
            self.newest = lease.generation
            self.leases.append(lease)

    @rule(data=st.data(), later=st.booleans())
    def somebody_gives_back(self, data: st.DataObject, later: bool) -> None:
        if not self.leases:
            return
        lease = data.draw(st.sampled_from(self.leases))
        with self.store.write() as tx:
            ended = due.postpone(tx, lease, self.now) if later else due.done(tx, lease)
        assert ended == self.holds(lease)
        self.leases.remove(lease)

    @invariant()
    def no_two_leases_are_good(self) -> None:
        assert sum(self.holds(each) for each in self.leases) <= 1


def test_leases_are_exclusive_in_any_order_of_events() -> None:
    bounds = settings(max_examples=15, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(Leases, settings=bounds)


def test_what_is_due_next_is_found_by_an_index_and_not_by_looking_at_all_of_it(
    tx: Tx, each_database: str
) -> None:
    if each_database == "sqlite":
        asked = "EXPLAIN QUERY PLAN " + due._NEXT._for(tx.dialect).sql
        plan = tx.exec_driver_sql(asked, (CHECK, "3", "3", 0)).all()
        assert "due_by_kind (kind=? AND at<?)" in str(plan)
        assert "TEMP B-TREE" not in str(plan)
    names = tx.exec_driver_sql(_INDEXES[each_database]).scalars().all()
    assert "due_by_kind" in names


CHECK = "check"
_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes",
}
