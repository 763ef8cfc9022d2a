"""What the nouns share: new ids, and *not found* with what was probably meant."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from difflib import get_close_matches

from evergrant.errors import NotFound


def new_id(kind: str) -> str:
    """An id that nobody can guess and a person can recognize: `con_9f2c…`."""
    return f"{kind}_{secrets.token_hex(8)}"


def not_found(noun: str, key: str, known: Iterable[str]) -> NotFound:
    """The error for a key that nothing has, with the nearest of those that exist."""
    names = sorted(set(known))
    near = get_close_matches(key, names, n=3, cutoff=0.5) or names[:3]
    return NotFound(
        f"there is no {noun} {key!r}",
        why=f"Perhaps: {', '.join(near)}." if near else "",
        next_step=f"use the id or the name of a known {noun}",
    )
