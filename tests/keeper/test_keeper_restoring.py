"""Backup and restore: nothing is replaced unseen, and restored tokens are tried with care."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evergrant import keeper as verbs
from evergrant.emulator.server import Emulator
from evergrant.errors import BadInput, Misuse, Refused, StoreTrouble, VaultTrouble
from evergrant.keeper import Keeper
from evergrant.keeper.engine import Fresh, HeldBack, Want
from evergrant.log import acting_as
from evergrant.model import Connection
from evergrant.settings import Settings
from evergrant.store import Store, audit_log, backup, connections, due, token_requests
from keeper_kit import (
    BROWSER_APP,
    KEY,
    TOKEN,
    Ground,
    QuickClock,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)


@pytest.fixture
def copied(ground: Ground, tmp_path: Path) -> tuple[Connection, Path]:
    """A connection with a rotating token, and a backup of it."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection, target = ground.connected(), tmp_path / "backup.db"
    assert verbs.back_up(ground.keeper, target) == ground.keeper.vault.key_id
    return connection, target


def restored(ground: Ground, source: Path, folder: Path) -> Settings:
    """The backup in a data folder of its own, as after the loss of a machine."""
    settings = ground.keeper.settings.but(data_dir=folder / "restored")
    verbs.restore(settings, source, clock=ground.keeper.clock, environ=KEY)
    return settings


@pytest.fixture
def after(
    ground: Ground, copied: tuple[Connection, Path], tmp_path: Path, shared_org: Emulator
) -> Iterator[Ground]:
    """The keeper of the restored store."""
    settings = restored(ground, copied[1], tmp_path)
    clock = QuickClock(lambda: shared_org.clock.offset)
    with verbs.open_keeper(settings, clock=clock, environ=KEY) as keeper:
        stage = type(ground.stage)(ground.control, keeper, shared_org.url)
        yield Ground(shared_org, stage)


def test_a_backup_is_one_file_of_its_owner_alone_and_holds_no_secret(
    ground: Ground, copied: tuple[Connection, Path]
) -> None:
    connection, target = copied
    assert target.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in target.parent.glob("*backup*")] == ["backup.db"]
    credential = ground.live(connection).credential
    assert credential.refresh_token is not None
    assert credential.refresh_token.reveal().encode() not in target.read_bytes()
    with pytest.raises(BadInput, match="there already"):
        verbs.back_up(ground.keeper, target)


def test_a_backup_while_others_write_is_of_one_moment(ground: Ground, tmp_path: Path) -> None:
    connection = ground.connected()
    with ground.keeper.writing() as tx:
        connections.update(tx, connection.id, name="half")
        backup.copy_to(ground.keeper.store.path, tmp_path / "one.db")
        connections.update(tx, connection.id, name="whole")
    with Store.open(f"sqlite:///{tmp_path / 'one.db'}") as store, store.read() as tx:
        assert connections.by_id(tx, connection.id).name == "Acme"


def test_a_backup_and_a_restore_stand_in_the_audit_log(ground: Ground, tmp_path: Path) -> None:
    ground.connected()
    with acting_as("command line ada"):
        verbs.back_up(ground.keeper, tmp_path / "one.db")
        settings = restored(ground, tmp_path / "one.db", tmp_path)
    *_, made = verbs.deeds(ground.keeper)
    key = ground.keeper.vault.key_id
    assert (made.actor, made.act) == ("command line ada", "backup")
    assert made.text == f"{tmp_path / 'one.db'}, sealed with key {key}"
    with verbs.open_keeper(settings, clock=ground.keeper.clock, environ=KEY) as keeper:
        *_, told = verbs.deeds(keeper)
    assert (told.actor, told.act) == ("command line ada", "restore")
    assert told.text.startswith(f"from {tmp_path / 'one.db'}; ")


