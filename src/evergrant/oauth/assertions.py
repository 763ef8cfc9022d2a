"""Signing: claims become a JWT under RS256, the only algorithm Salesforce takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from evergrant.errors import BadInput
from evergrant.model import Secret

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


def signed(claims: Mapping[str, object], private_key: Secret) -> Secret:
    """The claims as a signed JWT (RFC 7515 compact form).

    Raises `BadInput` when the key is no unencrypted RSA private key in PEM.
    """
    # NOTE: joserfc is imported here: most commands sign nothing and should not wait for it.
    from joserfc import jwt

    return Secret(jwt.encode({"alg": "RS256"}, dict(claims), _key(private_key)))


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
