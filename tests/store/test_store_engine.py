"""Opening, migrating and sharing the database file, and what it says when it cannot be used."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

import store_kit
from evergrant.errors import BadInput, StoreTrouble
from evergrant.model import Event
from evergrant.store import Store, connections, events, migrations
from evergrant.store.tables import metadata
from store_kit import NOW, fresh, seed, url


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder in which this process may not write, even when the tests run as root."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


def drop_rights(folder: Path) -> None:
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_a_missing_database_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.write() as tx:
        seed(tx)
        modes = {each.name: each.stat().st_mode & 0o777 for each in store.path.parent.iterdir()}
    assert store.path.parent.stat().st_mode & 0o777 == 0o700
    assert modes == {
        "evergrant.db": 0o600,
        "evergrant.db-wal": 0o600,
        "evergrant.db-shm": 0o600,
    }


def test_an_open_file_is_closed_to_others_when_it_is_ours(tmp_path: Path) -> None:
    fresh(tmp_path).close()
    path = tmp_path / "data" / "evergrant.db"
    path.chmod(0o644)
    fresh(tmp_path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_connection_is_durable_checks_references_and_overwrites_what_is_deleted(
    tmp_path: Path,
) -> None:
    with fresh(tmp_path) as store, store.read() as tx:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        found = [tx.execute(text(f"PRAGMA {name}")).scalar() for name in names]
    assert found == ["wal", 2, 1, 1, 300]


def test_migrations_lead_from_nothing_to_the_tables_of_the_code(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.read() as tx:
        drift = compare_metadata(MigrationContext.configure(tx), metadata)
        tenants = tx.execute(text("SELECT id FROM tenant")).scalars().all()
    assert drift == []
    assert tenants == ["default"]


def test_the_revisions_that_the_code_names_are_those_in_the_folder() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    found = [each.revision for each in script.walk_revisions()]
    assert list(reversed(migrations.REVISIONS)) == found


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.write() as tx:
        seed(tx)
    with fresh(tmp_path) as store, store.read() as tx:
        assert [each.name for each in connections.every(tx)] == ["acme"]


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: str(table.name))
def test_every_table_and_index_can_be_said_in_postgresql(table: Table) -> None:
    dialect = PGDialect()  # type: ignore[no-untyped-call]
    said = [str(CreateTable(table).compile(dialect=dialect))]
    said += [str(CreateIndex(each).compile(dialect=dialect)) for each in table.indexes]
    assert all("CREATE" in each for each in said)


# --- transactions --------------------------------------------------------------------------------


def test_an_error_inside_leaves_nothing_behind(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with pytest.raises(BadInput, match="already"), store.write() as tx:
            seed(tx, "acme", "acme")
        with store.write() as tx:
            assert connections.every(tx) == []


def test_a_reader_keeps_its_moment_while_others_write(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.read() as before:
            assert connections.every(before) == []
            with store.write() as tx:
                seed(tx)
            assert connections.every(before) == []
        with store.read() as after:
            assert len(connections.every(after)) == 1


def test_a_row_that_belongs_to_nothing_is_refused_without_its_values(tmp_path: Path) -> None:
    with (
        fresh(tmp_path) as store,
        pytest.raises(IntegrityError) as refused,
        store.write() as tx,
    ):
        events.add(tx, "con_nobody", Event(NOW, "connected", "the text of the event"))
    assert "the text of the event" not in str(refused.value)


def test_threads_take_turns_and_lose_no_write(tmp_path: Path) -> None:
    with Store.open(url(tmp_path), patience_s=20) as store:
        with store.write() as tx:
            seed(tx)

        def count_up() -> None:
            for _ in range(20):
                with store.write() as tx:
                    epoch = connections.get(tx, "con_acme").epoch
                    connections.update(tx, "con_acme", epoch=epoch + 1)

        threads = [Thread(target=count_up) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.read() as tx:
            assert connections.get(tx, "con_acme").epoch == 120


COUNT_UP = """
import sys
from evergrant.store import Store, connections
with Store.open(sys.argv[1], patience_s=30) as store:
    for _ in range(30):
        with store.write() as tx:
            for each in connections.every(tx):
                connections.update(tx, each.id, epoch=each.epoch + 1)
