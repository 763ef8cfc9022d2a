"""What only PostgreSQL has: users, hosts, restarts, and writers that work at the same time."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import make_url

import postgres_kit
from evergrant.errors import BadInput, StoreTrouble
from evergrant.model import Event
from evergrant.store import Store, connections, events, migrations, usage
from evergrant.store.tables import metadata
from store_kit import NOW, connection, seed


@pytest.fixture
def url() -> str:
    return postgres_kit.migrated()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url, patience_s=2) as opened:
        with opened.write() as tx:
            seed(tx, "acme", "globex")
        yield opened


def start(code: str, url: str) -> subprocess.Popen[bytes]:
    program = f"import sys\n{textwrap.dedent(code)}"
    return subprocess.Popen([sys.executable, "-W", "error", "-c", program, url])


def test_migrations_lead_from_nothing_to_the_tables_of_the_code() -> None:
    with Store.open(postgres_kit.empty()) as store, store.read() as tx:
        drift = compare_metadata(MigrationContext.configure(tx), metadata)
        tenants = tx.execute(text("SELECT id FROM tenant")).scalars().all()
    assert drift == []
    assert tenants == ["default"]


def test_processes_that_start_together_migrate_once() -> None:
    url, code = postgres_kit.empty(), "from evergrant.store import Store; Store.open(sys.argv[1])"
    both = [start(code, url), start(code, url)]
    assert [each.wait() for each in both] == [0, 0]
    with Store.open(url) as store, store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM tenant")).scalar() == 1


def test_who_changes_a_connection_is_alone_with_it(store: Store) -> None:
    def count_up() -> None:
        for _ in range(10):
            with store.write() as tx:
                epoch = connections.get(tx, "con_acme").epoch
                connections.update(tx, "con_acme", epoch=epoch + 1)

    threads = [Thread(target=count_up) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert connections.get(tx, "con_acme").epoch == 60


def test_who_changes_one_connection_holds_up_nobody_at_another(store: Store) -> None:
    with store.write() as one:
        connections.update(one, "con_acme", epoch=1)
        with store.write() as other:
            connections.update(other, "con_globex", epoch=1)
            events.add(other, "con_acme", Event(NOW, "said", "about a connection that is held"))
        with store.read() as tx:
            assert connections.get(tx, "con_acme").epoch == 0


def test_a_reader_keeps_its_moment_while_others_write(store: Store) -> None:
    with store.read() as before:
        assert len(connections.every(before)) == 2
        with store.write() as tx:
            connections.add(tx, connection("con_initech", "initech"))
        assert len(connections.every(before)) == 2
    with store.read() as after:
        assert len(connections.every(after)) == 3


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreTrouble, match="cannot be written"), store.read() as tx:
        usage.mark(tx, "con_acme", NOW)


def test_two_who_mark_the_first_use_at_once_both_succeed(store: Store) -> None:
    together = Barrier(4)

    def mark(minute: int) -> None:
        with store.write() as tx:
            tx.execute(text("SELECT 1"))
            together.wait()
            usage.mark(tx, "con_acme", NOW + timedelta(minutes=minute))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mark, range(4)))
    with store.read() as tx:
        assert usage.last(tx, "con_acme") is not None


def test_who_waits_too_long_for_a_connection_is_told_that_it_is_locked(url: str) -> None:
    with Store.open(url, patience_s=0.3) as store:
        with store.write() as tx:
            seed(tx)
        with store.write() as one:
            connections.by_id(one, "con_acme")
            with pytest.raises(StoreTrouble, match="is locked"), store.write() as other:
                connections.by_id(other, "con_acme")


def test_every_commit_waits_for_the_disk_whatever_the_database_says(url: str) -> None:
    name = make_url(url).database
    with postgres_kit.server().asked() as raw:
        raw.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        try:
            with Store.open(url) as store, store.write() as tx:
                assert tx.execute(text("SHOW synchronous_commit")).scalar() == "on"
        finally:
            raw.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')


# --- trouble -------------------------------------------------------------------------------------


def test_a_restart_is_told_once_and_then_over_and_nothing_committed_is_gone() -> None:
    with postgres_kit.own_server() as server, Store.open(server.url("postgres")) as store:
        with store.write() as tx:
            seed(tx)
        with pytest.raises(StoreTrouble, match="cannot be reached"):
            change_and_restart(store, server)
        with store.write() as tx:
            assert connections.by_id(tx, "con_acme").epoch == 0
            connections.update(tx, "con_acme", epoch=8)
        server.restart()
        with store.read() as tx:
            assert connections.by_id(tx, "con_acme").epoch == 8


def change_and_restart(store: Store, server: postgres_kit.Server) -> None:
    with store.write() as tx:
        connections.update(tx, "con_acme", epoch=7)
        server.restart()


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreTrouble, match="cannot be reached") as met:
        Store.open("postgresql://u:hunter2@127.0.0.1:1/evergrant", patience_s=1)
    assert "evergrant on 127.0.0.1" in met.value.what
    assert "hunter2" not in met.value.diagnostics()


def test_a_database_that_does_not_exist_is_told(url: str) -> None:
    missing = make_url(url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StoreTrouble, match="nowhere"):
        Store.open(missing)


def test_a_user_who_may_not_make_tables_is_told(url: str) -> None:
    name = make_url(postgres_kit.empty()).database
    with postgres_kit.server().asked(str(name)) as raw:
        raw.execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
    reader = make_url(url).set(username="reader", database=name)
    with pytest.raises(StoreTrouble, match="cannot be written"):
        Store.open(reader.render_as_string(hide_password=False))


def test_a_database_of_a_newer_version_is_not_touched() -> None:
    url = postgres_kit.empty()
    with Store.open(url) as store, store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(StoreTrouble, match="newer Evergrant") as met:
        Store.open(url)
    assert migrations.REVISIONS[-1] in met.value.why


def test_a_database_of_another_program_is_not_touched() -> None:
    url = postgres_kit.empty()
    with postgres_kit.server().asked(str(make_url(url).database)) as raw:
        raw.execute("CREATE TABLE invoices (id text)")
    with pytest.raises(StoreTrouble, match="belongs to another program") as met:
        Store.open(url)
    assert "invoices" in met.value.why


def test_a_text_that_the_database_cannot_keep_is_bad_input(store: Store) -> None:
    for name in ("a\0b", "x" * 300):
        with pytest.raises(BadInput, match="cannot be stored"), store.write() as tx:
            connections.update(tx, "con_acme", name=name)


def test_a_nul_in_what_an_org_answered_is_kept_as_what_stands_for_it(store: Store) -> None:
    with store.write() as tx:
        events.add(tx, "con_acme", Event(NOW, "refused", "half a page\0", {"body": "\0"}))
    with store.read() as tx:
        told = events.recent(tx, "con_acme")[0]
    assert (told.text, told.data) == ("half a page\ufffd", {"body": "\0"})
