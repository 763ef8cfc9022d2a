"""Sealing anew what a former master key has sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evergrant.errors import VaultTrouble
from evergrant.store.sealed import SealedRow
from evergrant.vault import identities
from evergrant.vault.kept import row_identity
from evergrant.vault.ring import KeyRing

Row = Mapping[str, Any]

IDENTITIES: Mapping[str, Callable[[Row], str]] = {
    "canary": lambda row: row_identity("canary", row["id"]),
    "integration": lambda row: row_identity("integration", row["tenant"], row["id"]),
    "credential": lambda row: row_identity(
        "credential",
        *(row[name] for name in ("tenant", "connection", "part", "id", "epoch", "generation")),
    ),
    "flow": lambda row: row_identity("text", identities.of_flow(row["id"])),
    "answer": lambda row: row_identity("text", identities.of_answer(row["connection"], row["seq"])),
    "revocation": lambda row: row_identity("text", identities.of_revocation(row["id"])),
}
"""Kind of a sealed row → what its seal is bound to; as the vault binds it when it seals."""


def resealed(ring: KeyRing, sealed: SealedRow) -> bytes:
    """The same content under the current key, with a data key of its own.

    Raises `VaultTrouble` for a row that was swapped or damaged.
    """
    identity = IDENTITIES[sealed.kind](sealed.row)
    return ring.seal(ring.unseal(sealed.blob, identity), identity)


def opens(ring: KeyRing, sealed: SealedRow) -> bool:
    """Whether a key of the ring opens a row: false for one that was swapped or damaged."""
    try:
        ring.unseal(sealed.blob, IDENTITIES[sealed.kind](sealed.row))
    except VaultTrouble:
        return False
    return True