"""


def test_processes_that_start_together_migrate_once_and_lose_no_write(tmp_path: Path) -> None:
    first = [start("from evergrant.store import Store; Store.open(sys.argv[1]).close()", tmp_path)]
    first += [start("from evergrant.store import Store; Store.open(sys.argv[1]).close()", tmp_path)]
    assert [each.wait() for each in first] == [0, 0]
    with Store.open(url(tmp_path)) as store, store.write() as tx:
        seed(tx)
    both = [start(COUNT_UP, tmp_path), start(COUNT_UP, tmp_path)]
    assert [each.wait() for each in both] == [0, 0]
    with Store.open(url(tmp_path)) as store, store.read() as tx:
        assert connections.get(tx, "acme").epoch == 60


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from store_kit import seed, NOW
from evergrant.model import Event
from evergrant.store import Store, events
store = Store.open(sys.argv[1])
with store.write() as tx:
    seed(tx)
with store.write() as tx:
    events.add(tx, "con_acme", Event(NOW, "connected", "committed"))
with store.write() as tx:
    events.add(tx, "con_acme", Event(NOW, "refused", "not committed"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_only_what_it_had_not_committed(tmp_path: Path) -> None:
    killed = start(KILLED, tmp_path, str(Path(store_kit.__file__).parent))
    assert killed.wait() == -signal.SIGKILL
    with fresh(tmp_path) as store, store.read() as tx:
        assert [each.text for each in events.recent(tx, "con_acme")] == ["committed"]


def start(code: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    program = f"import sys\n{textwrap.dedent(code)}"
    return subprocess.Popen([sys.executable, "-W", "error", "-c", program, url(folder), *more])


# --- trouble -------------------------------------------------------------------------------------


def test_a_database_that_another_program_holds_is_called_locked(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreTrouble, match="is locked") as met, store.write():
            pass
        other.execute("ROLLBACK")
        other.close()
        with store.write() as tx:
            seed(tx)
    assert "nothing was changed" in met.value.why
    assert "try again" in met.value.next_step
    assert met.value.exit_code == 4


def test_a_writer_inside_a_writer_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    with (
        fresh(tmp_path) as store,
        store.write(),
        pytest.raises(StoreTrouble, match="is locked"),
        store.write(),
    ):
        pass


def test_a_folder_without_write_access_is_named(tmp_path: Path) -> None:
    with unprivileged() as folder:
        drop_rights(folder)
        with pytest.raises(StoreTrouble, match="cannot be written") as met:
            Store.open(f"sqlite:///{folder / 'new.db'}")
    assert str(folder / "new.db") in met.value.what
    assert "write access" in met.value.next_step


def test_a_read_only_database_is_refused_at_boot_and_left_as_it_was() -> None:
    with unprivileged() as folder:
        path = folder / "evergrant.db"
        Store.open(f"sqlite:///{path}").close()
        path.chmod(0o444)
        before = path.read_bytes()
        drop_rights(folder)
        with pytest.raises(StoreTrouble, match="cannot be written"):
            Store.open(f"sqlite:///{path}", patience_s=0.2)
        assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are my notes, and they are longer than a header " * 40)
    before = path.read_bytes()
    with pytest.raises(StoreTrouble, match="is no SQLite database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.write() as tx:
        seed(tx)
        path = store.path
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreTrouble, match="is damaged") as met:
        fresh(tmp_path)
    assert "backup" in met.value.next_step


def test_a_database_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(StoreTrouble, match="newer Evergrant") as met:
        fresh(tmp_path)
    assert "0099" in met.value.why
    assert migrations.REVISIONS[-1] in met.value.why


def test_a_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE invoices (id TEXT)")
    other.close()
    with pytest.raises(StoreTrouble, match="belongs to another program") as met:
        Store.open(f"sqlite:///{path}")
    assert "invoices" in met.value.why


def test_a_full_disk_undoes_the_transaction_and_loses_nothing_earlier(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx)
            pages = tx.execute(text("PRAGMA page_count")).scalar()
            tx.execute(text(f"PRAGMA max_page_count = {pages}"))  # of the pooled connection
        with pytest.raises(StoreTrouble, match="no room to grow") as met, store.write() as tx:
            events.add(tx, "con_acme", Event(NOW, "note", "x" * 1_000_000))
        with store.read() as tx:
            assert [each.name for each in connections.every(tx)] == ["acme"]
    assert "nothing earlier was lost" in met.value.why


def test_a_folder_in_the_place_of_the_file_is_trouble_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "evergrant.db").mkdir()
    with pytest.raises(StoreTrouble, match="cannot be written"):
        Store.open(f"sqlite:///{tmp_path / 'evergrant.db'}")


def test_a_file_in_the_place_of_the_folder_is_trouble_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreTrouble) as met:
        Store.open(url(tmp_path))
    assert os.strerror(errno.EEXIST) in met.value.why or os.strerror(errno.ENOTDIR) in met.value.why


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "no file"),
        ("mysql://u:hunter2@db/evergrant", "SQLite and PostgreSQL"),
        ("no url at all, hunter2", "no SQLAlchemy URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_explained_and_not_repeated(given: str, why: str) -> None:
    with pytest.raises(BadInput) as met:
        Store.open(given)
    assert why in met.value.why
    assert "hunter2" not in met.value.diagnostics()
