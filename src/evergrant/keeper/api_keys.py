"""API keys: made, shown once, recognized, revoked.

A key's word is `evgk_<id>_<256 random bits>`: it is found by its id and judged by its hash, in
constant time; nothing that is stored can be used.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from evergrant.errors import BadInput
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection, Secret
from evergrant.store import api_keys, connections, integrations
from evergrant.store.api_keys import EVERYTHING, ApiKey

DAYS, PER_MINUTE = 90, 600
"""How long a key lives, and how often a minute it reads, where nobody says otherwise."""
_WORD = re.compile(r"evgk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_NOBODY = hashlib.sha256(b"").hexdigest()


def create_key(
    keeper: Keeper,
    name: str,
    *,
    of_connections: Iterable[str] = (),
    of_integrations: Iterable[str] = (),
    everything: bool = False,
    days: int = DAYS,
    per_minute: int = PER_MINUTE,
) -> tuple[Secret, ApiKey]:
    """A new key for the named connections, those of the named integrations, or all; and its word.

    The word is nowhere afterwards.  Raises `NotFound`, and `BadInput` for a key that opens nothing.
    """
    number, now = secrets.token_hex(8), keeper.clock.now()
    word = f"evgk_{number}_{secrets.token_urlsafe(32)}"
    with keeper.writing() as tx:
        ids = [connections.get(tx, each).id for each in of_connections]
        ids += [integrations.get(tx, each).id for each in of_integrations]
        opens = (EVERYTHING,) if everything else tuple(ids)
        if not opens:
            raise BadInput(
                "the key opens nothing",
                next_step="name connections or integrations, or give --all",
                whose="you",
            )
        ends = now + timedelta(days=days)
        key = ApiKey(
            f"key_{number}", keeper.tenant, name, _hashed(word), opens, per_minute, now, ends
        )
        api_keys.add(tx, key)
        did(keeper, tx, "API key made", subject=key.id, text=name)
    return Secret(word), key


def key_of(keeper: Keeper, word: str) -> ApiKey | None:
    """The key that a word belongs to; None when it is unknown, revoked or expired.

    Takes as long for a wrong word as for a right one.
    """
    shaped = _WORD.fullmatch(word)
    with keeper.reading() as tx:
        found = api_keys.find(tx, f"key_{shaped[1] if shaped else ''}")
    known = hmac.compare_digest(_hashed(word), found.hash if found else _NOBODY)
    if found is None or not known or found.revoked_at is not None:
        return None
    return found if keeper.clock.now() < found.expires_at else None


def may_open(key: ApiKey, connection: Connection) -> bool:
    """Whether a key opens a connection: of its own tenant, and within what it was made for."""
    if not hmac.compare_digest(key.tenant.encode(), connection.tenant.encode()):
        return False
    return not {EVERYTHING, connection.id, connection.integration}.isdisjoint(key.opens)


def list_keys(keeper: Keeper) -> Sequence[ApiKey]:
    """Every key that was made, revoked ones among them."""
    with keeper.reading() as tx:
        return api_keys.every(tx)


def revoke_key(keeper: Keeper, key: str) -> Sequence[str]:
    """End a key, by its id or name; from the next request on nobody is served with it.

    Returns the ids of what was ended.  Raises `NotFound`.
    """
    with keeper.writing() as tx:
        ended = api_keys.revoke(tx, key, keeper.clock.now())
        for each in ended:
            did(keeper, tx, "API key revoked", subject=each)
        return ended


def _hashed(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
