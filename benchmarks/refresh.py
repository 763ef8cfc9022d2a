"""Refreshes a second with rotation, stored durably, against a bare loop that stores nothing.

    python benchmarks/refresh.py [seconds]

One token endpoint in a process of its own (raw asyncio, HTTP/1.1 keep-alive, a new refresh token
with every answer); 32 requests at once; each client in turn, in one run.  Ours commits three times
for a refresh: the intent, the raw answer, the new credential: in SQLite (WAL, synchronous=FULL),
and beside it in a PostgreSQL that is started for the run (fsync and synchronous_commit on).
The process is settled as `evergrant serve` is (`evergrant.api.collector`).  What others build on
stands beside it in `peers.py`.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

import aiohttp

from evergrant import wire
from evergrant.api.collector import settle
from evergrant.clock import SystemClock
from evergrant.health import State
from evergrant.keeper.engine import Engine, Fresh, Rules, Want
from evergrant.model import App, Connection, Credential, Identity, Integration, Secret
from evergrant.store import Store, connections
from evergrant.vault import Vault
from evergrant.vault.ring import KeyRing
from evergrant.vault.sealing import MasterKey
from postgres_kit import own_server

AT_ONCE = 32
SQLITE, POSTGRESQL = "evergrant, SQLite", "evergrant, PostgreSQL"
WHO = Identity("00D5g00000ABCDEEA4", "0055g00000XYZABAA2", "ada@acme.example")
FREE = Rules(host_rate=1e9, host_burst=10**9, org_rate=1e9, org_burst=10**9)


class Endpoint(asyncio.Protocol):
    """Answers every form with a new pair of tokens."""

    given = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self._transport.write(self._answer())

    def _answer(self) -> bytes:
        Endpoint.given += 1
        told = {
            "access_token": f"00D5g00000ABCDE!{Endpoint.given:0>80}",
            "refresh_token": f"5Aep861{Endpoint.given:0>80}",
            "instance_url": "https://acme.my.salesforce.com",
            "id": "https://login.salesforce.com/id/00D5g00000ABCDEEA4/0055g00000XYZABAA2",
            "token_type": "Bearer",
            "scope": "api refresh_token",
            "issued_at": str(int(time.time() * 1000)),
        }
        body = json.dumps(told).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return f"{head}\r\n\r\n".encode() + body


@contextmanager
def endpoint() -> Iterator[str]:
    """The address of the endpoint, which runs in a process of its own."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    yield f"http://127.0.0.1:{here.recv()}/services/oauth2/token"
    server.terminate()


def serve(pipe: Pipe) -> None:
    """The endpoint itself."""

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


async def rate(seconds: float, one: Callable[[int], Awaitable[None]]) -> float:
    """How often a second `one` gets done, so many at once."""
    done, ends = 0, time.perf_counter() + seconds

    async def loop(number: int) -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await one(number)
            done += 1

    await asyncio.gather(*(loop(number) for number in range(AT_ONCE)))
    return done / seconds


async def bare(url: str, seconds: float) -> float:
    """A bare aiohttp loop: post the form, read the JSON, keep the token in memory."""
    tokens = [f"r{n}" for n in range(AT_ONCE)]
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> None:
            form = {
                "grant_type": "refresh_token",
                "client_id": "key",
                "client_secret": "secret",
                "refresh_token": tokens[number],
            }
            async with session.post(url, data=form) as answer:
                tokens[number] = (await answer.json())["refresh_token"]

        return await rate(seconds, one)


async def ours(url: str, seconds: float, folder: Path, database: str) -> tuple[float, float]:
    """The engine; besides, the milliseconds from an answer's arrival to its being stored."""
    took: list[float] = []
    host = url.removesuffix("/services/oauth2/token")
    with Store.open(database) as store:
        vault = Vault(KeyRing.of(MasterKey(b"k" * 32, "benchmark")), SystemClock())
        at_hand = _connected(store, vault, host)
        engine = Engine(store, vault, SystemClock(), _nobody, folder / "spill", rules=FREE)
        keep = engine._akeep

        async def timed(ticket: object, reply: object) -> None:
            began = time.perf_counter()
            await keep(ticket, reply)  # type: ignore[arg-type]
            took.append(1000 * (time.perf_counter() - began))

        engine._akeep = timed  # type: ignore[method-assign]
        async with wire.session() as session:

            async def one(number: int) -> None:
                want = Want(f"con_{number}", at_hand[number], refused=True, urgent=True)
                outcome = await engine.arenew(want, session)
                assert isinstance(outcome, Fresh), outcome
                at_hand[number] = outcome.kept.credential.access_token.fingerprint

            found = await rate(seconds, one)
        engine.close()
    return found, median(took)


def _nobody(*_: object, **__: object) -> None:
    raise AssertionError("the benchmark speaks in the event loop only")


def _connected(store: Store, vault: Vault, host: str) -> list[str]:
    app = App("key", Secret("secret"), scopes=("api", "refresh_token"))
    made = Integration("int_sync", "orbit-sync", "Orbit", "Orbit", app, "web_server", host)
    first = Credential(Secret("access"), "https://acme.my.salesforce.com", Secret("refresh"))
    with store.write() as tx:
        vault.check(tx)
        vault.save_integration(tx, made)
        for number in range(AT_ONCE):
            known = Connection(f"con_{number}", made.id, f"org {number}", State.CONNECTED, host)
            connections.add(tx, known)
            mine = replace(first, refresh_token=Secret(f"refresh-{number}"))
            vault.keep(tx, known.id, mine, identity=WHO, epoch=0)
    return [first.access_token.fingerprint] * AT_ONCE


def main(seconds: float) -> None:
    """Measure twice in turn, and print the better round of each and the ratios."""
    best = dict.fromkeys(("bare aiohttp", SQLITE, POSTGRESQL), 0.0)
    window_ms = dict.fromkeys((SQLITE, POSTGRESQL), float("inf"))
    with endpoint() as url, own_server(fsync=True) as postgresql:
        settle()
        for turn in range(2):
            best["bare aiohttp"] = max(best["bare aiohttp"], asyncio.run(bare(url, seconds)))
            for name in window_ms:
                with tempfile.TemporaryDirectory() as folder:
                    where = f"sqlite:///{folder}/evergrant.db"
                    if name == POSTGRESQL:
                        with postgresql.asked() as raw:
                            raw.execute(f"CREATE DATABASE turn_{turn}")
                        where = postgresql.url(f"turn_{turn}")
                    found, stored_ms = asyncio.run(ours(url, seconds, Path(folder), where))
                best[name] = max(best[name], found)
                window_ms[name] = min(window_ms[name], stored_ms)
    print(f"server: raw asyncio, rotating; {AT_ONCE} at once; SQLite {_sqlite()}, WAL, FULL;")
    print("PostgreSQL over a socket, fsync and synchronous_commit on")
    for name, found in best.items():
        print(f"{name:21} {found:8.0f}/s  ratio {found / best['bare aiohttp']:.2f}")
    for name, took in window_ms.items():
        print(
            f"{name}: an answer is stored {took:.1f} ms after it came ({AT_ONCE} at once, median)"
        )


def _sqlite() -> str:
    import sqlite3

    return sqlite3.sqlite_version


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
