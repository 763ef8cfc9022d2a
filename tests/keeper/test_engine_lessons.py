"""The lessons that every peer paid for, one test each (see the table in the notes on grants)."""

# ruff: noqa: N802 (the lessons keep their numbers)
from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from engine_kit import QUICK, Walk, fingerprint, refused, rows, sent, worker
from evergrant import keeper as verbs
from evergrant.errors import ComeBack, Misuse, Refused, StoreTrouble
from evergrant.health import BROKEN, State
from evergrant.keeper.engine import Busy, Failed, Fresh, HeldBack, Rules, Want, kind_of
from evergrant.keeper.engine.gates import Gates
from evergrant.keeper.engine.spill import Spill
from evergrant.keeper.engine.steps import Commit, Elsewhere, Send
from evergrant.keeper.failed import Overtaken, take_failure
from evergrant.keeper.life import Need, need
from evergrant.model import Connection, Credential, Secret
from evergrant.oauth import assertions
from evergrant.store import lifetimes
from evergrant.watch import go_round
from fault_kit import until
from keeper_kit import (
    BROWSER_APP,
    JWT_APP,
    REVOKE,
    TOKEN,
    USERINFO,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)

BUSY = {"error": "invalid_grant", "error_description": "token request is already being processed"}
GONE = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
PAGE = "<html><body>Data Not Available</body></html>"


def rotating(ground: Ground) -> Connection:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    return ground.connected()


def org_of(connection: Connection) -> str:
    assert connection.identity is not None
    return connection.identity.org_id


def test_L01_two_workers_and_many_threads_send_one_request(ground: Ground) -> None:
    connection = rotating(ground)
    want = refused(ground, connection)
    ground.fault(TOKEN, delay_s=0.2)
    with worker(ground) as one, worker(ground) as two, ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda k: k.engine.renew(want), [one, two] * 6))
    assert all(isinstance(each, Fresh) for each in found)
    assert len(sent(ground)) == 1
    assert len({each.kept.credential.access_token for each in found}) == 1


def test_L02_a_provider_slower_than_the_lease_is_waited_for_by_everybody(ground: Ground) -> None:
    connection = rotating(ground)
    want = refused(ground, connection)
    ground.fault(TOKEN, delay_s=1.6)
    with worker(ground) as one, worker(ground) as two, ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda k: k.engine.renew(want), [one, two]))
    assert len(sent(ground)) == 1
    fresh = [each for each in found if isinstance(each, Fresh)]
    assert len(fresh) + sum(isinstance(each, Busy) for each in found) == 2
    assert ground.is_live(ground.live(connection).credential.refresh_token)
    assert fresh


def test_L03_who_was_overtaken_releases_nothing_that_is_not_its_own(ground: Ground) -> None:
    connection = rotating(ground)
    with worker(ground) as one, worker(ground) as two:
        late = Walk(one, refused(ground, connection)).to(Send)
        late.engine.hands.claims.mine.clear()
        wait_until_dead(two.engine, ground, connection)
        second = Walk(two, refused(ground, connection)).to(Send)
        ticket = late.at.ticket  # type: ignore[union-attr]
        late.at = Send(replace(ticket, ends=0.0))
        late.to(Commit).step()
        assert [each.state for each in rows(ground, connection)] == ["not sent", "under way"]
        assert isinstance(second.end(), Fresh)


def wait_until_dead(engine: Any, ground: Ground, connection: Connection) -> None:
    """Let another worker see a lapsed lease stand still for long enough."""
    ground.control.advance(timedelta(seconds=engine.rules.lease_s + 1))
    claims, (row,) = engine.hands.claims, [r for r in rows(ground, connection) if not r.ended_at]
    claims.seen[row.seq] = (row.beat, engine.hands.ticks() - 2 * engine.rules.lease_s)


def test_L04_who_waits_in_vain_is_told_to_come_back_and_sends_nothing(ground: Ground) -> None:
    connection = rotating(ground)
    at_hand = fingerprint(ground, connection)
    with worker(ground) as one, worker(ground, replace(QUICK, looks=2, lease_s=60)) as two:
        Walk(one, refused(ground, connection)).to(Send)
        assert isinstance(two.engine.renew(refused(ground, connection)), Busy)
        with pytest.raises(ComeBack) as told:
            verbs.fresh_token(two, connection.id, not_token=at_hand)
    assert told.value.retry_after_s > 0
    assert sent(ground) == []
    assert ground.now(connection.id).state is State.CONNECTED


