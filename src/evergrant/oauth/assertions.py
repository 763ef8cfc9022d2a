"""Signing: claims become a JWT under RS256, the only algorithm Salesforce takes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from evergrant.errors import BadInput
from evergrant.model import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from joserfc.jwk import RSAKey


def signed(claims: Mapping[str, object], pem: Secret) -> Secret:
    """The claims as a signed JWT (RFC 7515 compact form).

    Raises `BadInput` when the key is no unencrypted RSA private key in PEM.
    """
    # NOTE: imported here: most commands sign nothing and should not wait for it.
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    key = private_key(pem)
    text = f"{_HEADER}.{_base64(json.dumps(claims, separators=(',', ':')).encode())}"
    return Secret(f"{text}.{_base64(key.sign(text.encode(), PKCS1v15(), SHA256()))}")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_HEADER = _base64(b'{"typ":"JWT","alg":"RS256"}')
"""The only header there is: RS256 is all that Salesforce takes (RFC 7515 §4.1)."""


def private_key(pem: Secret) -> RSAPrivateKey:
    """The key itself, for signatures that are no JWT's.  Raises `BadInput` like `signed`."""
    key = _key(pem).private_key
    if key is None:
        raise _unusable()
    return key


@lru_cache(maxsize=256)
def _key(pem: Secret) -> RSAKey:
    """Parsed once for each key: parsing costs as much as a hundred signatures."""
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        key = RSAKey.import_key(pem.reveal())
    except (JoseError, ValueError, TypeError) as error:
        # NOTE: `from None`: the parser's own words may quote the key.
        del error
        raise _unusable() from None
    if not key.is_private:
        raise _unusable()
    return key


def _unusable() -> BadInput:
    return BadInput(
        "the private key cannot be used",
        why="it is not an unencrypted RSA private key in PEM form",
        next_step="give the key whose certificate is registered in the app "
        "(it begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----)",
        whose="integration",
    )
