"""SAML 2.0 assertions: read without building a tree, and verified against a certificate.

One assertion with one enveloped RSA signature is what the bearer flow brings (RFC 7522); anything
richer, a DOCTYPE or a document nested deeper than assertions are is not readable here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import C14NWriterTarget, ParseError, XMLParser

from cryptography.hazmat.primitives import hashes

from evergrant.emulator import jwts

if TYPE_CHECKING:
    from collections.abc import Callable

_SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_DSIG: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_DEEPEST: Final = 32
_HASHES: Final[dict[str, tuple[str, hashes.HashAlgorithm]]] = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": ("sha256", hashes.SHA256()),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": ("sha512", hashes.SHA512()),
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": ("sha1", hashes.SHA1()),  # noqa: S303  # old identity providers send it
}


@dataclass(frozen=True, slots=True)
class Assertion:
    """A SAML assertion read but not believed."""

    issuer: str
    subject: str
    audience: str
    recipient: str
    ends_at: datetime | None
    method: str
    digest: bytes
    """What the signature says the assertion's digest is."""
    signature: bytes
    signed: bytes
    """SignedInfo in canonical form."""
    content: bytes
    """The assertion without its signature, in canonical form."""


def read(text: str) -> Assertion | None:
    """Take a Base64url SAML assertion apart; None where it is none."""
    try:
        raw = base64.urlsafe_b64decode(_padded(text)).decode()
        return _read(raw)
    except (ValueError, binascii.Error, ParseError, _TooDeep):
        return None


def is_signed_by(assertion: Assertion, certificate: str) -> bool:
    """Whether the certificate's key signed this very content."""
    name, digest = _HASHES.get(assertion.method, ("", None))
    if digest is None or hashlib.new(_digest_name(assertion, name), assertion.content).digest() != (
        assertion.digest
    ):
        return False
    return jwts.verifies(certificate, assertion.signature, assertion.signed, digest)


def _digest_name(assertion: Assertion, name: str) -> str:
    """The digest's own algorithm, told by its length where it differs from the signature's."""
    return {20: "sha1", 32: "sha256", 64: "sha512"}.get(len(assertion.digest), name)


def _padded(text: str) -> str:
    plain = "".join(text.split()).replace("+", "-").replace("/", "_").rstrip("=")
    return plain + "=" * (-len(plain) % 4)


class _TooDeep(Exception):
    """The document is nested deeper than any assertion, or declares a DOCTYPE."""


@dataclass(slots=True)
class _Reader:
    """A parser target that remembers the texts and attributes an assertion is judged by."""

    depth: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise _TooDeep
        self.attributes.setdefault(tag, dict(attributes))
        if len(self._path) == 1 and tag != f"{_SAML}Assertion":
            raise _TooDeep

    def end(self, _tag: str) -> None:
        self._path.pop()

    def data(self, text: str) -> None:
        tag = self._path[-1]
        self.texts[tag] = self.texts.get(tag, "") + text

    def doctype(self, *_: str | None) -> None:
        raise _TooDeep

    def close(self) -> None:
        """Nothing is built."""


def _read(raw: str) -> Assertion:
    found = _Reader()
    _feed(raw, found)
    conditions = found.attributes.get(f"{_SAML}Conditions", {})
    confirmed = found.attributes.get(f"{_SAML}SubjectConfirmationData", {})

    def text(tag: str) -> str:
        return found.texts.get(tag, "").strip()

    return Assertion(
        issuer=text(f"{_SAML}Issuer"),
        subject=text(f"{_SAML}NameID"),
        audience=text(f"{_SAML}Audience"),
        recipient=confirmed.get("Recipient", ""),
        ends_at=_earliest(conditions.get("NotOnOrAfter"), confirmed.get("NotOnOrAfter")),
        method=found.attributes.get(f"{_DSIG}SignatureMethod", {}).get("Algorithm", ""),
        digest=base64.b64decode(text(f"{_DSIG}DigestValue")),
        signature=base64.b64decode(text(f"{_DSIG}SignatureValue")),
        signed=_canonical(raw, only=f"{_DSIG}SignedInfo"),
        content=_canonical(raw, without=f"{_DSIG}Signature"),
    )


def _earliest(*moments: str | None) -> datetime | None:
    read_ones = []
    for each in moments:
        with suppress(ValueError, TypeError):
            moment = datetime.fromisoformat(each or "")
            read_ones.append(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return min(read_ones, default=None)


def _feed(raw: str, target: object) -> None:
    # DOCTYPEs are refused by _Reader before anything in them counts.
    parser = XMLParser(target=target)  # noqa: S314
    parser.feed(raw)
    parser.close()


def _canonical(raw: str, *, without: str | None = None, only: str | None = None) -> bytes:
    """Exclusive canonical XML, which C14N 2.0 without options gives for such documents."""
    parts: list[str] = []
    writer = C14NWriterTarget(parts.append, exclude_tags=[without] if without else None)
    _feed(raw, _Part(writer, only) if only else writer)
    return "".join(parts).encode()


class _Part:
    """Passes on one element and what is in it; namespaces declared around it stay known."""

    def __init__(self, writer: C14NWriterTarget, only: str) -> None:
        self._writer, self._only, self._depth = writer, only, 0
        self.start_ns: Callable[[str, str], None] = writer.start_ns

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth or tag == self._only:
            self._depth += 1
            self._writer.start(tag, attributes)

    def end(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1
            self._writer.end(tag)

    def data(self, text: str) -> None:
        if self._depth:
            self._writer.data(text)

    def close(self) -> None:
        """Nothing is built."""
