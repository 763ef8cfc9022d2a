"""The clients that others build on, beside ours: how fast they are, and what they lose.

    python benchmarks/peers.py [seconds]

Each client comes unmodified from its registry (`make clients`; one that is not there is a line
that says so) and is driven by a script in `peer_clients/`.  Rates are token grants a second, 32 at
once, at the endpoint of `refresh.py`.  Failures are played on an emulated org:

- *herd*: 32 callers in 4 processes find one access token ended; refresh tokens rotate, and one that
  is replayed ends its whole approval.  Token requests made, callers that got their answer, and
  whether a refresh token that the client then holds still works;
- *kill -9*: the process dies with the new token in hand: whether what it kept on disk still works;
- *refused*: the org refuses every access token: token requests that one call makes in 3 seconds
  (without rotation, which would end the loop).
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

import aiohttp
import httpx2

import refresh
from engine_kit import fingerprint
from evergrant import keeper as verbs
from evergrant.api.collector import settle
from evergrant.api.service import serving
from evergrant.client import TokenSource
from evergrant.client.httpx2_auth import SalesforceAuth
from evergrant.emulator.server import Emulator
from evergrant.model import Connection, Secret
from evergrant.settings import load
from fault_kit import killed, played
from keeper_kit import BROWSER_APP, KEY, SERVER_APP, TOKEN, Ground, grounded
from real_clients import PROGRAMS, Conversation

PROCESSES, CALLERS = 4, 8
SLOW_S = 0.3
"""How long the org takes for a token, so that callers meet."""
REFUSED_S = 3.0
QUERY = "/services/data/v66.0/query/"
SCRIPTS = Path(__file__).parent / "peer_clients"
HEAD = f"{'client':26} {'grants/s':>9} {'ratio':>6}   {'herd: requests':>14} {'served':>7} "
HEAD += f"{'after':>6}   {'kill -9: after':>14}   {'refused: requests':>17}"


@dataclass(frozen=True, slots=True)
class Peer:
    """A client, the script that drives it, and the app of the org that it uses."""

    name: str
    script: str
    app: str = BROWSER_APP

    def begun(self, home: Path) -> Conversation:
        """A process of its own."""
        program = replace(PROGRAMS[self.name], script=str(SCRIPTS / self.script))
        return Conversation(program, home)


PEERS = (
    Peer("Authlib", "authlib_peer.py"),
    Peer("simple-salesforce", "simple_salesforce_peer.py", SERVER_APP),
    Peer("jsforce", "jsforce_peer.mjs"),
    Peer("airbyte-cdk", "airbyte_peer.py"),
)


@dataclass(frozen=True, slots=True)
class Losses:
    """What became of one client in the three plays; None for what it has nothing to lose in."""

    requests: int
    served: int
    after_herd: bool | None
    after_kill: bool | None
    refused: int


# --- a peer --------------------------------------------------------------------------------------


@contextmanager
def asked(
    peer: Peer, ground: Ground, processes: int, *, rotation: bool = True
) -> Iterator[list[Conversation]]:
    """Processes of a client that hold one connection's tokens; the access token has ended."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as held:
        words, begun = _words(ground, peer, rotation=rotation), []
        for number in range(processes):
            own = Path(home) / str(number)
            own.mkdir()
            begun.append(peer.begun(own))
            held.callback(begun[-1].close)
            _done(begun[-1].ask("hold", **words))
        ground.control.act("expire_sessions", app=peer.app)
        yield begun


def _words(ground: Ground, peer: Peer, *, rotation: bool = True) -> dict[str, str]:
    ground.control.act("set_app", app=BROWSER_APP, rotation=rotation)
    app, tokens = ground.integration(peer.app).app, {}
    if peer.app == BROWSER_APP:
        found = ground.live(ground.connected()).credential
        both = {"access_token": found.access_token, "refresh_token": found.refresh_token}
        tokens = {name: each.reveal() for name, each in both.items() if each}
    secret = app.consumer_secret.reveal() if app.consumer_secret else ""
    known = {"url": ground.org.url, "client_id": app.consumer_key, "client_secret": secret}
    return known | tokens


