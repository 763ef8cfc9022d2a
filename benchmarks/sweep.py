"""What many connections cost: a sweep over all of them, and the read of one token among them.

    python benchmarks/sweep.py [1000 10000 100000] [--postgresql] [--whole]

Every connection is due, and is checked by a call of its own to an org in a process of its own (raw
asyncio, keep-alive).  A sweep is linear when a check costs the same among many as among few: of
each size as many are checked as the smallest has, and then the time of a whole sweep is computed;
`--whole` checks them all, which takes minutes.  A token is read as an application does it, from the
store, opened by the vault.  With `--postgresql` the rows lie in a PostgreSQL started for the run
(fsync on, on this machine, over a socket).
"""

from __future__ import annotations

import asyncio
import base64
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

from evergrant.health import State
from evergrant.keeper import Keeper, fresh_token, open_for_all
from evergrant.keeper.record import CHECK
from evergrant.model import App, Connection, Credential, Identity, Integration, Secret
from evergrant.settings import Settings
from evergrant.store import connections, due, tables, usage
from evergrant.vault import Kept, contents
from evergrant.vault.kept import of_credential, row_of
from evergrant.watch import go_round

KEY = {"EVERGRANT_MASTER_KEY": base64.b64encode(b"k" * 32).decode()}
SIZES = (1_000, 10_000, 100_000)
READS = 4_000
FEW = 100
CHUNK = 5_000


class Org(asyncio.Protocol):
    """Answers every request as an org lists its REST resources."""

    ANSWER = b'{"sobjects": "/services/data/v66.0/sobjects", "query": "/services/data/v66.0/query"}'
    HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r\n\r\n")):
            self._transport.write(f"{self.HEAD}\r\n\r\n".encode() + self.ANSWER)


def serve(pipe: Pipe) -> None:
    """The org, in a process of its own."""

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Org, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


@contextmanager
def keeper(database: str, host: str, folder: Path) -> Iterator[Keeper]:
    """A keeper on a database of its own."""
    settings = Settings(folder, database, allowed_hosts=(host,), check_interval_s=86_400)
    with open_for_all(settings, environ=KEY) as opened:
        yield opened


def seeded(keeper: Keeper, url: str, size: int) -> None:
    """So many connections, each with a credential of its own, all of them due."""
    app = App("key", Secret("secret"), scopes=("api", "refresh_token"))
    made = Integration("int_sync", "orbit-sync", "Orbit", "Orbit", app, "web_server", url)
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, made)
        _connected(keeper, tx, made, url)
        first = {each.name: _rows(tx, each)[0] for each in _COPIED}
    for begins in range(1, size, CHUNK):
        with keeper.writing() as tx:
            numbers = range(begins, min(begins + CHUNK, size))
            for table in _COPIED:
                many = [_row(keeper, table.name, first, number) for number in numbers]
                tx.execute(sa.insert(table), many)


_COPIED = tables.connection, tables.credential, tables.due, tables.usage
"""What every connection has a row of."""


def _connected(keeper: Keeper, tx: sa.Connection, made: Integration, url: str) -> None:
    """The first connection, by the store's own doors; its use is marked, so reads write nothing."""
    known = Connection("con_0", made.id, "org 0", State.CONNECTED, url, _who(0))
    connections.add(tx, known)
    keeper.vault.keep(tx, known.id, _tokens(url, 0), identity=_who(0), epoch=0)
    due.schedule(tx, CHECK, known.id, keeper.clock.now())
    usage.mark(tx, known.id, keeper.clock.now() + timedelta(minutes=30))


def _rows(tx: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.execute(sa.select(table)).mappings()]


def _who(number: int) -> Identity:
    return Identity(f"00D{number:0>12}EA4", "0055g00000XYZABAA2", "ada@acme.example")


def _tokens(url: str, number: int) -> Credential:
    return Credential(Secret(f"00D{number:0>12}!{'x' * 80}"), url, Secret(f"5Aep{number:0>80}"))


