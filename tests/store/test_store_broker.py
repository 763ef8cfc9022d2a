"""API keys, token reads, revocations and sealed rows: the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evergrant.errors import NotFound
from evergrant.store import Tx, api_keys, credentials, revocations, sealed, token_reads
from evergrant.store.api_keys import ApiKey
from evergrant.store.revocations import HIDDEN_FOR, Revocation
from store_kit import (
    NOW,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    seed,
)

pytestmark = pytest.mark.usefixtures("each_database")

SOON, LATER = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh(tmp_path) as store, store.write() as begun:
        seed(begun)
        yield begun


def key(number: int, **more: object) -> ApiKey:
    base = {
        "id": f"key_{number}",
        "tenant": "default",
        "name": "sync",
        "hash": f"{number:064}",
        "opens": ("con_acme", "int_sync"),
        "per_minute": 60,
        "created_at": NOW,
        "expires_at": NOW + LATER,
    }
    return ApiKey(**(base | more))  # type: ignore[arg-type]


def waits(number: int, **more: object) -> Revocation:
    base = {
        "id": f"rev_{number}",
        "connection": "con_acme",
        "host": "https://login.salesforce.com",
        "fingerprint": "f" * 12,
        "sealed": b"sealed",
        "attempts": 0,
        "made_at": NOW,
        "next_at": NOW,
    }
    return Revocation(**(base | more))  # type: ignore[arg-type]


# --- keys ----------------------------------------------------------------------------------------


def test_a_key_comes_back_as_it_was_added_and_is_found_by_its_id_alone(tx: Tx) -> None:
    api_keys.add(tx, key(1))
    assert api_keys.find(tx, "key_1") == key(1)
    assert api_keys.find(tx, "key_") is None
    assert api_keys.find(tx, "sync") is None
    assert "0001" not in repr(key(1))


def test_revoked_keys_stay_in_the_list_and_keep_their_first_moment(tx: Tx) -> None:
    api_keys.add(tx, key(1))
    api_keys.add(tx, key(2))
    assert api_keys.revoke(tx, "key_1", NOW) == ["key_1"]
    assert api_keys.revoke(tx, "sync", NOW + SOON) == ["key_2"]
    assert [each.revoked_at for each in api_keys.every(tx)] == [NOW, NOW + SOON]
    with pytest.raises(NotFound):
        api_keys.revoke(tx, "key_1", NOW)


# --- reads ---------------------------------------------------------------------------------------


def test_reads_are_counted_on_their_own_line_and_told_newest_first(tx: Tx) -> None:
    one, two = (
        token_reads.add(
            tx, key=key, connection="con_acme", generation="1.0", fingerprint="f", at=NOW
        )
        for key in ("key_1", "key_2")
    )
    token_reads.count(tx, {one: (3, NOW + SOON)})
    newest, oldest = token_reads.recent(tx)
    assert (newest.seq, newest.times, newest.last_at) == (two, 1, NOW)
    assert (oldest.seq, oldest.times, oldest.last_at) == (one, 4, NOW + SOON)
    assert oldest.first_at == NOW
    assert token_reads.recent(tx, key="key_1") == [oldest]
    assert token_reads.recent(tx, connection="con_acme", limit=1) == [newest]
    assert token_reads.recent(tx, connection="con_other") == []


# --- revocations ---------------------------------------------------------------------------------


def test_a_claimed_revocation_is_hidden_and_comes_back_when_nothing_was_said(tx: Tx) -> None:
    revocations.put(tx, waits(1))
    assert revocations.is_any_due(tx, NOW)
    [row] = revocations.claim(tx, NOW)
    assert (row.id, row.attempts) == ("rev_1", 1)
    assert not revocations.is_any_due(tx, NOW)
    assert revocations.claim(tx, NOW) == []
    [again] = revocations.claim(tx, NOW + HIDDEN_FOR)
    assert again.attempts == 2


def test_one_alone_can_be_claimed_and_only_when_it_is_due(tx: Tx) -> None:
    revocations.put(tx, waits(1))
    revocations.put(tx, waits(2, next_at=NOW + LATER))
    assert revocations.claim(tx, NOW, only="rev_2") == []
    [row] = revocations.claim(tx, NOW, only="rev_1")
    assert row.id == "rev_1"


def test_a_confirmed_revocation_is_wiped_and_a_late_failure_changes_nothing(tx: Tx) -> None:
    revocations.put(tx, waits(1))
    revocations.failed(tx, "rev_1", "503", retry_at=NOW + LATER)
    [row] = revocations.waiting(tx, "con_acme")
    assert (row.error, row.next_at) == ("503", NOW + LATER)
    revocations.done(tx, "rev_1", NOW)
    revocations.failed(tx, "rev_1", "late", retry_at=NOW)
    assert revocations.waiting(tx) == []
    assert not revocations.is_any_due(tx, NOW + LATER)


# --- sealed rows ---------------------------------------------------------------------------------


def blob(number: int, text: bytes = b"") -> bytes:
    return b"\x01" + bytes([number]) * 8 + text


def test_sealed_rows_are_counted_and_paged_by_the_key_in_their_head(tx: Tx) -> None:
    for number in range(5):
        revocations.put(tx, waits(number, sealed=blob(number % 2)))
    one, two = (bytes([number]) * 8 for number in (0, 1))
    counted = sealed.by_key(tx)
    assert (counted[one.hex()], counted[two.hex()]) == (3, 2)
    first = sealed.of_others(tx, "revocation", two.hex(), limit=2)
    assert [each.key for each in first] == ["rev_0", "rev_2"]
    rest = sealed.of_others(tx, "revocation", two.hex(), after="rev_2")
    assert [each.key for each in rest] == ["rev_4"]


def test_a_row_that_changed_since_it_was_read_is_left_alone(tx: Tx) -> None:
    revocations.put(tx, waits(1, sealed=blob(0)))
    [row] = sealed.of_others(tx, "revocation", (b"\x01" * 8).hex())
    assert sealed.put(tx, row, blob(1))
    assert not sealed.put(tx, row, blob(2))
    assert sealed.of_others(tx, "revocation", (b"\x01" * 8).hex()) == []


def test_wiped_rows_are_sealed_by_nobody(tx: Tx) -> None:
    before = sealed.by_key(tx)
    revocations.put(tx, waits(1, sealed=credentials.WIPED))
    assert sealed.by_key(tx) == before