def _done(answer: dict[str, Any]) -> Any:
    assert "done" in answer, answer
    return answer["done"]


def herd(peer: Peer, ground: Ground) -> tuple[int, int, bool | None]:
    """Many callers, one ended token."""
    with asked(peer, ground, PROCESSES) as processes:
        before = len(ground.requests(TOKEN))
        ground.fault(TOKEN, delay_s=SLOW_S, times=999)
        with ThreadPoolExecutor(PROCESSES) as pool:
            found = [_done(each) for each in pool.map(_called, processes)]
        held = [Secret(each["refresh_token"]) for each in found if each["refresh_token"]]
        after = any(ground.is_live(each) for each in held) if held else None
        return len(ground.requests(TOKEN)) - before, sum(each["served"] for each in found), after


def _called(process: Conversation) -> dict[str, Any]:
    return process.ask("call", callers=CALLERS)


def killed_peer(peer: Peer, ground: Ground) -> bool | None:
    """The process is gone once it has the new token: what it was given, or a file, is left."""
    if peer.app != BROWSER_APP:
        return None
    with tempfile.TemporaryDirectory() as home:
        words = _words(ground, peer)
        process = peer.begun(Path(home))
        _done(process.ask("hold", **words))
        fresh = _done(process.ask("renew"))
        process.kill()
        kept = [each.read_bytes() for each in Path(home).rglob("*") if each.is_file()]
        is_kept = any(fresh.encode() in each for each in kept)
        return ground.is_live(Secret(fresh if is_kept else words["refresh_token"]))


def refused_peer(peer: Peer, ground: Ground) -> int:
    """One call, and the org refuses whatever token it brings."""
    with asked(peer, ground, 1, rotation=False) as [process]:
        before = len(ground.requests(TOKEN))
        _refuse(ground)
        guard = threading.Timer(REFUSED_S, process.kill)
        guard.start()
        with suppress(AssertionError):  # killed: it would have gone on and on
            process.ask("call", callers=1)
        guard.cancel()
        return len(ground.requests(TOKEN)) - before


def _refuse(ground: Ground) -> None:
    said = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    how = {"status": 401, "body": json.dumps(said), "times": 10**6}
    paths = QUERY, QUERY.rstrip("/")
    ground.control.ask("POST", "/faults", json=[{"path": path, **how} for path in paths])


def losses_of(peer: Peer, org: Emulator) -> Losses:
    """The three plays, each on an org of its own."""
    found: list[Any] = []
    for play in (herd, killed_peer, refused_peer):
        with tempfile.TemporaryDirectory() as folder, grounded(org, Path(folder)) as ground:
            found.append(play(peer, ground))
    (requests, served, after), after_kill, refused = found
    return Losses(requests, served, after, after_kill, refused)


# --- ours ----------------------------------------------------------------------------------------


def our_losses(org: Emulator) -> Losses:
    """The same plays with Evergrant."""
    found: list[Any] = []
    plays: Sequence[Callable[[Ground], Any]] = (
        our_herd,
        lambda ground: not played(ground, killed("answer stored")).lost,
        our_refused,
    )
    for play in plays:
        with tempfile.TemporaryDirectory() as folder, grounded(org, Path(folder)) as ground:
            found.append(play(ground))
    (requests, served, after), after_kill, refused = found
    return Losses(requests, served, after, after_kill, refused)


