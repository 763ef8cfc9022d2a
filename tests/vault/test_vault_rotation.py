"""Rotating the master key: nothing is left behind, nothing is unreadable for a moment."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import store_kit
from evergrant import keeper as verbs
from evergrant.errors import Misuse, VaultTrouble
from evergrant.keeper import Keeper
from evergrant.keeper.rotating import Progress
from evergrant.model import Secret
from evergrant.settings import Settings
from evergrant.store import Store, connections, revocations, sealed, tables, token_requests
from evergrant.store.flows import Flow
from evergrant.store.flows import add as add_flow
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
    return Settings(data_dir=tmp_path / "data")


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


def settled(settings: Settings) -> None:
    """The key file was written long ago."""
    os.utime(settings.key_file, (time.time() - 3600,) * 2)


def tokens(keeper: Keeper) -> set[str]:
    with keeper.reading() as tx:
        found = [keeper.vault.live(tx, f"con_{name}") for name in NAMES]
    return {each.credential.access_token.reveal() for each in found if each}


def test_everything_sealed_is_sealed_anew_and_reads_as_before(keeper: Keeper) -> None:
    before, old = tokens(keeper), keeper.vault.key_id
    told = rotated(keeper)
    new = keeper.vault.key_id
    assert new != old
    assert told[0] == Progress(0, told[-1].total)
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
        assert rotated(other)[-1].damaged == 0
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

    with verbs.open_for_all(settings, environ={}) as other:
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


def test_a_damaged_row_is_told_and_does_not_stop_the_others(keeper: Keeper) -> None:
    with keeper.writing() as tx:
        one, two = (tables.credential.c.connection == f"con_{name}" for name in NAMES[:2])
        theirs = tx.execute(sa.select(tables.credential.c.sealed).where(one)).scalar_one()
        tx.execute(sa.update(tables.credential).where(two).values(sealed=theirs))
    last = rotated(keeper)[-1]
    assert (last.damaged, last.done) == (1, len(NAMES) + 4)
    [former] = [each for each in verbs.master_keys(keeper) if not each.is_current]
    assert former.rows == 1
    with pytest.raises(Misuse, match="still opens 1 row"):
        verbs.forget_keys(keeper, {})


def test_a_former_key_is_dropped_when_it_opens_nothing_and_not_at_once(
    keeper: Keeper, settings: Settings
) -> None:
    old = keeper.vault.key_id
    rotated(keeper)
    with pytest.raises(Misuse, match="just now"):
        verbs.forget_keys(keeper, {})
    settled(settings)
    assert verbs.forget_keys(keeper, {}) == [old]
    assert keeper.vault.ring.ids == (keeper.vault.key_id,)
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    assert len(tokens(keeper)) == len(NAMES)
    settled(settings)
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
    assert sealed_with(ring.seal(b"y", "row")) == two.id


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