def test_what_was_done_since_the_backup_stays_in_the_audit_log(
    copied: tuple[Connection, Path], shared_org: Emulator, tmp_path: Path
) -> None:
    clock = QuickClock(lambda: shared_org.clock.offset)
    settings, later = Settings(tmp_path / "here"), tmp_path / "later.db"
    verbs.restore(settings, copied[1], clock=clock, environ=KEY)

    def told(*acts: Callable[[Keeper], object]) -> list[tuple[datetime, str, str]]:
        """The log after these acts."""
        with verbs.open_for_all(settings, clock=clock, environ=KEY) as keeper:
            for act in acts:
                act(keeper)
            return [(each.at, each.act, each.text) for each in verbs.deeds(keeper)]

    with acting_as("command line ada"):
        begun = told(
            lambda keeper: verbs.pause(keeper.of("default"), copied[0].id),
            lambda keeper: verbs.back_up(keeper, later),
        )
        done = told(lambda keeper: verbs.resume(keeper.of("default"), copied[0].id))
        verbs.restore(settings, later, clock=clock, environ=KEY)
    *before, (_, act, text) = told()
    assert before == done
    with Store.open(f"sqlite:///{later}") as store, store.read() as tx:
        since = len(done) - len(audit_log.after(tx, limit=500))
    assert since > len(done) - len(begun) > 0
    assert (act, text.partition("; ")[2]) == (
        "restore",
        f"{since} lines of the audit log since the backup are kept",
    )


