"""Token reads a second, against a bare Starlette route on the same row.

    python benchmarks/token_read.py [seconds] [connections]

Both are served by uvicorn in processes of their own, one after the other, and asked over 16
connections that are kept open by a client in raw asyncio.  The bare route checks the key, reads the
row of the credential and decrypts it, each with one statement of `sqlite3`; ours is the service
itself: guard, rate limit, the connection's state, lifetime and tenant, and the log of reads.
Salesforce is not asked by either; the service is told a host that nobody answers at.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

import sqlalchemy as sa

from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.model import App, Connection, Credential, Identity, Integration, Secret
from evergrant.settings import Settings
from evergrant.store import Tx, connections, tables
from keeper_kit import KEY

AT_ONCE = 16
MANY = 100_000
NOBODY = "http://127.0.0.1:9"
WHO = Identity("00D5g00000ABCDEEA4", "0055g00000XYZABAA2", "ada@acme.example")
TOKEN = Credential(Secret("00D5g00000ABCDE!" + "a" * 96), NOBODY, Secret("5Aep861" + "r" * 80))


def filled(folder: Path, many: int) -> str:
    """A store with so many connections; the word of a key that opens the first."""
    app = App("key", Secret("secret"), scopes=("api", "refresh_token"))
    made = Integration("int_sync", "orbit-sync", "Orbit", "Orbit", app, "web_server", NOBODY)
    with verbs.open_keeper(Settings(data_dir=folder), environ=KEY) as keeper:
        with keeper.writing() as tx:
            keeper.vault.save_integration(tx, made)
            first = f"con_{0:016x}"
            known = Connection(first, made.id, "org 0", State.CONNECTED, NOBODY, WHO)
            connections.add(tx, known)
            keeper.vault.keep(tx, first, TOKEN, identity=WHO, epoch=0)
            for table, name in ((tables.connection, "id"), (tables.credential, "connection")):
                _copied(tx, table, name, first, many)
        return verbs.create_key(keeper, "bench", everything=True, per_minute=10**9)[0].reveal()


def _copied(tx: Tx, table: sa.Table, name: str, first: str, many: int) -> None:
    """Rows like the first connection's; nobody opens them."""
    row = dict(tx.execute(sa.select(table).where(table.c[name] == first)).mappings().one())
    for begin in range(1, many, 1000):
        numbers = range(begin, min(begin + 1000, many))
        own = [{name: f"con_{each:016x}"} for each in numbers]
        if name == "id":
            own = [each | {"name": f"org {each['id']}"} for each in own]
        else:
            own = [each | {"id": f"crd_{each['connection']}"} for each in own]
        tx.execute(sa.insert(table), [row | each for each in own])


def bare(folder: Path, pipe: Pipe) -> None:
    """The bare route."""
    import hashlib
    import hmac
    import sqlite3

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    with verbs.open_keeper(Settings(data_dir=folder), environ=KEY) as keeper:
        database = sqlite3.connect(keeper.store.path, check_same_thread=False)
        ring = keeper.vault.ring

        async def token(request: Request) -> JSONResponse:
            word = request.headers["authorization"].removeprefix("Bearer ")
            key = database.execute(
                "SELECT hash FROM api_key WHERE id = ?", (f"key_{word[5:21]}",)
            ).fetchone()
            if not hmac.compare_digest(key[0], hashlib.sha256(word.encode()).hexdigest()):
                return JSONResponse({}, 401)
            tenant, connection, part, row, epoch, generation, sealed = database.execute(
                "SELECT tenant, connection, part, id, epoch, generation, sealed FROM credential "
                "WHERE connection = ? AND part = 'main' AND status = 'live'",
                (request.path_params["connection_id"],),
            ).fetchone()
            bound = ["credential", tenant, connection, part, row, epoch, generation]
            told = json.loads(ring.unseal(sealed, json.dumps(bound, separators=(",", ":"))))
            return JSONResponse(
                {"access_token": told["access_token"], "instance_url": told["instance_url"]}
            )

        path = "/v1/connections/{connection_id}/token"
        _serve(Starlette(routes=[Route(path, token)]), pipe)


def ours(folder: Path, pipe: Pipe) -> None:
    """The service's app."""
    from evergrant.api.app import create

    with verbs.open_for_all(Settings(data_dir=folder), environ=KEY) as keeper:
        _serve(create(keeper, Secret("operator")), pipe)


def _serve(app: object, pipe: Pipe) -> None:
    import logging

    import uvicorn

    from evergrant.api.listening import listen

    logging.getLogger("uvicorn.access").disabled = True
    with listen("127.0.0.1", 0) as opened:
        pipe.send(opened.getsockname()[1])
        config = uvicorn.Config(app, access_log=False, log_config=None, server_header=False)  # type: ignore[arg-type]
        uvicorn.Server(config).run([opened])


async def asked(port: int, word: str, seconds: float) -> float:
    """Reads a second; every answer must be a token."""
    head = f"GET /v1/connections/con_{0:016x}/token HTTP/1.1\r\nHost: x\r\n"
    request = f"{head}Authorization: Bearer {word}\r\n\r\n".encode()
    done, ends = 0, time.perf_counter() + seconds

    async def one() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < ends:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            assert answer.startswith(b"HTTP/1.1 200"), answer
            await reader.readexactly(length)
            done += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return done / seconds


def measured(what: object, folder: Path, word: str, seconds: float) -> float:
    """One server in a process of its own, asked for so long."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=what, args=(folder, there), daemon=True)  # type: ignore[arg-type]
    server.start()
    try:
        port = here.recv()
        asyncio.run(asked(port, word, 0.5))
        return asyncio.run(asked(port, word, seconds))
    finally:
        server.terminate()
        server.join()


def main(seconds: float, count: int) -> None:
    """Measure in turn, three rounds, and print the best of each and the ratios."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        words = {folder: filled(Path(folder), size) for folder, size in ((one, 1), (many, count))}
        best = {"bare route": 0.0, "evergrant": 0.0, f"of {count:,} connections": 0.0}
        for _ in range(3):
            for name, what, folder in zip(best, (bare, ours, ours), (one, one, many), strict=True):
                found = measured(what, Path(folder), words[folder], seconds)
                best[name] = max(best[name], found)
    print(f"uvicorn, SQLite in WAL mode, {AT_ONCE} connections at once, {os.cpu_count()} CPUs")
    for name, found in best.items():
        print(f"{name:24} {found:6.0f} reads/s  ratio {found / best['bare route']:.2f}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(float(given[0]) if given else 2.0, int(given[1]) if len(given) > 1 else MANY)
