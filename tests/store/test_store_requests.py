"""Token requests, many at once: written in order, ended each in its own way, and forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from evergrant.store import Store, token_requests
from evergrant.store.token_requests import RawAnswer, TokenRequest
from store_kit import (
    NOW,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    seed,
)

pytestmark = pytest.mark.usefixtures("each_database")
OPEN = TokenRequest(
    0,
    "con_acme",
    "main",
    "crd_1",
    0,
    0,
    "a" * 12,
    "refresh_token",
    "w",
    0,
    NOW,
    "under way",
    0,
    NOW,
)


def _parts(count: int) -> list[TokenRequest]:
    return [replace(OPEN, part=f"part {number}") for number in range(count)]


def _rows(store: Store) -> dict[int, TokenRequest]:
    with store.read() as tx:
        return {row.seq: row for row in token_requests.of(tx, "con_acme")}


def test_many_are_written_in_order_and_each_is_told_its_own_number(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
            seqs = token_requests.add_each(tx, _parts(5))
        found = _rows(store)
        assert seqs == sorted(seqs)
        assert [found[seq].part for seq in seqs] == [each.part for each in _parts(5)]


def test_a_second_open_request_among_many_is_refused(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
        with pytest.raises(IntegrityError), store.write() as tx:
            token_requests.add_each(tx, [*_parts(2), *_parts(1)])
        assert _rows(store) == {}


def test_each_answer_goes_to_its_own_request_and_one_of_nobody_to_none(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
            one, two = token_requests.add_each(tx, _parts(2))
            answers = [
                RawAnswer(two, b"2", NOW),
                RawAnswer(999, b"-", NOW),
                RawAnswer(one, b"1", NOW),
            ]
            assert token_requests.keep_each(tx, answers) == [1, 0, 1]
        found = _rows(store)
        assert (found[one].sealed, found[two].sealed) == (b"1", b"2")
        assert {each.state for each in found.values()} == {"answered"}


def test_the_answer_of_an_orphan_stays_until_its_token_is_revoked(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
            one, two = token_requests.add_each(tx, _parts(2))
            answers = [RawAnswer(seq, b"sealed", NOW) for seq in (one, two)]
            token_requests.keep_each(tx, answers)
            token_requests.end_each(tx, [(one, "orphaned"), (two, "done")], NOW)
        found = _rows(store)
        assert (found[one].state, found[one].sealed) == ("orphaned", b"sealed")
        assert (found[two].state, found[two].sealed) == ("done", None)


def test_what_ended_long_ago_and_holds_no_answer_is_forgotten(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
            kept = []
            for days, state in ((40, "done"), (40, "orphaned"), (1, "done")):
                ended = NOW - timedelta(days=days)
                [seq] = token_requests.add_each(tx, [OPEN])
                token_requests.keep_each(tx, [RawAnswer(seq, b"sealed", ended)])
                token_requests.end_each(tx, [(seq, state)], ended)  # type: ignore[list-item]
                kept.append(seq)
            [other] = token_requests.add_each(tx, _parts(1))
            token_requests.forget(tx, "con_acme", "main", NOW - timedelta(days=30))
        assert set(_rows(store)) == {*kept[1:], other}
