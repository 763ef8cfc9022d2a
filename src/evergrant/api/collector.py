"""The collector of cycles, as a process wants it that serves for weeks."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""So many objects more than have gone, and the collector looks at the new ones."""


def settle() -> None:
    """What is there by now lives as long as the process: the collector looks at it no more.

    A full collection walks every object: over all that was imported it takes longer than a token
    read or a whole refresh (`benchmarks/refresh.py`), and everybody waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