def our_herd(ground: Ground) -> tuple[int, int, bool]:
    """Callers in several processes on one store."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    before = len(ground.requests(TOKEN))
    ground.fault(TOKEN, delay_s=SLOW_S, times=999)
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(PROCESSES), context.SimpleQueue()
    folder, dead = str(ground.keeper.settings.data_dir), fingerprint(ground, connection)
    args = folder, connection.id, dead, barrier, told
    started = [context.Process(target=our_callers, args=args) for _ in range(PROCESSES)]
    for each in started:
        each.start()
    tokens = [Secret(token) for _ in started for token in told.get()]
    for each in started:
        each.join()
    served = sum(ground.is_live(token) for token in tokens)
    after = ground.is_live(ground.live(connection).credential.refresh_token)
    return len(ground.requests(TOKEN)) - before, served, after


def our_callers(folder: str, connection: str, dead: str, barrier: Barrier, told: Any) -> None:
    """One process with its share of the callers."""
    os.environ.update(KEY | {"EVERGRANT_DATA_DIR": folder})

    async def all_at_once(keeper: verbs.Keeper) -> list[str]:
        async with aiohttp.ClientSession() as via:
            asked = (
                verbs.afresh_token(keeper, connection, via, not_token=dead) for _ in range(CALLERS)
            )
            return [each.access_token.reveal() for each in await asyncio.gather(*asked)]

    with verbs.open_keeper(load()) as keeper:
        barrier.wait()
        told.put(asyncio.run(all_at_once(keeper)))


def our_refused(ground: Ground) -> int:
    """One call of an application through the client library."""
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    before = len(ground.requests(TOKEN))
    _refuse(ground)
    with _source(ground, connection) as source:
        address = source.token().instance_url + QUERY
        with httpx2.Client(auth=SalesforceAuth(source)) as http:
            http.get(address, params={"q": "SELECT Id FROM User"})
    time.sleep(REFUSED_S)  # nothing comes after it either
    return len(ground.requests(TOKEN)) - before


@contextmanager
def _source(ground: Ground, connection: Connection) -> Iterator[TokenSource]:
    os.environ.update(KEY)
    settings = ground.keeper.settings
    with serving(settings, "127.0.0.1", 0, clock=ground.keeper.clock) as service:
        word, _ = verbs.create_key(service.keeper, "app", of_connections=[connection.name])
        with TokenSource(connection.id, url=service.url, api_key=word) as source:
            yield source


# --- rates ---------------------------------------------------------------------------------------


def rate_of(peer: Peer, url: str, seconds: float) -> float:
    """Grants a second."""
    with tempfile.TemporaryDirectory() as home:
        process = peer.begun(Path(home))
        host = url.removesuffix(TOKEN)
        try:
            words = {"url": host, "seconds": seconds, "at_once": refresh.AT_ONCE}
            return float(_done(process.ask("rate", **words)))
        finally:
            process.close()


def our_rate(url: str, seconds: float) -> float:
    """Refreshes a second, each stored three times in SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        where = f"sqlite:///{folder}/evergrant.db"
        return asyncio.run(refresh.ours(url, seconds, Path(folder), where))[0]


# --- the table -----------------------------------------------------------------------------------


def main(seconds: float) -> None:
    """Measure and play in one run, and print a line for each client."""
    with refresh.endpoint() as url, Emulator(seed=11) as org:
        settle()
        bare = asyncio.run(refresh.bare(url, seconds))
        print(f"bare aiohttp {bare:.0f}/s; {refresh.AT_ONCE} at once")
        print(HEAD)
        _line("evergrant, SQLite", our_rate(url, seconds), bare, our_losses(org))
        for peer in PEERS:
            if why := PROGRAMS[peer.name].why_missing():
                print(f"{peer.name:26} {why}")
                continue
            name = f"{peer.name} {PROGRAMS[peer.name].version()}"
            _line(name, rate_of(peer, url, seconds), bare, losses_of(peer, org))
    print("simple-salesforce logs in anew each time (client credentials): it has no refresh token")


def _line(name: str, rate: float, bare: float, found: Losses) -> None:
    after, kept = _AFTER[found.after_herd], _AFTER[found.after_kill]
    told = f"{found.requests:14} {found.served:3} of {PROCESSES * CALLERS} {after:>5}"
    print(f"{name:26} {rate:9.0f} {rate / bare:6.2f}   {told} {kept:>16}   {found.refused:17}")


_AFTER = {True: "works", False: "LOST", None: "-"}

if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
