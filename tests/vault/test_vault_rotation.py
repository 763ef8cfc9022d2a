"""Rotating the master key: nothing is left behind, nothing is unreadable for a moment."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import store_kit
from evergrant import keeper as verbs
from evergrant.errors import Misuse, VaultTrouble
from evergrant.keeper import Keeper
from evergrant.keeper.presence import present
from evergrant.keeper.resealing import Progress
from evergrant.log import acting_as
from evergrant.model import Secret
from evergrant.settings import Settings
from evergrant.store import (
    Store,
    connections,
    processes,
    revocations,
    sealed,
    tables,
    token_requests,
)
from evergrant.store.flows import Flow
from evergrant.store.flows import add as add_flow
from evergrant.store.processes import Process
from evergrant.store.revocations import Revocation
from evergrant.store.token_requests import RawAnswer
from evergrant.vault import Vault
from evergrant.vault.identities import of_answer, of_flow, of_revocation
from evergrant.vault.ring import KeyRing
from evergrant.vault.rotation import IDENTITIES
from evergrant.vault.sealing import MasterKey, sealed_with
from store_kit import each_database_fixture  # noqa: F401 (a fixture)
from vault_kit import INTEGRATION, NOW, TOKENS, WHO, key, replaced, seed

NOT_SECRET = {tables.branding.c.logo}
NAMES = [f"org{number:03}" for number in range(25)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    remote = store_kit.remote(tmp_path)
    return Settings(data_dir=tmp_path / "data", database_url=remote, key_beside_data=True)


@pytest.fixture
def keeper(settings: Settings) -> Iterator[Keeper]:
    """A keeper whose key lies in a file, and something sealed in each place."""
    with verbs.open_for_all(settings, environ={}) as opened:
        fill(opened)
        yield opened


def fill(keeper: Keeper) -> None:
    vault = keeper.vault
    with keeper.writing() as tx:
        seed(tx, vault, *NAMES)
        for name in NAMES:
            mine = replace(TOKENS, access_token=Secret(f"planted-{name}"))
            vault.keep(tx, f"con_{name}", mine, identity=WHO, epoch=1)
        verifier = vault.seal_text(Secret("planted-verifier"), of_flow("flow_1"))
        add_flow(
            tx,
            Flow("flow_1", INTEGRATION.id, purpose="connect", login_host="https://x",
                 created_at=NOW, expires_at=NOW, sealed=verifier),
        )  # fmt: skip
        token = vault.seal_text(Secret("planted-old"), of_revocation("rev_1"))
        revocations.put(tx, Revocation("rev_1", "con_org000", "https://x", "f", token, 0, NOW, NOW))
        token_requests.doubt(tx, "test", NOW)
        answer = vault.seal_text(Secret("planted-answer"), of_answer("con_org000", 1))
        token_requests.keep_each(tx, [RawAnswer(1, answer, NOW)])


def rotated(keeper: Keeper) -> list[Progress]:
    return list(verbs.rotate(keeper, {}))


def settled(keeper: Keeper) -> None:
    """The last rotation was long ago."""
    with keeper.writing() as tx:
        tx.execute(sa.update(tables.tenant).values(canary_at=NOW - timedelta(hours=1)))


def tokens(keeper: Keeper) -> set[str]:
    with keeper.reading() as tx:
        found = [keeper.vault.live(tx, f"con_{name}") for name in NAMES]
    return {each.credential.access_token.reveal() for each in found if each}


def test_everything_sealed_is_sealed_anew_and_reads_as_before(keeper: Keeper) -> None:
    before, old = tokens(keeper), keeper.vault.key_id
    told = rotated(keeper)
    new = keeper.vault.key_id
    assert new != old
    assert told[0] == Progress(1, told[-1].total), "the canary goes first"
    assert told[-1].done == told[-1].total == len(NAMES) + 5
    assert tokens(keeper) == before
    with keeper.reading() as tx:
        assert sealed.by_key(tx) == {new: len(NAMES) + 5}
        [waiting] = revocations.waiting(tx)
        read = keeper.vault.unseal_text(waiting.sealed, of_revocation("rev_1"))
        assert read == Secret("planted-old")
        assert keeper.vault.integration(tx, INTEGRATION.id).app == INTEGRATION.app
    with keeper.writing() as tx:
        keeper.vault.check(tx)


def test_every_sealed_column_of_the_database_is_rotated() -> None:
    blobs = {
        column
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary)
    }
    assert blobs - NOT_SECRET == set(sealed.PLACES.values())
    assert sealed.PLACES.keys() == IDENTITIES.keys()


def test_an_interrupted_rotation_goes_on_with_the_same_key(
    keeper: Keeper, settings: Settings
) -> None:
    begun = verbs.rotate(keeper, {})
    next(begun)
    next(begun)
    begun.close()
    half = keeper.vault.key_id
    with keeper.reading() as tx:
        assert len(sealed.by_key(tx)) == 2
    with verbs.open_for_all(settings, environ={}) as other:
        assert rotated(other)[-1].unreadable == ()
        assert other.vault.key_id == half, "no third key was made"
    with keeper.reading() as tx:
        assert sealed.by_key(tx).keys() == {half}
    rotated(keeper)
    assert keeper.vault.key_id != half, "a finished rotation is followed by a new one"


def test_readers_and_writers_in_another_process_notice_nothing(
    keeper: Keeper, settings: Settings
) -> None:
    failures: list[BaseException] = []
    reads, is_over = [0], threading.Event()

    def load(other: Keeper) -> None:
        while not is_over.is_set():
            try:
                with other.writing() as tx:
                    kept = other.vault.live(tx, "con_org001")
                    assert kept is not None
                    assert replaced(other.vault, tx, kept, kept.credential) is not None
                assert len(tokens(other)) == len(NAMES)
                reads[0] += len(NAMES)
            except BaseException as error:
                failures.append(error)
                return

    with verbs.open_for_all(settings, environ={}) as other, present(other, "web", look_s=0.02):
        thread = threading.Thread(target=load, args=(other,))
        thread.start()
        for _ in range(3):
            rotated(keeper)
        is_over.set()
        thread.join()
        assert other.vault.key_id == keeper.vault.key_id
    assert failures == []
    assert reads[0] >= len(NAMES)
    rotated_to = keeper.vault.key_id
    with keeper.reading() as tx:
        assert sealed.by_key(tx).keys() == {rotated_to}


def test_a_damaged_row_is_named_and_blocks_neither_this_rotation_nor_the_next(
    keeper: Keeper,
) -> None:
    with keeper.writing() as tx:
        one, two = (tables.credential.c.connection == f"con_{name}" for name in NAMES[:2])
        theirs = tx.execute(sa.select(tables.credential.c.sealed).where(one)).scalar_one()
        tx.execute(sa.update(tables.credential).where(two).values(sealed=theirs))
    first = keeper.vault.key_id
    for _ in range(2):
        before, last = keeper.vault.key_id, rotated(keeper)[-1]
        assert keeper.vault.key_id != before, "a new key, although a row is left"
        assert last.done == len(NAMES) + 4
        (lost,) = last.unreadable
        assert (lost.what, lost.of) == ("a credential", NAMES[1])
        assert lost.next_step == f"reauthorize it: `evergrant reauthorize {NAMES[1]}`"
    left = [(each.id, each.rows) for each in verbs.master_keys(keeper) if not each.is_current]
    assert (first, 1) in left
    settled(keeper)
    assert first in verbs.forget_keys(keeper, {}), "it opens nothing that anything opens"
    assert rotated(keeper)[-1].unreadable == (lost,)


def test_a_former_key_that_still_opens_a_row_is_kept(keeper: Keeper) -> None:
    begun = verbs.rotate(keeper, {})
    next(begun)
    begun.close()
    settled(keeper)
    with pytest.raises(Misuse, match=f"still opens {len(NAMES) + 4} rows"):
        verbs.forget_keys(keeper, {})


@pytest.mark.usefixtures("each_database")
def test_a_process_with_a_copy_of_the_key_file_is_named_and_goes_on_reading(
    keeper: Keeper, settings: Settings, tmp_path: Path
) -> None:
    copy, old = tmp_path / "copy.key", keeper.vault.key_id
    theirs = settings.but(master_key_file=copy)
    with renewed_copy(settings, theirs) as other:
        for _ in range(2):
            with pytest.raises(Misuse, match="not with every process") as refused:
                list(verbs.rotate(keeper, {}, patience_s=0.2))
            assert f"{os.getpid()} (all)" in refused.value.what
            assert "restart" in refused.value.next_step
            assert len(tokens(other)) == len(tokens(keeper)) == len(NAMES)
        seals, coming = verbs.master_keys(keeper)
        assert (seals.id, seals.is_current, seals.rows) == (old, True, len(NAMES) + 5)
        assert (coming.is_next, coming.is_current, coming.rows) == (True, False, 0)
        settled(keeper)
        assert verbs.forget_keys(keeper, {}) == [], "the one that is coming is no former key"
    with renewed_copy(settings, theirs) as other:
        assert other.vault.key_id == old, "the new one seals nothing before everybody has it"
        assert rotated(keeper)[-1].done == len(NAMES) + 5
        assert keeper.vault.key_id == coming.id, "no third key was made"
        assert len(tokens(other)) == len(NAMES)
        assert other.vault.key_id == coming.id, "the copy seals with it as well"


@contextmanager
def renewed_copy(settings: Settings, theirs: Settings) -> Iterator[Keeper]:
    """A process of the service that copies the key file when it starts."""
    shutil.copy(settings.key_file, theirs.key_file)
    with verbs.open_for_all(theirs, environ={}) as other, present(other, "all", look_s=0.02):
        yield other


def test_a_process_that_ended_without_a_word_is_not_waited_for(keeper: Keeper) -> None:
    now = keeper.clock.now()
    with keeper.writing() as tx:
        processes.put(
            tx, Process("prc_gone", "host:1 (all)", ("dead",), now - timedelta(minutes=3))
        )
    assert rotated(keeper)[-1].done == len(NAMES) + 5


def test_a_process_that_starts_with_an_old_copy_after_the_turn_does_not_start(
    keeper: Keeper, settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.key"
    shutil.copy(settings.key_file, copy)
    rotated(keeper)
    with (
        pytest.raises(VaultTrouble, match="not the one"),
        verbs.open_for_all(settings.but(master_key_file=copy), environ={}),
    ):
        pass


def test_every_step_of_a_rotation_stands_in_the_audit_log(keeper: Keeper) -> None:
    old = keeper.vault.key_id
    with acting_as("command line ada"):
        rotated(keeper)
        settled(keeper)
        verbs.forget_keys(keeper, {})
    new = keeper.vault.key_id
    told = [(each.actor, each.act, each.text) for each in verbs.deeds(keeper)]
    assert told == [
        ("command line ada", "master key", f"{new} is added"),
        ("command line ada", "master key", f"{new} seals instead of {old}"),
        ("command line ada", "master key", f"{len(NAMES) + 5} rows are sealed with {new}"),
        ("command line ada", "master key", f"{old} is dropped"),
    ]


def test_a_former_key_is_dropped_when_it_opens_nothing_and_not_at_once(
    keeper: Keeper, settings: Settings
) -> None:
    old = keeper.vault.key_id
    rotated(keeper)
    with pytest.raises(Misuse, match="just now"):
        verbs.forget_keys(keeper, {})
    settled(keeper)
    assert verbs.forget_keys(keeper, {}) == [old]
    assert keeper.vault.ring.ids == (keeper.vault.key_id,)
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    assert len(tokens(keeper)) == len(NAMES)
    settled(keeper)
    assert verbs.forget_keys(keeper, {}) == []


@pytest.mark.usefixtures("each_database")
def test_keys_that_come_from_elsewhere_are_rotated_by_putting_a_new_one_first(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path / "d", database_url=store_kit.remote(tmp_path))
    one, two = key(1), key(2)
    with verbs.open_for_all(settings, environ=one) as keeper:
        fill(keeper)
        with pytest.raises(VaultTrouble, match="only you can change them"):
            rotated_with(keeper, one)
    name = "EVERGRANT_MASTER_KEY"
    both = {name: f"{two[name]},{one[name]}"}
    with verbs.open_for_all(settings, environ=both) as keeper:
        assert rotated_with(keeper, both)[-1].done == len(NAMES) + 5
    with verbs.open_for_all(settings, environ=two) as keeper:
        assert len(tokens(keeper)) == len(NAMES)
    with (
        pytest.raises(VaultTrouble, match="not the one"),
        verbs.open_for_all(settings, environ=one),
    ):
        pass


def rotated_with(keeper: Keeper, environ: dict[str, str]) -> list[Progress]:
    return list(verbs.rotate(keeper, environ))


# --- the ring ------------------------------------------------------------------------------------


def test_a_row_of_an_unknown_key_makes_the_ring_look_again_and_not_with_every_row() -> None:
    one, two = MasterKey(b"1" * 32, "t"), MasterKey(b"2" * 32, "t")
    keys, looks, now = [one], [0], [0.0]

    def load() -> list[MasterKey]:
        looks[0] += 1
        return keys

    ring = KeyRing(load, ticks=lambda: now[0])
    blob = KeyRing.of(two).seal(b"x", "row")
    for _ in range(5):
        with pytest.raises(VaultTrouble, match="not the one"):
            ring.unseal(blob, "row")
    assert looks[0] == 2, "once at the beginning, once for the row"
    keys[:] = [two, one]
    now[0] = 6.0
    assert ring.unseal(blob, "row") == b"x"
    assert ring.next == two
    assert sealed_with(ring.seal(b"y", "row")) == one.id, "others may not have the new one yet"
    ring.seal_as(blob)
    assert sealed_with(ring.seal(b"y", "row")) == ring.wanted.id == two.id


def test_a_ring_whose_keys_cannot_be_read_any_more_goes_on_with_those_at_hand() -> None:
    one, stamp, is_gone = MasterKey(b"1" * 32, "t"), [0], [False]

    def load() -> list[MasterKey]:
        if is_gone[0]:
            raise VaultTrouble("gone")
        return [one]

    ring = KeyRing(load, lambda: stamp[0])
    blob = ring.seal(b"x", "row")
    is_gone[0], stamp[0] = True, 1
    assert ring.unseal(ring.seal(b"y", "row"), "row") == b"y"
    assert ring.unseal(blob, "row") == b"x"


def test_a_word_that_a_former_key_signed_is_good_while_that_key_is_there(keeper: Keeper) -> None:
    word = keeper.vault.sign("test", {"a": 1}).reveal()
    rotated(keeper)
    assert keeper.vault.read_signed("test", word) == {"a": 1}


# --- where the key may lie -----------------------------------------------------------------------


@pytest.mark.parametrize("folder", [None, "keys"])
def test_a_key_beside_the_data_of_a_postgresql_deployment_is_refused(
    tmp_path: Path, folder: str | None
) -> None:
    data = tmp_path / "data"
    settings = Settings(
        data_dir=data,
        database_url="postgresql://db.example/evergrant",
        master_key_file=data / folder / "master.key" if folder else None,
    )
    with pytest.raises(VaultTrouble, match="beside the data of a PostgreSQL"):
        Vault.open(settings, {})
    assert not data.exists()
    Vault.open(settings, key(1))
    Vault.open(settings.but(master_key_file=tmp_path / "apart.key"), {})
    Vault.open(settings.but(key_beside_data=True), {})
    assert settings.key_file.exists()


def test_the_store_holds_no_master_key(keeper: Keeper, settings: Settings) -> None:
    raw = keeper.vault.ring.current.raw
    with Store.open(settings.database) as store, store.read() as tx:
        assert connections.every(tx)
    assert raw not in settings.data_dir.joinpath("evergrant.db").read_bytes()
