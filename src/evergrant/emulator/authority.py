"""A certificate authority of one run: clients that insist on TLS can then reach the emulator.

Its key never leaves the process, and its certificate is good for loopback names only, so that a
client that trusts it too widely trusts it for nothing else.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_FILE: Final = "ca.pem"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


_NAMES: Final = ("localhost", "*.localhost")
_ADDRESSES: Final = ("127.0.0.1", "::1")
_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
_OURS: Final = _name("Evergrant emulator, authority of this run")
_SERVER: Final = _name("Evergrant emulator on loopback")
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=30)
"""By the machine's time, for clients judge by theirs; a month, for a run is shorter."""


class Authority:
    """Signs the one certificate that the emulator serves with."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _built(_authority(self._key), _OURS, self._key, self._key)

    @property
    def pem(self) -> str:
        """The authority's certificate, which clients are to trust."""
        return _pem(self._certificate).decode()

    def save(self, folder: Path) -> Path:
        """Write `ca.pem` into a folder, made where it is missing; raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / CA_FILE
        path.write_text(self.pem, "ascii")
        return path

    def context(self) -> ssl.SSLContext:
        """What a server on loopback speaks TLS with."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _built(_loopback(), _SERVER, key, self._key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL reads keys from files only; this one is ours alone (0600) and gone at once.
        with TemporaryDirectory(prefix="evergrant-tls-") as folder:
            path = Path(folder) / "server.pem"
            path.touch(mode=0o600)
            path.write_bytes(_private(key) + _pem(certificate))
            context.load_cert_chain(path)
        return context


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    allowed = [x509.DNSName("localhost"), *(x509.IPAddress(ip_network(n)) for n in _LOOPBACK)]
    usage = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(allowed, None), critical=True)
        .add_extension(own, critical=False)
    )


def _loopback() -> x509.CertificateBuilder:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in _NAMES]
    names += [x509.IPAddress(ip_address(address)) for address in _ADDRESSES]
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        x509.CertificateBuilder()
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(server, critical=False)
    )


def _built(
    builder: x509.CertificateBuilder,
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    now = datetime.now(UTC)
    whose = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        builder.subject_name(subject)
        .issuer_name(_OURS)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
        .add_extension(whose, critical=False)
        .sign(signer, hashes.SHA256())
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
