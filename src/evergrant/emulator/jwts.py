"""Signed assertions and id tokens: RS256 read and written with the cryptography library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from evergrant.emulator.seeded_keys import BITS, private_key, serial_number

KEY_ID: Final = "evergrant-emulator"
_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and the certificate that is registered with an app, both as PEM."""

    private_key: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT read but not believed."""

    claims: dict[str, Any]
    algorithm: str
    signed: bytes
    signature: bytes

    def claim(self, name: str) -> str:
        """A claim as text; empty where it is missing."""
        value = self.claims.get(name, "")
        # JSON can hold half a surrogate pair, which no database takes.
        return value.encode(errors="replace").decode() if isinstance(value, str) else ""

    def expires_at(self) -> datetime | None:
        """The exp claim: a number or a numeric string, as shipping clients send both.

        Milliseconds are taken for seconds, which puts them far ahead and lets them pass.
        """
        try:
            return datetime.fromtimestamp(float(self.claims["exp"]), UTC)
        except (KeyError, TypeError, ValueError):
            is_far = str(self.claims.get("exp", "")).isdigit()
            return datetime.max.replace(tzinfo=UTC) if is_far else None
        except (OverflowError, OSError):
            return datetime.max.replace(tzinfo=UTC)


def read(text: str) -> Assertion | None:
    """Take a compact JWT apart; None where it is not one."""
    try:
        head, body, signature = text.split(".")
        header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
        signed = f"{head}.{body}".encode()
        if not isinstance(header, dict) or not isinstance(claims, dict):
            return None
        return Assertion(claims, str(header.get("alg")), signed, _decoded(signature))
    except (ValueError, binascii.Error, RecursionError):  # the last: JSON nested too deep
        return None


def is_signed_by(assertion: Assertion, certificate: str) -> bool:
    """Whether the certificate's key signed it with RS256."""
    if assertion.algorithm != "RS256":
        return False
    return verifies(certificate, assertion.signature, assertion.signed, hashes.SHA256())


def verifies(
    certificate: str, signature: bytes, signed: bytes, digest: hashes.HashAlgorithm
) -> bool:
    """Whether the certificate's RSA key made a PKCS #1 v1.5 signature."""
    found = _certificate(certificate)
    key = None if found is None else found.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def ends_at(certificate: str) -> datetime | None:
    """When a certificate ends; None where it cannot be read."""
    found = _certificate(certificate)
    return None if found is None else found.not_valid_after_utc


@lru_cache(maxsize=64)
def _certificate(pem: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None


def sign(claims: dict[str, Any], key: rsa.RSAPrivateKey, **more: str) -> str:
    """A compact JWT signed with RS256; `more` goes into its header."""
    header = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID, **more}
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def org_key() -> rsa.RSAPrivateKey:
    """The key that signs id tokens and JWT access tokens; no secret, and always the same."""
    return private_key(KEY_ID)


def jwks() -> dict[str, object]:
    """The public half of the org's key (RFC 7517)."""
    numbers = org_key().public_key().public_numbers()
    return {"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
        "n": _encoded(numbers.n.to_bytes(BITS // 8)), "e": _encoded(numbers.e.to_bytes(3)),
    }]}  # fmt: skip


def new_key_pair(name: str, now: datetime, words: str) -> KeyPair:
    """The RSA key of these words and a self-signed certificate valid for a year around now."""
    key = private_key(words)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private.decode(), _self_signed(name, key, now + _YEAR))


def recertified(pair: KeyPair, name: str, end: datetime) -> KeyPair:
    """The same key under a new certificate that ends at a moment."""
    key = serialization.load_pem_private_key(pair.private_key.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise AssertionError("key pairs are RSA")
    return KeyPair(pair.private_key, _self_signed(name, key, end))


def _self_signed(name: str, key: rsa.RSAPrivateKey, end: datetime) -> str:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(serial_number(f"{name} {end:%Y%m%d}"))
        .not_valid_before(end - 2 * _YEAR)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def half_hash(token: str) -> str:
    """The at_hash of an access token (OpenID Connect Core section 3.2.2.9)."""
    return _encoded(hashlib.sha256(token.encode()).digest()[:16])


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
