"""How long a fork, a reset and a snapshot of an org with 1,000 users take, against SQLite's backup.

    python benchmarks/fork.py [USERS]

The backup copies the same database into memory by sqlite3's own means: what any copy costs at
least.  All are measured in turn in one run.  Printed in milliseconds: the least, the median and the
most, and the ratio of the least to the backup's, which other work on the machine disturbs least.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from evergrant.emulator.stage import Stage

RUNS = 60
MILLI = 1000


def main(arguments: list[str]) -> None:
    """Measure and print."""
    users = int(arguments[0]) if arguments else 1000
    stage = Stage()
    with stage.org.changing():
        for number in range(users):
            stage.act("create_user", user=f"user{number}")
    stage.save("full")
    ways: dict[str, Callable[[], None]] = {
        "sqlite3 backup": partial(backup, stage),
        "fork": partial(fork, stage),
        "snapshot": partial(snapshot, stage),
        "restore of a snapshot": partial(stage.restore, "full"),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            took[name].append((time.perf_counter() - begun) * MILLI)
    size = len(stage.org.db.serialize()) / 1e6
    print(f"an org with {users} users, {size:.1f} MB, {RUNS} runs; milliseconds")
    print(f"{'':<24}{'least':>8}{'median':>8}{'most':>8}   to the backup")
    base = min(took["sqlite3 backup"])
    for name, each in took.items():
        figures = (min(each), statistics.median(each), max(each))
        cells = "".join(f"{figure:8.2f}" for figure in figures)
        print(f"  {name:<22}{cells} {min(each) / base:11.1f} x")


def backup(stage: Stage) -> None:
    """A bare copy."""
    copy = sqlite3.connect(":memory:")
    stage.org.db.backup(copy)
    copy.close()


def fork(stage: Stage) -> None:
    """Another org, ready to be asked."""
    stage.org.fork().close()


def snapshot(stage: Stage) -> None:
    """A copy to come back to."""
    stage.org.snapshot().db.close()


if __name__ == "__main__":
    main(sys.argv[1:])
