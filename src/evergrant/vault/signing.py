"""Signed words: claims that travel through other hands and come back unchanged.

A word is `claims.signature` in URL-safe base64.  The key is derived from the master key for one
purpose (HKDF, RFC 5869 §2), so that a word made for one thing is worth nothing for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evergrant.vault.sealing import KEY_BYTES, MasterKey

LONGEST = 2_000
"""Characters of a word that are looked at."""


def sign(key: MasterKey, purpose: str, claims: Mapping[str, Any]) -> str:
    """A word that says these claims; they are readable, and bound to the purpose."""
    told = _text(json.dumps(dict(claims), separators=(",", ":"), sort_keys=True).encode())
    return f"{told}.{_signature(key, purpose, told)}"


def read_signed(key: MasterKey, purpose: str, word: str) -> dict[str, Any] | None:
    """The claims of a word that was signed for that purpose; None for any other word."""
    if not word.isascii():
        return None
    told, _, signature = word[:LONGEST].partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, purpose, told).encode()):
        return None
    padded = told + "=" * (-len(told) % 4)
    return dict(json.loads(base64.urlsafe_b64decode(padded)))


def _signature(key: MasterKey, purpose: str, told: str) -> str:
    info = f"evergrant signed words: {purpose}".encode()
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key.raw)
    return _text(hmac.new(derived, told.encode(), hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
