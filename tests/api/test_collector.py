"""A process that serves does not look again and again at what it has loaded."""

from __future__ import annotations

import subprocess
import sys

SETTLED = """
import gc
import evergrant.api.service
from evergrant.api.collector import settle
before = len(gc.get_objects())
settle()
print(before, len(gc.get_objects()), gc.get_threshold()[0])
"""


def test_what_was_loaded_is_out_of_the_collectors_sight() -> None:
    # In a process of its own: what is frozen stays so.
    told = subprocess.run(
        [sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True, timeout=60
    )
    before, left, young = map(int, told.stdout.split())
    assert left < before / 100
    assert young > 1000
