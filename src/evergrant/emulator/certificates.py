"""The org's own certificates: made here, handed out with or without their key.

Apps never refer to them: whoever wants an app to trust one uploads it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from evergrant.emulator import jwts, state
from evergrant.emulator.seeded_keys import BITS, private_key

if TYPE_CHECKING:
    from datetime import date
    from sqlite3 import Row

    from evergrant.emulator.org import Org


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate of the org; its key is drawn anew whenever it is asked for."""

    name: str
    label: str
    pem: str
    words: str
    """What the key is drawn from."""

    @property
    def expires(self) -> date:
        """The last day."""
        return x509.load_pem_x509_certificate(self.pem.encode()).not_valid_after_utc.date()

    @property
    def bits(self) -> int:
        """The size of the key."""
        return BITS

    def keystore(self, password: str) -> bytes:
        """Certificate and key as PKCS #12 under a password (Salesforce gives a Java keystore)."""
        made = x509.load_pem_x509_certificate(self.pem.encode())
        lock = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(
            self.name.encode(), private_key(self.words), made, None, lock
        )


def every(org: Org) -> list[Certificate]:
    """All of them, by label."""
    return [_read(row) for row in state.every(org.db, f"{_SELECT} ORDER BY label, name")]


def find(org: Org, name: str) -> Certificate | None:
    """One by its unique name; None where there is none."""
    row = state.one(org.db, f"{_SELECT} WHERE name = ?", name)
    return None if row is None else _read(row)


def make(org: Org, name: str, label: str) -> Certificate:
    """Make a certificate that is good for a year, under a name that is not taken."""
    words = f"{org.seed} {name} {org.random.getrandbits(64)}"
    pem = jwts.new_key_pair(label, org.clock.now(), words).certificate
    state.put(org.db, "x_certificate", name=name, label=label, pem=pem, words=words)
    return Certificate(name, label, pem, words)


def drop(org: Org, name: str) -> None:
    """Forget one."""
    org.db.execute("DELETE FROM x_certificate WHERE name = ?", (name,))


_SELECT = "SELECT * FROM x_certificate"


def _read(row: Row) -> Certificate:
    return Certificate(row["name"], row["label"], row["pem"], row["words"])
