"""A storm: 1,000 callers in 4 processes report the same dead token at once.

    python benchmarks/storm.py

The emulated org takes one second for a token request.  Prints how many token requests it was asked,
and how long the callers waited.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

import aiohttp

from engine_kit import fingerprint, sent
from evergrant import keeper as verbs
from evergrant.emulator.server import Emulator
from evergrant.settings import load
from keeper_kit import BROWSER_APP, KEY, TOKEN, grounded

PROCESSES, CALLERS = 4, 1000


def caller(
    folder: str,
    connection: str,
    not_token: str,
    barrier: Barrier,
    told: multiprocessing.Queue[float],
) -> None:
    """One process with its share of the callers."""
    os.environ.update(KEY | {"EVERGRANT_DATA_DIR": folder})
    with verbs.open_keeper(load()) as keeper:
        barrier.wait()
        for each in asyncio.run(_storm(keeper, connection, not_token)):
            told.put(each)


async def _storm(keeper: verbs.Keeper, connection: str, not_token: str) -> list[float]:
    async with aiohttp.ClientSession() as via:

        async def one() -> float:
            began = time.perf_counter()
            token = await verbs.afresh_token(keeper, connection, via, not_token=not_token)
            assert token.access_token.fingerprint != not_token
            return time.perf_counter() - began

        return await asyncio.gather(*(one() for _ in range(CALLERS // PROCESSES)))


def storm() -> tuple[int, list[float]]:
    """Token requests that the org was asked, and the seconds that each caller waited."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        Emulator(seed=11) as org,
        grounded(org, Path(folder)) as ground,
    ):
        ground.control.act("set_app", app=BROWSER_APP, rotation=True)
        connection = ground.connected()
        ground.control.act("expire_sessions", app=BROWSER_APP)
        ground.fault(TOKEN, delay_s=1.0, times=99)
        barrier, told = context.Barrier(PROCESSES), context.Queue()
        data, dead = str(ground.keeper.settings.data_dir), fingerprint(ground, connection)
        args = (data, connection.id, dead, barrier, told)
        started = [context.Process(target=caller, args=args) for _ in range(PROCESSES)]
        for each in started:
            each.start()
        waited = [told.get(timeout=60) for _ in range(CALLERS)]
        for each in started:
            each.join()
        return len(sent(ground)), waited


def main() -> None:
    """Let it blow once, and print what came of it."""
    requests, waited = storm()
    p99 = quantiles(waited, n=100)[-1]
    print(f"{CALLERS} callers, {PROCESSES} processes, token delay 1 s: {requests} token request(s)")
    print(f"waited {median(waited):.2f} s (median), {p99:.2f} s (99 in 100)")


if __name__ == "__main__":
    main()