def test_a_store_that_takes_nothing_any_more_is_backed_up_all_the_same(
    ground: Ground, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connection = ground.connected()
    with ground.keeper.store.write() as tx:
        tx.exec_driver_sql("PRAGMA query_only=ON")
    with acting_as("command line ada"):
        verbs.back_up(ground.keeper, tmp_path / "one.db")
    assert "the backup stands in no audit log" in caplog.text
    with Store.open(f"sqlite:///{tmp_path / 'one.db'}") as store, store.read() as tx:
        assert connections.by_id(tx, connection.id).name == "Acme"


def test_a_restored_connection_works_and_its_access_token_is_used_up_first(
    after: Ground, copied: tuple[Connection, Path]
) -> None:
    connection = after.now(copied[0].id)
    before = len(after.requests(TOKEN))
    assert verbs.check(after.keeper, connection.id).failure is None
    verbs.fresh_token(after.keeper, connection.id)
    assert len(after.requests(TOKEN)) == before
    [event] = after.history(connection, "restored")
    assert "backup" in event.text
    with after.keeper.reading() as tx:
        [doubt] = token_requests.of(tx, connection.id)
    assert (doubt.state, doubt.owner) == ("unknown", token_requests.RESTORED)


def test_a_refresh_token_that_was_not_used_since_the_backup_goes_on(
    after: Ground, copied: tuple[Connection, Path]
) -> None:
    after.control.act("expire_sessions", app=BROWSER_APP)
    assert verbs.check(after.keeper, copied[0].id).failure is None
    assert after.is_live(after.live(copied[0]).credential.refresh_token)


def test_a_refresh_token_that_was_spent_since_is_tried_once_and_named_as_spent(
    ground: Ground, copied: tuple[Connection, Path], tmp_path: Path
) -> None:
    connection, source = copied
    verbs.check(ground.keeper, connection.id, renew=True)
    settings = restored(ground, source, tmp_path)
    clock = ground.keeper.clock
    ground.control.act("expire_sessions", app=BROWSER_APP)
    with verbs.open_keeper(settings, clock=clock, environ=KEY) as keeper:
        before = len(ground.requests(TOKEN))
        first = verbs.check(keeper, connection.id)
        assert isinstance(first.failure, Refused)
        assert first.diagnosis is not None
        assert first.diagnosis.cause == "refresh-token-rotated-or-reused"
        with keeper.reading() as tx:
            kept = keeper.vault.live(tx, connection.id)
        assert kept is not None
        with pytest.raises(Misuse):
            verbs.fresh_token(
                keeper, connection.id, not_token=kept.credential.access_token.fingerprint
            )
        assert len(ground.requests(TOKEN)) == before + 1


def test_restored_refresh_tokens_are_tried_one_at_a_time(
    ground: Ground, tmp_path: Path, shared_org: Emulator
) -> None:
    one, two = ground.connected("One"), ground.connected("Two")
    verbs.back_up(ground.keeper, tmp_path / "backup.db")
    settings = restored(ground, tmp_path / "backup.db", tmp_path)
    ground.control.act("expire_sessions", app=BROWSER_APP)
    clock = QuickClock(lambda: shared_org.clock.offset)
    with verbs.open_keeper(settings, clock=clock, environ=KEY) as keeper:
        claims = keeper.engine.hands.claims
        wants = []
        for each in (one, two):
            at_hand = ground.live(each).credential.access_token.fingerprint
            wants.append(Want(each.id, at_hand, refused=True, urgent=True))
        with keeper.writing() as tx:
            first, second = claims.claim_each(tx, wants)  # in one transaction …
        with keeper.writing() as tx:
            [again] = claims.claim_each(tx, wants[1:])  # … and after it
        for held in (second, again):
            assert isinstance(held, HeldBack)
            assert "one at a time" in held.why
        assert not isinstance(first, HeldBack)
        with keeper.writing() as tx:
            [open_row, *_] = token_requests.of(tx, one.id)
            token_requests.end(tx, open_row.seq, "not sent", clock.now())
        assert isinstance(keeper.engine.renew(wants[1]), Fresh)


def test_restored_connections_are_checked_one_after_another(ground: Ground, tmp_path: Path) -> None:
    for name in ("One", "Two", "Three"):
        ground.connected(name)
    verbs.back_up(ground.keeper, tmp_path / "backup.db")
    settings = restored(ground, tmp_path / "backup.db", tmp_path)
    now = ground.keeper.clock.now()
    with Store.open(settings.database) as store:
        for seconds, expected in ((0.5, 1), (2.5, 2), (4.5, 3)):
            with store.read() as tx:
                moment = now + timedelta(seconds=seconds)
                waiting = due.waiting(tx, moment, kinds=("check",), at_most=9)
            assert waiting == expected


def test_the_store_before_is_kept_and_what_was_spilled_since_is_set_aside(
    ground: Ground, copied: tuple[Connection, Path], tmp_path: Path
) -> None:
    settings = restored(ground, copied[1], tmp_path)
    spill = settings.data_dir / "spill"
    spill.mkdir()
    (spill / "7.answer").write_bytes(b"sealed")
    again = verbs.restore(settings, copied[1], clock=ground.keeper.clock, environ=KEY)
    assert (again.connections, again.doubtful) == (1, 1)
    assert again.set_aside is not None
    with Store.open(f"sqlite:///{again.set_aside}") as store, store.read() as tx:
        assert [each.name for each in connections.every(tx)] == ["Acme"]
    assert not spill.exists()
    assert list(settings.data_dir.glob("spill.before-*/7.answer"))
    assert not list(settings.data_dir.glob("*.draft*"))


def test_what_is_no_backup_of_ours_replaces_nothing(
    ground: Ground, copied: tuple[Connection, Path], tmp_path: Path
) -> None:
    settings = restored(ground, copied[1], tmp_path)
    whole = settings.data_dir / "evergrant.db"
    before = whole.read_bytes()
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE x (y)")
    (tmp_path / "text.db").write_text("hello, this is no database at all")
    (tmp_path / "half.db").write_bytes(copied[1].read_bytes()[:20_000])
    for name, error in (
        ("none.db", BadInput),
        ("other.db", StoreTrouble),
        ("text.db", StoreTrouble),
        ("half.db", StoreTrouble),
    ):
        with pytest.raises(error):
            verbs.restore(settings, tmp_path / name, environ=KEY)
    wrong = {"EVERGRANT_MASTER_KEY": "d3Jvbmd3cm9uZ3dyb25nd3Jvbmd3cm9uZ3dyb25nd3I="}
    with pytest.raises(VaultTrouble, match="not the one"):
        verbs.restore(settings, copied[1], environ=wrong)
    assert whole.read_bytes() == before
    assert not list(settings.data_dir.glob("*.draft*"))


def test_a_database_server_is_restored_by_its_own_tools(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://db.example/evergrant")
    with pytest.raises(Misuse, match="its own tools"):
        verbs.restore(settings, tmp_path / "x", environ=KEY)
