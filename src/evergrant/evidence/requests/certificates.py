"""Certificates and private keys → facts: until when, and whether they belong together.

Of a key only its public half is compared; nothing of it is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from evergrant.evidence.gathered import Gathered, Reading, Wanted, fact
from evergrant.evidence.given.document import Document
from evergrant.model import Fact, Secret

SOURCE = "certificate"
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S)


def pems_in(data: bytes) -> tuple[tuple[bytes, ...], tuple[Secret, ...]]:
    """Certificates and private keys that stand in a text."""
    keys = tuple(Secret(each.decode("ascii", "replace")) for each in KEY.findall(data))
    return tuple(CERTIFICATE.findall(data)), keys


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The facts in the certificates and keys that `wanted` holds; the documents are where they
    came from."""
    loaded = [_certificate(each) for each in wanted.certificates]
    certificates = [each for each in loaded if each is not None]
    publics, broken = _publics(wanted.keys)
    facts = [*_ends(certificates, wanted), *_fits(certificates, publics), *_unreadable(broken)]
    skipped = len(loaded) - len(certificates) + broken
    readings = [Reading(SOURCE, each.name, 1, "files") for each in documents]
    if readings and skipped:
        readings[0] = Reading(SOURCE, documents[0].name, 1, "files", skipped)
    return Gathered(tuple(facts), readings=tuple(readings))


def signed_by_one(
    signed: bytes, signature: bytes, certificates: Iterable[bytes]
) -> tuple[bool | None, str]:
    """Whether one of the certificates' keys made the signature (RS256); None where none is RSA."""
    publics = [each.public_key() for each in map(_certificate, certificates) if each is not None]
    rsa = [each for each in publics if isinstance(each, RSAPublicKey)]
    if not rsa:
        return None, ""
    for public in rsa:
        try:
            public.verify(signature, signed, PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            continue
        return True, "the assertion's signature is of the certificate's key"
    return False, f"the assertion's signature is of none of {len(rsa)} certificates' keys"


def _certificate(pem: bytes) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _publics(keys: Iterable[Secret]) -> tuple[list[bytes], int]:
    publics, broken = [], 0
    for key in keys:
        try:
            private = serialization.load_pem_private_key(key.reveal().encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            broken += 1
            continue
        publics.append(_spki(private.public_key()))
    return publics, broken


def _spki(public: PublicKeyTypes) -> bytes:
    return public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _ends(certificates: Sequence[x509.Certificate], wanted: Wanted) -> Iterator[Fact]:
    now = wanted.at or wanted.now
    if not certificates or now is None:
        return
    last = max(each.not_valid_after_utc for each in certificates)
    begins = min(each.not_valid_before_utc for each in certificates)
    quote = f"the certificate is valid from {begins:%Y-%m-%d} to {last:%Y-%m-%d %H:%M} UTC"
    yield fact("own.certificate_ended", last <= now, SOURCE, quote=quote, at=now, mark="derived")


def _fits(certificates: Sequence[x509.Certificate], publics: Sequence[bytes]) -> Iterator[Fact]:
    if not certificates or not publics:
        return
    theirs = {_spki(each.public_key()) for each in certificates}
    fits = any(each in theirs for each in publics)
    quote = f"{len(publics)} private keys and {len(certificates)} certificates were compared"
    yield fact("own.key_fits_certificate", fits, SOURCE, quote=quote, mark="derived")


def _unreadable(broken: int) -> Iterator[Fact]:
    if broken:
        quote = f"{broken} private keys cannot be read (cut, or with a pass phrase)"
        yield fact("client.complaint", "private key unreadable", SOURCE, quote=quote,
                   mark="derived")  # fmt: skip


def ends_at(pem: bytes) -> datetime | None:
    """When a certificate ends, or None where it cannot be read."""
    found = _certificate(pem)
    return found.not_valid_after_utc.astimezone(UTC) if found else None