def test_L05a_a_store_that_cannot_be_written_is_found_before_the_token_is_spent(
    ground: Ground,
) -> None:
    connection = rotating(ground)
    with worker(ground) as one:
        raw = sqlite3.connect(one.store.path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreTrouble):
            one.engine.renew(refused(ground, connection))
        raw.close()
    assert sent(ground) == []


def test_L05b_the_raw_answer_is_on_the_disk_before_anybody_reads_it(ground: Ground) -> None:
    connection = rotating(ground)
    moments: list[str] = []
    with worker(ground, trace=moments.append) as one:
        Walk(one, refused(ground, connection)).send_and_die()
    (row,) = rows(ground, connection)
    assert (row.state, row.sealed is not None) == ("answered", True)
    with worker(ground) as two:
        wait_until_dead(two.engine, ground, connection)
        assert isinstance(two.engine.renew(refused(ground, connection)), Fresh)
    assert len(sent(ground)) == 1, "the stored answer was committed, nothing was sent"
    assert ground.is_live(ground.live(connection).credential.refresh_token)
    assert rows(ground, connection)[0].sealed is None


def test_L05c_an_answer_that_the_store_refuses_waits_in_a_file(ground: Ground) -> None:
    connection = rotating(ground)
    want, locked = refused(ground, connection), []

    def lock(moment: str) -> None:
        if moment == "answer came":
            raw = sqlite3.connect(
                ground.keeper.store.path, isolation_level=None, check_same_thread=False
            )
            raw.execute("BEGIN IMMEDIATE")
            locked.append(raw)

    with worker(ground, trace=lock, patience_s=0.1) as one:
        with pytest.raises(StoreTrouble):
            one.engine.renew(want)
        (path,) = (ground.keeper.settings.data_dir / "spill").glob("*.answer")
        assert path.stat().st_mode & 0o777 == 0o600
        locked[0].close()
        assert isinstance(one.engine.renew(want), Fresh)
        assert not path.exists()
    assert len(sent(ground)) == 1
    assert ground.is_live(ground.live(connection).credential.refresh_token)


def test_L05d_after_an_unknown_outcome_the_access_token_is_used_up_first(ground: Ground) -> None:
    connection = rotating(ground)
    ground.fault(TOKEN, drop="after")
    with worker(ground) as one:
        first = one.engine.renew(refused(ground, connection))
        assert isinstance(first, Failed)
        wants = Want(connection.id, fingerprint(ground, connection), urgent=True)
        kept = one.engine.renew(wants)
        assert isinstance(kept, Fresh)
        assert (kept.sent, kept.doubtful) == (False, True)
        until(lambda: len(sent(ground)) == 1)  # the org writes down what it cut off afterwards
        lost = one.engine.renew(refused(ground, connection))
    assert isinstance(lost, Failed)
    assert (lost.kind.id, lost.kind.cause) == ("reuse detected", "refresh-token-lost-in-crash")
    assert len(sent(ground)) == 2, "the old refresh token is tried once"


def test_L06_nobody_sees_a_token_before_it_is_committed(ground: Ground) -> None:
    connection = rotating(ground)
    moments: list[str] = []
    with worker(ground, trace=moments.append) as one:
        one.engine.renew(refused(ground, connection))
    wanted = ["answer came", "answer stored", "after Send", "after Commit", "before Publish"]
    assert [each for each in moments if each in wanted] == wanted


def test_L07_an_answer_that_leaves_something_out_takes_nothing_away(ground: Ground) -> None:
    connection = ground.connected()
    before = ground.live(connection).credential
    ground.fault(TOKEN, status=200, body=json.dumps({"access_token": "00Dnarrow!answer"}))
    with worker(ground) as one:
        assert isinstance(one.engine.renew(refused(ground, connection)), Fresh)
    after = ground.live(connection).credential
    assert after.access_token == Secret("00Dnarrow!answer")
    kept = ("refresh_token", "instance_url", "scopes", "identity_url")
    assert [getattr(after, each) for each in kept] == [getattr(before, each) for each in kept]
    assert ground.now(connection.id) == connection


def test_L08_a_refresh_never_overwrites_a_reauthorization(ground: Ground) -> None:
    connection = rotating(ground)
    with worker(ground) as one:
        late = Walk(one, refused(ground, connection))
        late.to(Send).step()
        assert ground.reauthorized(connection).status == "done"
        newest = ground.live(connection)
        outcome = late.end()
    assert isinstance(outcome, Fresh)
    assert outcome.kept.credential == newest.credential == ground.live(connection).credential
    assert ground.live_refresh_tokens() == 1, "what came too late is revoked"
    assert ground.requests(REVOKE)


