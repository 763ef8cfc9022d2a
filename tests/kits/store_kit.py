"""What the tests of the store begin with: a fresh database, an integration, a connection.

A module that imports `each_database_fixture` and uses `each_database` is played on SQLite and on
PostgreSQL.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import postgres_kit
from evergrant.health import State
from evergrant.model import Connection
from evergrant.store import Store, Tx, connections, integrations
from evergrant.store.integrations import IntegrationRow
from evergrant.store.sqlite import Sqlite

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class _Chosen:
    """Which database the present test is played on."""

    kind = "sqlite"
    folder: Path | None = None
    url = ""


@pytest.fixture(params=["sqlite", "postgresql"], name="each_database")
def each_database_fixture(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test is played once on each database."""
    with playing_on(request.param):
        yield request.param


@contextmanager
def playing_on(kind: str) -> Iterator[None]:
    """Whatever is begun in the block is played on this database."""
    _Chosen.kind, _Chosen.folder = kind, None
    yield
    _Chosen.kind = "sqlite"


@contextmanager
def playing_at(folder: Path, url: str) -> Iterator[None]:
    """What is begun in that folder is played on a PostgreSQL of the test's own."""
    with playing_on("postgresql"):
        _Chosen.folder, _Chosen.url = folder, url
        yield


def url(folder: Path) -> str:
    """The database of a folder: a file in it, or PostgreSQL's, emptied for each new folder."""
    return remote(folder) or f"sqlite:///{folder / 'data' / 'evergrant.db'}"


def remote(folder: Path) -> str:
    """PostgreSQL's database for a folder; '' where the test is played on SQLite."""
    if _Chosen.kind == "sqlite":
        return ""
    if _Chosen.folder != folder:
        _Chosen.folder, _Chosen.url = folder, postgres_kit.migrated()
    return _Chosen.url


def lay_ready(folder: Path) -> None:
    """Lay a database that is up to date into a folder, on SQLite: to migrate each is slow."""
    there = folder / "data" / "evergrant.db"
    if _Chosen.kind == "sqlite" and not there.exists():
        there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        there.write_bytes(_migrated())
        there.chmod(0o600)


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "evergrant.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def fresh(folder: Path) -> Store:
    lay_ready(folder)
    return Store.open(url(folder), patience_s=0.3)


@contextmanager
def taken_away(store: Store) -> Iterator[None]:
    """The database cannot be reached for the length of the block."""
    if not store.is_remote:
        aside = store.path.with_suffix(".aside")
        store.path.rename(aside)
        yield
        aside.rename(store.path)
        return
    with postgres_kit.closed(_Chosen.url):
        yield


@contextmanager
def backed_up(store: Store) -> Iterator[None]:
    """What happens in the block is forgotten: the database of before takes its place."""
    if store.is_remote:
        with postgres_kit.backed_up(_Chosen.url):
            yield
        return
    copy, database = store.path.with_suffix(".yesterday"), store.database
    assert isinstance(database, Sqlite)
    raw = database.writer.raw_connection()
    raw.cursor().execute(f"VACUUM INTO '{copy}'")
    raw.close()
    yield
    database.close()
    for each in store.path.parent.glob("evergrant.db*"):
        each.unlink()
    shutil.move(copy, store.path)
    database.inode = store.path.stat().st_ino


def cut(raw: Any) -> None:
    """PostgreSQL ends one connection; its other end does not know yet."""
    postgres_kit.cut(raw.info.backend_pid)


def integration(key: str = "int_sync", name: str = "orbit-sync") -> IntegrationRow:
    return IntegrationRow(
        id=key,
        tenant="default",
        name=name,
        app_label="Orbit Sync",
        app_owner="Orbit Ltd",
        consumer_key="3MVG9.key",
        redirect_uri="http://127.0.0.1:8400/oauth/callback",
        scopes=("api", "refresh_token"),
        flow="web_server",
        login_host="https://login.salesforce.com",
        subject="",
        support_contact="help@orbit.example",
        sealed=b"sealed",
    )


def connection(key: str = "con_acme", name: str = "acme", **more: object) -> Connection:
    base = {
        "id": key,
        "integration": "int_sync",
        "name": name,
        "state": State.CONNECTED,
        "login_host": "https://login.salesforce.com",
    }
    return Connection(**(base | more))  # type: ignore[arg-type]


def seed(tx: Tx, *names: str) -> None:
    """The integration, and a connection for each name; `acme` when none is given."""
    integrations.save(tx, integration())
    for name in names or ("acme",):
        connections.add(tx, connection(f"con_{name}", name))
