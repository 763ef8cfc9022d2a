"""How long a cause takes to be named, start-up included, against others that start.

    python benchmarks/startup.py

Prints the ratio of the medians, measured in turn in one run: `explain` and `diagnose` on one text
against `python -c "import json, tomli, click"`, which is what any such command line must do, and
against `sf --version`, where Salesforce CLI is there (`make clients` installs it).
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 9
ERROR = b'{"error":"invalid_grant","error_description":"expired access/refresh token"}'
CLIENTS = Path(__file__).parents[1] / "tests" / "conformance" / "node_modules" / ".bin"
OURS = {
    "evergrant explain": (sys.executable, "-m", "evergrant.cli", "explain", "invalid_grant"),
    "evergrant diagnose": (sys.executable, "-m", "evergrant.cli", "diagnose", "-"),
}
BARE = "bare Python with click"
SF = "sf --version"


def main() -> None:
    """Measure in turn, and print each ratio."""
    others = {BARE: (sys.executable, "-c", "import json, tomli, click"), **_salesforce_cli()}
    commands = {**others, **OURS}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, words in commands.items():
            taken[name].append(_seconds(words))
    medians = {name: statistics.median(each) for name, each in taken.items()}
    for name, median in medians.items():
        ratios = [f"{median / medians[other]:.2f} × {other}" for other in others if name in OURS]
        print(f"{name:24} {median * 1000:6.0f} ms  {', '.join(ratios)}".rstrip())


def _salesforce_cli() -> dict[str, tuple[str, ...]]:
    found = shutil.which("sf", path=CLIENTS) or shutil.which("sf")
    if found is None:
        print("Salesforce CLI is not there: run make clients to measure beside it")
        return {}
    return {SF: (found, "--version")}


def _seconds(words: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(words, input=ERROR, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
