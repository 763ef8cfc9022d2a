"""The vault on a real database: one live and one held credential, fenced, sealed and wiped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from evergrant.errors import Misuse, NotFound, VaultTrouble
from evergrant.model import Secret, as_json
from evergrant.store import Store, Tx, credentials, parts
from evergrant.store.parts import Part
from evergrant.store.tables import credential as table
from evergrant.store.tables import integration as integration_table
from evergrant.vault import Kept
from vault_kit import INTEGRATION, NOW, OTHER, PLANTED, TOKENS, WHO, opened, replaced, seed, vault

VAULT = vault()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as begun:
        with begun.write() as tx:
            seed(tx, VAULT, "acme", "globex")
        yield begun


@pytest.fixture
def tx(store: Store) -> Iterator[Tx]:
    with store.write() as begun:
        yield begun


def keep(tx: Tx, name: str = "con_acme", epoch: int = 1, **more: Any) -> Kept:
    return VAULT.keep(tx, name, TOKENS, identity=WHO, epoch=epoch, **more)


def token(text: str) -> Any:
    return replace(TOKENS, access_token=Secret(f"planted-a-{text}"), refresh_token=Secret(text))


# --- boot ----------------------------------------------------------------------------------------


def test_a_wrong_master_key_is_found_at_boot(store: Store) -> None:
    with pytest.raises(VaultTrouble, match="master key is not the one") as met, store.write() as tx:
        vault(2).check(tx)
    assert VAULT.key_id in met.value.why
    assert vault(2).key_id in met.value.why
    with store.write() as tx:
        vault(1).check(tx)


# --- integrations --------------------------------------------------------------------------------


def test_an_integration_comes_back_as_it_was_saved(tx: Tx) -> None:
    assert VAULT.integration(tx, "int_sync") == INTEGRATION
    assert VAULT.integration(tx, "orbit-sync") == INTEGRATION
    assert VAULT.integrations(tx) == [INTEGRATION]


def test_saving_again_replaces_the_integration_and_keeps_its_parts(tx: Tx) -> None:
    public = replace(INTEGRATION.app, consumer_secret=None, private_key=None)
    VAULT.save_integration(tx, replace(INTEGRATION, app=public))
    assert VAULT.integration(tx, "int_sync").app == public
    assert [each.name for each in parts.of(tx, "int_sync")] == ["main"]


def test_an_unknown_integration_is_not_found(tx: Tx) -> None:
    with pytest.raises(NotFound):
        VAULT.integration(tx, "orbit")


def test_the_secrets_of_one_integration_do_not_open_in_the_row_of_another(tx: Tx) -> None:
    VAULT.save_integration(tx, replace(INTEGRATION, id="int_2", name="other"))
    theirs = sa.select(integration_table.c.sealed).where(integration_table.c.id == "int_2")
    swapped = sa.update(integration_table).where(integration_table.c.id == "int_sync")
    tx.execute(swapped.values(sealed=tx.execute(theirs).scalar_one()))
    with pytest.raises(VaultTrouble, match="swapped or damaged"):
        VAULT.integration(tx, "int_sync")


# --- credentials ---------------------------------------------------------------------------------


def test_a_credential_comes_back_as_it_was_kept(tx: Tx) -> None:
    kept = keep(tx, generation=4)
    assert VAULT.live(tx, "con_acme") == kept
    assert (kept.credential, kept.identity, kept.generation) == (TOKENS, WHO, 4)
    assert VAULT.held(tx, "con_acme") is None
    assert VAULT.live(tx, "con_globex") is None


def test_the_row_shows_fingerprints_and_never_tokens(tx: Tx) -> None:
    keep(tx)
    [row] = credentials.of(tx, "con_acme")
    assert row.refresh_fingerprint == Secret("planted-refresh").fingerprint
    assert (row.org_id, row.instance_url) == (WHO.org_id, TOKENS.instance_url)
    assert PLANTED not in repr(row)


def test_a_changed_column_cannot_send_a_token_to_another_host(tx: Tx) -> None:
    kept = keep(tx)
    tx.execute(sa.update(table).values(instance_url="https://evil.example", org_id="00Dx"))
    assert VAULT.live(tx, "con_acme") == kept


def test_a_credential_copied_to_another_connection_does_not_open(tx: Tx) -> None:
    keep(tx)
    keep(tx, "con_globex")
    theirs = sa.select(table.c.sealed).where(table.c.connection == "con_globex")
    swapped = sa.update(table).where(table.c.connection == "con_acme")
    tx.execute(swapped.values(sealed=tx.execute(theirs).scalar_one()))
    with pytest.raises(VaultTrouble, match="swapped or damaged"):
        VAULT.live(tx, "con_acme")


@pytest.mark.parametrize("column", ["epoch", "generation"])
def test_an_older_generation_put_back_into_its_row_does_not_open(tx: Tx, column: str) -> None:
    keep(tx)
    tx.execute(sa.update(table).values({column: table.c[column] + 1}))
    with pytest.raises(VaultTrouble, match="swapped or damaged"):
        VAULT.live(tx, "con_acme")


def test_keeping_for_an_unknown_connection_or_part_is_refused(tx: Tx) -> None:
    parts.add(tx, Part("prt_2", "int_sync", "package", "step", 1))
    with pytest.raises(NotFound):
        keep(tx, "con_none")
    for name in ("package", "none"):
        with pytest.raises(Misuse, match="no credential part"):
            keep(tx, part=name)
    with pytest.raises(Misuse, match="live or as held"):
        keep(tx, status="retired")


def test_parts_keep_their_credentials_apart(tx: Tx) -> None:
    parts.add(tx, Part("prt_2", "int_sync", "second", "credential", 1))
    main, second = keep(tx), keep(tx, part="second")
    assert VAULT.live(tx, "con_acme") == main
    assert VAULT.live(tx, "con_acme", "second") == second


# --- refresh: compare-and-set --------------------------------------------------------------------


def test_a_refresh_is_the_next_generation_of_the_same_epoch(tx: Tx) -> None:
    kept = keep(tx, epoch=3)
    after = replaced(VAULT, tx, kept, token("r2"))
    assert after is not None
    assert (after.id, after.epoch, after.generation) == (kept.id, 3, 1)
    assert after.credential.refresh_token == Secret("r2")
    assert VAULT.live(tx, "con_acme") == after
    assert len(credentials.of(tx, "con_acme")) == 1


def test_what_the_answer_does_not_repeat_stays(tx: Tx) -> None:
    kept = keep(tx)
    bare = replace(
        TOKENS, access_token=Secret("a2"), refresh_token=None, instance_url="", scopes=()
    )
    after = replaced(VAULT, tx, kept, bare)
    assert after is not None
    assert after.credential == replace(TOKENS, access_token=Secret("a2"))


def test_the_slower_of_two_refreshes_changes_nothing(tx: Tx) -> None:
    kept = keep(tx)
    fast = replaced(VAULT, tx, kept, token("fast"))
    assert replaced(VAULT, tx, kept, token("slow")) is None
    assert VAULT.live(tx, "con_acme") == fast


def test_a_refresh_of_an_older_epoch_cannot_overwrite_a_newer_authorization(tx: Tx) -> None:
    old = keep(tx, epoch=1)
    new = keep(tx, epoch=2)
    assert replaced(VAULT, tx, old, token("late")) is None
    assert VAULT.live(tx, "con_acme") == new


def test_a_refresh_of_a_wiped_credential_changes_nothing(tx: Tx) -> None:
    live = keep(tx)
    VAULT.wipe(tx, "con_acme")
    assert replaced(VAULT, tx, live, token("x")) is None
    assert VAULT.live(tx, "con_acme") is None


def test_a_held_credential_is_refreshed_in_its_own_place(tx: Tx) -> None:
    live, held = keep(tx), keep(tx, epoch=2, status="held")
    after = replaced(VAULT, tx, held, token("h2"))
    assert after is not None
    assert (VAULT.live(tx, "con_acme"), VAULT.held(tx, "con_acme")) == (live, after)
    assert replaced(VAULT, tx, replace(live, id="crd_x"), token("x")) is None


def test_a_verified_identity_goes_into_the_seal_and_its_columns(tx: Tx) -> None:
    held = keep(tx, epoch=2, status="held")
    known = VAULT.identify(tx, held, OTHER)
    assert known == replace(held, identity=OTHER)
    assert VAULT.held(tx, "con_acme") == known
    assert [row.username for row in credentials.of(tx, "con_acme")] == [OTHER.username]
    VAULT.drop_held(tx, "con_acme")
    assert VAULT.identify(tx, held, WHO) is None


def test_of_many_threads_that_refresh_the_same_credential_one_wins(store: Store) -> None:
    with store.write() as tx:
        kept = keep(tx)
    won: list[Kept] = []

    def refresh(number: int) -> None:
        with store.write() as tx:
            if after := replaced(VAULT, tx, kept, token(f"r{number}")):
                won.append(after)

    threads = [Thread(target=refresh, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert won == [VAULT.live(tx, "con_acme")]


# --- reauthorize: make before break --------------------------------------------------------------


def test_a_held_credential_leaves_the_live_one_alone_until_it_is_promoted(tx: Tx) -> None:
    live = keep(tx, epoch=1)
    held = keep(tx, epoch=2, status="held")
    assert (VAULT.live(tx, "con_acme"), VAULT.held(tx, "con_acme")) == (live, held)
    promoted = VAULT.promote(tx, held)
    assert promoted == replace(held, status="live")
    assert VAULT.live(tx, "con_acme") == promoted
    assert VAULT.held(tx, "con_acme") is None


def test_a_retired_credential_has_a_fingerprint_and_no_secret(tx: Tx) -> None:
    keep(tx, epoch=1)
    held = keep(tx, epoch=2, status="held")
    VAULT.promote(tx, held)
    retired = [row for row in credentials.of(tx, "con_acme") if row.status == "retired"]
    assert [(row.epoch, row.sealed) for row in retired] == [(1, b"")]
    assert retired[0].refresh_fingerprint == Secret("planted-refresh").fingerprint


def test_a_second_attempt_takes_the_place_of_the_first(tx: Tx) -> None:
    first = keep(tx, epoch=2, status="held")
    second = VAULT.keep(tx, "con_acme", TOKENS, identity=OTHER, epoch=3, status="held")
    assert VAULT.held(tx, "con_acme") == second
    assert VAULT.promote(tx, first) is None
    assert VAULT.live(tx, "con_acme") is None


def test_a_held_credential_can_be_dropped_once(tx: Tx) -> None:
    live = keep(tx)
    keep(tx, epoch=2, status="held")
    assert VAULT.drop_held(tx, "con_acme") is True
    assert VAULT.drop_held(tx, "con_acme") is False
    assert VAULT.live(tx, "con_acme") == live


def test_wiping_a_connection_leaves_no_sealed_byte_of_it_and_every_other(tx: Tx) -> None:
    keep(tx)
    keep(tx, epoch=2, status="held")
    other = keep(tx, "con_globex")
    assert VAULT.wipe(tx, "con_acme") == 2
    assert VAULT.wipe(tx, "con_acme") == 0
    assert {row.sealed for row in credentials.of(tx, "con_acme")} == {b""}
    assert VAULT.live(tx, "con_acme") is None
    assert VAULT.live(tx, "con_globex") == other


def test_a_promotion_that_is_rolled_back_leaves_both_credentials(store: Store) -> None:
    with store.write() as tx:
        live, held = keep(tx), keep(tx, epoch=2, status="held")

    def promote_and_fail() -> None:
        with store.write() as tx:
            VAULT.promote(tx, held)
            VAULT.integration(tx, "no such thing")

    with pytest.raises(NotFound):
        promote_and_fail()
    with store.read() as tx:
        assert (VAULT.live(tx, "con_acme"), VAULT.held(tx, "con_acme")) == (live, held)


# --- single texts, and nothing in the clear ------------------------------------------------------


def test_a_verifier_opens_for_its_flow_alone(tx: Tx) -> None:
    blob = VAULT.seal_text(Secret("planted-verifier"), "flw_1")
    assert VAULT.unseal_text(blob, "flw_1") == Secret("planted-verifier")
    with pytest.raises(VaultTrouble):
        VAULT.unseal_text(blob, "flw_2")


def test_no_secret_lies_in_the_files_of_the_database(store: Store) -> None:
    with store.write() as tx:
        kept = keep(tx)
        keep(tx, "con_globex", status="held")
    with store.write() as tx:
        replaced(VAULT, tx, kept, token("planted-second"))
        VAULT.wipe(tx, "con_globex")
    files = list(store.path.parent.iterdir())
    assert {each.name for each in files} >= {"evergrant.db", "evergrant.db-wal"}
    assert [each.name for each in files if PLANTED.encode() in each.read_bytes()] == []
    store.close()
    assert PLANTED.encode() not in store.path.read_bytes()


def test_a_wiped_seal_is_overwritten_in_the_file_itself(store: Store) -> None:
    with store.write() as tx:
        keep(tx)
        [row] = credentials.of(tx, "con_acme")
    with store.write() as tx:
        VAULT.wipe(tx, "con_acme")
    store.close()  # folds the write-ahead log into the file
    assert row.sealed[-32:] not in store.path.read_bytes()


def test_no_secret_reaches_a_repr_json_or_the_log_of_every_statement(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine")  # the engine looks only when it is made
    with opened(tmp_path) as store, store.write() as tx:
        seed(tx, VAULT)
        kept = keep(tx)
        integration = VAULT.integration(tx, "int_sync")
    assert "INSERT INTO credential" in caplog.text
    said = f"{kept!r} {kept} {as_json(kept)} {integration!r} {as_json(integration)} {VAULT!r}"
    assert PLANTED not in said + caplog.text
    assert kept.credential.issued_at == NOW
