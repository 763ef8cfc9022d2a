"""What an admin does on Certificate and Key Management."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from evergrant.emulator import certificates
from evergrant.emulator.policy_changes import BadChange
from evergrant.emulator.records import audit

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Done = dict[str, object]
_NAME: Final = re.compile(r"[A-Za-z](?!.*__)[A-Za-z0-9_]{0,79}(?<!_)")
"""A developer name: letters, digits and single underscores, a letter first (inferred)."""
_SECURITY: Final = "Security Controls"


def create_certificate(org: Org, *, name: str, label: str = "") -> Done:
    """Make a self-signed certificate of the org."""
    if not _NAME.fullmatch(name):
        raise BadChange("a unique name has letters, digits and single underscores, a letter first")
    if certificates.find(org, name) is not None:
        raise BadChange(f"there is a certificate named {name}")
    made = certificates.make(org, name, label or name)
    audit(org, "inferred:insertCertificate", f"Created certificate {made.label}", _SECURITY)
    return {"certificate": made.pem}


def delete_certificate(org: Org, *, name: str) -> Done:
    """Delete a certificate of the org; apps that trust a copy of it go on doing so."""
    known = certificates.find(org, name)
    if known is None:
        raise KeyError(f"no certificate is named {name}")
    certificates.drop(org, name)
    audit(org, "inferred:deleteCertificate", f"Deleted certificate {known.label}", _SECURITY)
    return {}
