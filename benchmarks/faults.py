"""Faults: what is done to a refresh, and what it costs.

    python benchmarks/faults.py

Plays every fault of `tests/kits/fault_kit.py` on an emulated org whose refresh tokens rotate (a
replayed one ends its whole approval), with real processes where one is killed or stopped, and
prints what was lost.  Last comes the window in which a loss cannot be helped: from Salesforce's
rotation to the stored answer.  Leases are 0.6 s, so that a minute takes two seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

from engine_kit import refused, worker
from evergrant.emulator.server import Emulator
from fault_kit import FAULTS, INSIDE, ON_POSTGRESQL, Fault, Left, played
from keeper_kit import BROWSER_APP, Ground, grounded
from store_kit import playing_on

RUNS = 60
TITLE = f"{'fault':48} {'lost':>14} {'double spends':>14} {'false dead':>11} {'requests':>9}"


def main() -> None:
    """Play each fault on a fresh org, on both databases, and print a line for it."""
    print(TITLE)
    on = {"sqlite": FAULTS, "postgresql": {**FAULTS, **ON_POSTGRESQL}}
    with Emulator(seed=11) as org:
        for kind, faults in on.items():
            print(f"--- {kind}")
            with playing_on(kind):
                _sum_up({name: _played(org, name, fault) for name, fault in faults.items()})
                with tempfile.TemporaryDirectory() as folder, grounded(org, Path(folder)) as ground:
                    _window(ground)


def _played(org: Emulator, name: str, fault: Fault) -> Left:
    with tempfile.TemporaryDirectory() as folder, grounded(org, Path(folder)) as ground:
        left = played(ground, fault)
    lost = ("named, inside" if left.named else "NOT NAMED") if left.lost else "-"
    if left.lost and name not in INSIDE:
        lost = "OUTSIDE"
    numbers = f"{left.double_spends:14} {left.false_dead:11} {left.requests:9}"
    print(f"{name:48} {lost:>14} {numbers}")
    return left


def _sum_up(found: dict[str, Left]) -> None:
    inside = sum(left.lost for name, left in found.items() if name in INSIDE)
    outside = sum(left.lost for name, left in found.items() if name not in INSIDE)
    unnamed = sum(left.lost and not left.named for left in found.values())
    doubles = sum(left.double_spends for left in found.values())
    false_dead = sum(left.false_dead for left in found.values())
    print(
        f"lost outside the window {outside} · inside {inside}, of which unnamed {unnamed}", end=""
    )
    print(f" · double spends {doubles} · false dead {false_dead}")


def _window(ground: Ground) -> None:
    """How long a rotated token lies in nobody's store."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection, stored = ground.connected(), [0.0]
    took: list[float] = []

    def trace(moment: str) -> None:
        if moment == "answer stored":
            stored[0] = time.time()

    with worker(ground, trace=trace) as one:
        for _ in range(RUNS):
            one.engine.renew(refused(ground, connection))
            took.append(1000 * (stored[0] - _rotated_at(ground)))
    worst = quantiles(took, n=20)[-1]
    print(f"window {median(took):.1f} ms (median of {RUNS}), {worst:.1f} ms (95 in 100)")


def _rotated_at(ground: Ground) -> float:
    with ground.org.org.lock:
        wanted = "SELECT max(used_at) FROM x_refresh"
        return float(ground.org.org.db.execute(wanted).fetchone()[0])


if __name__ == "__main__":
    main()
