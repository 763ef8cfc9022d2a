"""The outbox: written with the change, delivered at least once, redacted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evergrant.model import Notice, Secret
from evergrant.store import Tx, outbox
from evergrant.store.outbox import HIDDEN_FOR
from store_kit import (
    NOW,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
)

pytestmark = pytest.mark.usefixtures("each_database")

BROKEN = Notice("con_acme", "broken", "acme is broken", "reconnect it", NOW, {"tries": 2})


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh(tmp_path) as store, store.write() as begun:
        yield begun


def test_a_notice_comes_out_as_it_went_in_for_its_channel(tx: Tx) -> None:
    put = outbox.put(tx, BROKEN, channel="webhook")
    [item] = outbox.claim(tx, NOW)
    assert (item.id, item.channel, item.attempts) == (put, "webhook", 1)
    assert item.notice == BROKEN


def test_a_claimed_notice_is_hidden_and_comes_back_when_nothing_was_said(tx: Tx) -> None:
    outbox.put(tx, BROKEN, channel="log")
    outbox.claim(tx, NOW)
    assert outbox.claim(tx, NOW) == []
    [again] = outbox.claim(tx, NOW + HIDDEN_FOR)
    assert again.attempts == 2


def test_a_delivered_notice_is_not_sent_again(tx: Tx) -> None:
    outbox.put(tx, BROKEN, channel="log")
    [item] = outbox.claim(tx, NOW)
    assert outbox.waiting(tx) == 1
    outbox.delivered(tx, item, NOW)
    assert outbox.claim(tx, NOW + timedelta(days=1)) == []
    assert outbox.waiting(tx) == 0


def test_a_failed_notice_is_tried_again_when_told_or_given_up(tx: Tx) -> None:
    outbox.put(tx, BROKEN, channel="log")
    [item] = outbox.claim(tx, NOW)
    assert outbox.failed(tx, item, "HTTP 500", retry_at=NOW + timedelta(seconds=5))
    assert outbox.claim(tx, NOW + timedelta(seconds=4)) == []
    [again] = outbox.claim(tx, NOW + timedelta(seconds=5))
    assert outbox.failed(tx, again, "HTTP 500", retry_at=None)
    assert outbox.waiting(tx) == 0


def test_a_late_failure_does_not_disturb_the_attempt_after_it(tx: Tx) -> None:
    outbox.put(tx, BROKEN, channel="log")
    [slow] = outbox.claim(tx, NOW)
    [fast] = outbox.claim(tx, NOW + HIDDEN_FOR)
    assert not outbox.failed(tx, slow, "timeout", retry_at=None)
    outbox.delivered(tx, fast, NOW)
    assert not outbox.failed(tx, fast, "timeout", retry_at=NOW)


def test_the_oldest_go_first_and_no_more_than_asked(tx: Tx) -> None:
    newer = Notice("con_b", "broken", "b", "", NOW)
    older = Notice("con_a", "broken", "a", "", NOW - timedelta(minutes=1))
    for each in (newer, older):
        outbox.put(tx, each, channel="log")
    assert [item.notice.title for item in outbox.claim(tx, NOW, limit=1)] == ["a"]


def test_a_notice_cannot_carry_a_secret_into_the_database(tx: Tx) -> None:
    data = {"reply": Secret("planted"), "token": "planted"}
    outbox.put(
        tx, Notice("con_a", "broken", "t", "refresh_token=planted", NOW, data), channel="log"
    )
    [item] = outbox.claim(tx, NOW)
    assert "planted" not in repr(item)
