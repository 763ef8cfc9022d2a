"""Sealing: AES-256-GCM, a fresh data key for each row, bound to the identity of the row.

A blob is `version | key id | wrapped data key | sealed text`, each of the last two with its own
nonce.  The data key is wrapped by the master key; both layers are authenticated together with the
row's identity, so that a blob copied to another row does not open there (NIST SP 800-38D).
"""

from __future__ import annotations

import hashlib
import os
from typing import NoReturn, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evergrant.errors import OurBug, VaultTrouble

KEY_BYTES = 32
_VERSION = b"\x01"
_ID, _NONCE, _TAG = 8, 12, 16
_WRAPPED = len(_VERSION) + _ID
_SEALED = _WRAPPED + _NONCE + KEY_BYTES + _TAG
_SHORTEST = _SEALED + _NONCE + _TAG


@final
class MasterKey:
    """The key that wraps every data key; its id may be shown, itself never."""

    __slots__ = ("cipher", "head", "id", "raw", "source")

    def __init__(self, raw: bytes, source: str) -> None:
        self.raw = raw
        """32 bytes."""
        self.source = source
        """Where it came from, in words for an error."""
        self.id = hashlib.sha256(b"evergrant master key\x00" + raw).hexdigest()[: 2 * _ID]
        """Sixteen hex digits that tell two master keys apart."""
        self.head = _VERSION + bytes.fromhex(self.id)
        """How every blob begins that it sealed."""
        self.cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    def __reduce__(self) -> NoReturn:
        raise OurBug("a master key is not to be copied or pickled")


def seal(key: MasterKey, plaintext: bytes, identity: str) -> bytes:
    """Seal a text for one row."""
    chance, bound = os.urandom(KEY_BYTES + 2 * _NONCE), key.head + identity.encode()
    data_key, outer, inner = chance[:KEY_BYTES], chance[KEY_BYTES:-_NONCE], chance[-_NONCE:]
    wrapped = key.cipher.encrypt(outer, data_key, bound)
    sealed = AESGCM(data_key).encrypt(inner, plaintext, bound)
    return b"".join((key.head, outer, wrapped, inner, sealed))


def unseal(key: MasterKey, blob: bytes, identity: str) -> bytes:
    """Open what was sealed for that row.

    Raises `VaultTrouble`, which tells a wrong master key from a swapped or damaged row.
    """
    if len(blob) < _SHORTEST or not blob.startswith(key.head):
        raise _of_another(key, blob, identity)
    bound = key.head + identity.encode()
    try:
        data_key = _unlock(key.cipher, blob[_WRAPPED:_SEALED], bound)
        return _unlock(AESGCM(data_key), blob[_SEALED:], bound)
    except InvalidTag as error:
        raise _damaged(identity, "its seal does not fit this row") from error


def sealed_with(blob: bytes) -> str:
    """The id of the key that sealed a blob; '' for what is no sealed blob that we know."""
    head = blob[:_WRAPPED]
    if len(blob) < _SHORTEST or head[: len(_VERSION)] != _VERSION:
        return ""
    return head[len(_VERSION) :].hex()


def _of_another(key: MasterKey, blob: bytes, identity: str) -> VaultTrouble:
    if key_id := sealed_with(blob):
        return wrong_key(key, key_id)
    return _damaged(identity, "it is not a sealed blob of a version that we know")


def wrong_key(key: MasterKey, other: str) -> VaultTrouble:
    """The error for a row that another master key sealed."""
    return VaultTrouble(
        "the master key is not the one that sealed this database",
        why=f"The data was sealed with key {other}; {key.source} holds key {key.id}.",
        next_step="restore the master key that belongs to this database; nothing was changed",
        whose="operator",
    )


def try_cipher() -> None:
    """Try the cipher of this machine on a text whose seal is known.

    Test case 14 of McGrew and Viega, The Galois/Counter Mode of Operation (GCM), appendix B.
    Raises `OurBug`: nothing may be sealed then.
    """
    known = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    if AESGCM(bytes(KEY_BYTES)).encrypt(bytes(_NONCE), bytes(16), None) != known:
        raise OurBug("AES-GCM of this machine does not seal as the standard says")


def _damaged(identity: str, why: str) -> VaultTrouble:
    return VaultTrouble(
        f"a sealed row was swapped or damaged: {identity}",
        why=f"The master key is the right one, and {why}.",
        next_step="restore the row from a backup, or reauthorize the connection",
        whose="operator",
    )


def _unlock(cipher: AESGCM, blob: bytes, bound: bytes) -> bytes:
    return cipher.decrypt(blob[:_NONCE], blob[_NONCE:], bound)