def _row(
    keeper: Keeper, table: str, first: dict[str, dict[str, Any]], number: int
) -> dict[str, Any]:
    """The row of another connection; its tokens are its own, and sealed for it."""
    row, key = first[table], f"con_{number}"
    if table == "connection":
        return row | {"id": key, "name": f"org {number}", "org_id": _who(number).org_id}
    if table != "credential":
        return row | {"connection": key}
    tokens = _tokens(row["instance_url"], number)
    kept = Kept(f"crd_{number}", key, row["part"], 0, 0, "live", tokens, _who(number))
    content = contents.of_credential(tokens, kept.identity)
    sealed = keeper.vault.ring.seal(content, of_credential(kept, row["tenant"]))
    made = row_of(kept, sealed, tenant=row["tenant"], created_at=row["created_at"])
    return {each.name: getattr(made, each.name) for each in fields(made)}


def swept(keeper: Keeper, size: int) -> tuple[float, float]:
    """So many checks of what is due: checks a second, and milliseconds of our CPU for each."""
    began, busy, done = time.perf_counter(), time.process_time(), 0
    while done < size:
        done += go_round(keeper, "benchmark").checked
    return done / (time.perf_counter() - began), 1000 * (time.process_time() - busy) / done


def read(few: Keeper, many: Keeper, size: int) -> tuple[float, float]:
    """Microseconds of CPU for one read of a token among few and among many, in turn: medians."""
    chosen, took = Random(7), (list[float](), list[float]())
    for number in range(2 * READS):
        which = number % 2
        key = f"con_{chosen.randrange(size if which else FEW)}"
        began = time.thread_time()
        fresh_token(many if which else few, key)
        took[which].append(1e6 * (time.thread_time() - began))
    return median(took[0][READS // 10 :]), median(took[1][READS // 10 :])


@contextmanager
def filled(url: str, database: str, size: int) -> Iterator[Keeper]:
    """A keeper with so many connections."""
    with tempfile.TemporaryDirectory() as folder:
        host = url.partition("//")[2]
        with keeper(database, host, Path(folder)) as opened:
            seeded(opened, url, size)
            yield opened


def main(words: list[str]) -> None:
    """Print both for each size, and what each is of the smallest."""
    sizes = [int(word) for word in words if word.isdigit()] or list(SIZES)
    here, there = multiprocessing.Pipe()
    org = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    org.start()
    url = f"http://127.0.0.1:{here.recv()}"
    first: tuple[float, float] | None = None
    with ExitStack() as held:
        server = None
        if "--postgresql" in words:
            from postgres_kit import own_server

            server = held.enter_context(own_server(fsync=True))
        print(f"database: {'PostgreSQL, fsync on' if server else 'SQLite, WAL, FULL'}")
        few = held.enter_context(filled(url, _database(server, FEW, "few"), FEW))
        for size in sizes:
            with filled(url, _database(server, size, "many"), size) as many:
                among_few, among_many = read(few, many, size)
                checks, cpu_ms = swept(many, size if "--whole" in words else min(sizes))
            first = first or (1000 / checks, cpu_ms)
            print(
                f"{size:7} connections  check {1000 / checks:.2f} ms ({checks:.0f}/s), "
                f"{1000 / checks / first[0]:.2f} of the first; {cpu_ms:.2f} ms CPU, "
                f"{cpu_ms / first[1]:.2f} of the first; a whole sweep {size / checks:.0f} s;"
                f" token read {among_many:.0f} us CPU, {among_many / among_few:.2f} of that "
                f"among {FEW}",
                flush=True,
            )
    org.terminate()


def _database(server: Any, size: int, name: str) -> str:
    """A database of its own; '' stands for a file in the keeper's folder."""
    if server is None:
        return ""
    with server.asked() as raw:
        raw.execute(f"CREATE DATABASE {name}_{size}")
    return str(server.url(f"{name}_{size}"))


if __name__ == "__main__":
    main(sys.argv[1:])
