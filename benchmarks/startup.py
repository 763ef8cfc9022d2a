"""How long a cause takes to be named, start-up included, against starting Python alone.

    python benchmarks/startup.py

Prints the ratio of the medians, measured in turn in one run: `explain` and `diagnose` on one text
against `python -c "import json, tomllib, click"`, which is what any such command line must do.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 9
ERROR = b'{"error":"invalid_grant","error_description":"expired access/refresh token"}'
BARE = ("-c", "import json, tomllib, click")
COMMANDS = {
    "explain": ("-m", "evergrant.cli", "explain", "invalid_grant"),
    "diagnose": ("-m", "evergrant.cli", "diagnose", "-"),
}


def main() -> None:
    """Measure in turn, and print each ratio."""
    taken: dict[str, list[float]] = {name: [] for name in ("bare", *COMMANDS)}
    for _ in range(RUNS):
        for name, words in {"bare": BARE, **COMMANDS}.items():
            taken[name].append(_seconds(words))
    bare = statistics.median(taken["bare"])
    print(f"bare Python with click      {bare * 1000:6.0f} ms")
    for name in COMMANDS:
        median = statistics.median(taken[name])
        print(f"evergrant {name:17} {median * 1000:6.0f} ms  ratio {median / bare:.1f}")


def _seconds(words: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], input=ERROR, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