def test_L08_what_came_too_late_is_tried_again_until_salesforce_has_confirmed_its_end(
    ground: Ground,
) -> None:
    connection = rotating(ground)
    with worker(ground) as one:
        late = Walk(one, refused(ground, connection))
        late.to(Send).step()
        assert ground.reauthorized(connection).status == "done"
        ground.fault(REVOKE, status=429, body=json.dumps({"error": "rate_limit_exceeded"}))
        late.end()
        assert ground.live_refresh_tokens() == 2
        assert "rate_limit_exceeded" in ground.history(connection, "not revoked")[0].text
        with ground.keeper.reading() as tx:
            (orphan,) = one.engine.hands.orphans(tx, connection)
        one.engine.hands.give_back(orphan)
        with ground.keeper.reading() as tx:
            assert one.engine.hands.orphans(tx, connection) == []
    assert ground.live_refresh_tokens() == 1


def test_L09_a_late_refusal_buries_nobody(ground: Ground) -> None:
    connection = rotating(ground)
    with worker(ground) as one:
        late = Walk(one, refused(ground, connection)).to(Send)
        ground.fault(TOKEN, status=400, body=json.dumps(GONE))
        late.step()
        ground.control.ask("POST", "/faults", json=[])
        assert ground.reauthorized(connection).status == "done"
        outcome = late.end()
        assert isinstance(outcome, Failed)
        with pytest.raises(Overtaken):
            take_failure(one, connection, outcome, doing="renewal")
    assert ground.now(connection.id).state is State.CONNECTED
    assert ground.notices() == []


def test_L10_a_token_in_use_elsewhere_is_waited_for_and_tried_again(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(TOKEN, status=400, body=json.dumps(BUSY), times=2)
    with worker(ground) as one:
        at_hand = fingerprint(ground, connection)
        token = verbs.fresh_token(one, connection.id, not_token=at_hand)
    assert token.access_token.fingerprint != at_hand
    assert len(sent(ground)) == 3
    assert ground.now(connection.id).state is State.CONNECTED


def test_L11_while_the_host_fails_a_token_that_works_is_served(ground: Ground) -> None:
    connection = ground.connected()
    with ground.keeper.writing() as tx:
        now = ground.keeper.clock.now()
        lifetimes.told(tx, connection.integration, org_of(connection), 900, "introspection", now)
    ground.control.advance(timedelta(seconds=880))
    ground.fault(TOKEN, status=503, content_type="text/html", body=PAGE, times=99)
    with worker(ground, replace(QUICK, first_wait_s=0)) as one:
        served = [verbs.fresh_token(one, connection.id) for _ in range(8)]
    assert {each.access_token for each in served} == {
        ground.live(connection).credential.access_token
    }
    assert all(each.stale for each in served)
    assert len(sent(ground)) == 1, "its outcome is not known: the access token is used up first"
    assert ground.now(connection.id).state not in BROKEN


def test_L11_a_host_that_fails_is_left_alone_and_tried_by_one_at_a_time() -> None:
    now = [0.0]
    gates = Gates(Rules(trips=3, open_s=10), lambda: now[0])
    for _ in range(3):
        assert gates.enter("host", "") == (0.0, "")
        gates.failed("host")
    assert gates.enter("host", "")[0] == 10.0
    assert gates.enter("another", "") == (0.0, "")
    now[0] += 10.0
    assert gates.enter("host", "") == (0.0, ""), "one tries it"
    assert gates.enter("host", "")[0] > 0, "and nobody else"
    gates.answered("host")
    assert gates.enter("host", "") == (0.0, "")


def test_L12_a_dead_credential_is_never_sent_by_itself(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.NEEDS_REAUTHORIZATION
    asked = len(sent(ground))
    for _ in range(3):
        ground.control.advance(timedelta(hours=1))
        go_round(ground.keeper, "watch")
        at_hand = fingerprint(ground, connection)
        with pytest.raises(Misuse, match="needs reauthorization"):
            verbs.fresh_token(ground.keeper, connection.id, not_token=at_hand)
    assert len(sent(ground)) == asked


def test_L13_one_refused_token_causes_one_request_however_often_it_is_reported(
    ground: Ground,
) -> None:
    connection = ground.connected()
    at_hand = fingerprint(ground, connection)
    with worker(ground) as one:
        told = {
            verbs.fresh_token(one, connection.id, not_token=at_hand).generation for _ in range(20)
        }
    assert len(told) == 1
    assert len(sent(ground)) == 1


def test_L14_a_late_report_about_an_old_token_gets_the_present_one(ground: Ground) -> None:
    connection = ground.connected()
    with worker(ground) as one:
        first = fingerprint(ground, connection)
        second = verbs.fresh_token(one, connection.id, not_token=first)
        late = verbs.fresh_token(one, connection.id, not_token=first)
    assert late == second
    assert len(sent(ground)) == 1


def test_L15_lifetimes_are_learned_and_never_assumed(ground: Ground) -> None:
    connection = ground.connected()
    kept, chance = ground.live(connection), Random(7)
    late = ground.keeper.clock.now() + timedelta(days=3)
    assert need(kept.credential, None, late, chance) is Need.NONE
    ground.control.advance(timedelta(minutes=100))
    ground.control.act("expire_sessions", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    with ground.keeper.reading() as tx:
        learned = lifetimes.get(tx, connection.integration, org_of(connection))
    assert learned.observed_s[0] in range(5990, 6060)
    assert learned.life is not None
    assert learned.life <= timedelta(seconds=0.9 * learned.observed_s[0])
    assert learned.told_by == "introspection"


def test_L15_a_token_that_was_ended_early_teaches_no_lifetime(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    with ground.keeper.reading() as tx:
        found = lifetimes.get(tx, connection.integration, org_of(connection))
    assert found.observed_s == ()


def test_L16_a_fleet_that_was_connected_together_does_not_renew_together(ground: Ground) -> None:
    kept, life = ground.live(ground.connected()).credential, timedelta(hours=2)
    assert kept.issued_at is not None
    chance, begun = Random(7), set()
    for _ in range(200):
        minute = next(
            m for m in range(121)
            if need(kept, life, kept.issued_at + timedelta(minutes=m), chance) is not Need.NONE
        )  # fmt: skip
        begun.add(minute)
    assert len(begun) > 3
    assert min(begun) >= 120 - 1.2 * 15 - 1


def test_L16_an_org_and_a_host_are_asked_within_their_budgets() -> None:
    now = [0.0]
    gates = Gates(Rules(org_rate=1, org_burst=3, host_rate=10, host_burst=100), lambda: now[0])
    assert [gates.enter("host", "org")[0] for _ in range(4)] == [0, 0, 0, 1.0]
    assert gates.enter("host", "another") == (0.0, "")
    now[0] += 1.0
    assert gates.enter("host", "org") == (0.0, "")


def test_L17_an_application_gets_access_tokens_only(ground: Ground) -> None:
    connection = ground.connected()
    token = verbs.fresh_token(ground.keeper, connection.id)
    secrets = [getattr(token, each.name) for each in fields(token)]
    assert ground.live(connection).credential.refresh_token not in secrets
    assert token.access_token.reveal() not in repr(token)


def test_L18_nobody_waits_for_anothers_connection_nor_for_a_token_that_works(
    ground: Ground,
) -> None:
    slow, other = ground.connected("Slow"), ground.connected("Other", app=JWT_APP)
    at_hand = fingerprint(ground, other)
    arrived, go = threading.Event(), threading.Event()

    def hold(moment: str) -> None:
        if moment == "answer came" and threading.current_thread().name.startswith("slow"):
            arrived.set()
            go.wait(10)

    with (
        worker(ground, trace=hold) as one,
        ThreadPoolExecutor(1, thread_name_prefix="slow") as pool,
    ):
        waiting = pool.submit(one.engine.renew, refused(ground, slow))
        assert arrived.wait(10)
        assert verbs.fresh_token(one, slow.id).access_token
        assert verbs.fresh_token(one, other.id, not_token=at_hand).generation.startswith("1.1-")
        assert not waiting.done()
        go.set()
        assert isinstance(waiting.result(), Fresh)


def test_L19_no_transaction_is_open_while_salesforce_is_asked(ground: Ground) -> None:
    connection = ground.connected()
    with worker(ground) as one:
        Walk(one, refused(ground, connection)).to(Send)
        assert one.store.database.writer.pool.checkedout() == 0  # type: ignore[attr-defined]
        with one.writing() as tx:
            assert tx.in_transaction()


def test_L20_a_reauthorization_that_fails_leaves_the_old_credential(ground: Ground) -> None:
    connection = ground.connected()
    before = ground.live(connection)
    ground.fault(USERINFO, **no_session())
    ground.reauthorized(connection)
    assert ground.live(connection).credential == before.credential
    assert ground.is_live(before.credential.refresh_token)


def test_L21_a_spilled_answer_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill = Spill(tmp_path / "spill")
    spill.prepare()
    spill.keep(7, b"first")
    assert spill.find(7) == b"first"
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        spill.keep(7, b"second, which is longer")
    assert spill.find(7) == b"first"
    assert {each.name for each in spill.folder.iterdir()} <= {"7.answer", "reserve"}


def full_disk(_number: int) -> None:
    raise OSError(28, "No space left on device")


def test_L21_the_reserve_makes_room_on_a_full_disk(tmp_path: Path) -> None:
    spill, left = Spill(tmp_path / "spill"), [1]
    spill.prepare()
    write = spill._write

    def once_full(path: Path, content: bytes) -> None:
        if left and (tmp_path / "spill" / "reserve").exists():
            raise OSError(28, "No space left on device")
        write(path, content)

    spill._write = once_full  # type: ignore[method-assign]
    spill.keep(1, b"answer")
    assert spill.find(1) == b"answer"


def test_L22_a_replayed_token_is_named_as_such_and_not_as_revoked() -> None:
    words = Refused(GONE["error"], GONE["error_description"])
    assert kind_of(words, of_refresh_token=True).id == "dead"
    assert kind_of(words, of_refresh_token=True, replayed=True).id == "reuse detected"


def test_L23_a_caller_that_is_cancelled_takes_nobody_down(ground: Ground) -> None:
    connection = rotating(ground)
    want = refused(ground, connection)
    ground.fault(TOKEN, delay_s=0.3)

    async def play(one: Any) -> Any:
        async with aiohttp.ClientSession() as via:
            first = asyncio.create_task(one.engine.arenew(want, via))
            others = [asyncio.create_task(one.engine.arenew(want, via)) for _ in range(5)]
            await asyncio.sleep(0.1)
            first.cancel()
            return await asyncio.gather(*others)

    with worker(ground) as one:
        found = asyncio.run(play(one))
    assert all(isinstance(each, Fresh) for each in found)
    assert len(sent(ground)) == 1
    assert ground.is_live(ground.live(connection).credential.refresh_token)


def test_L24_a_key_is_parsed_once_however_often_it_signs(ground: Ground) -> None:
    connection = ground.connected(app=JWT_APP)
    verbs.check(ground.keeper, connection.id, renew=True)
    before = assertions._key.cache_info()
    for _ in range(3):
        verbs.check(ground.keeper, connection.id, renew=True)
    after = assertions._key.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 3)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "body": json.dumps(BUSY)},
        {"status": 503, "content_type": "text/html", "body": PAGE},
        {"status": 400, "body": '{"error": "rate_limit_exceeded"}'},
        {"drop": "before"},
    ],
    ids=["contended", "page", "rate", "network"],
)
def test_L25_what_passes_by_itself_raises_no_banner(ground: Ground, fault: dict[str, Any]) -> None:
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    ground.fault(TOKEN, times=99, **fault)
    for _ in range(3):
        verbs.check(ground.keeper, connection.id)
    assert ground.notices() == []
    assert ground.now(connection.id).state is State.DEGRADED
    ground.control.ask("POST", "/faults", json=[])
    assert verbs.check(ground.keeper, connection.id).connection.state is State.CONNECTED


def test_a_caller_whose_request_just_failed_waits_before_the_next(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(TOKEN, drop="before", times=9)
    want = refused(ground, connection, urgent=False)
    with worker(ground) as one:
        assert isinstance(one.engine.renew(want), Failed)
        held = one.engine.renew(want)
    assert isinstance(held, HeldBack)
    assert 0 < held.retry_after_s <= QUICK.first_wait_s


def test_claiming_is_refused_while_another_worker_beats(ground: Ground) -> None:
    connection = ground.connected()
    with worker(ground) as one, worker(ground) as two:
        Walk(one, refused(ground, connection)).to(Send)
        second = Walk(two, refused(ground, connection))
        second.step()
        assert isinstance(second.answer, Elsewhere)


def test_a_credential_without_a_known_end_is_used_until_it_is_refused() -> None:
    bare = Credential(Secret("a"), "https://acme.my.salesforce.com")
    from datetime import UTC, datetime

    assert need(bare, timedelta(hours=1), datetime.now(UTC), Random(1)) is Need.NONE
