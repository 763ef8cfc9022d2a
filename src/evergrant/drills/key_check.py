"""What a client finds out of its own key and certificate, without asking Salesforce."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evergrant.errors import BadInput
from evergrant.model import App, Secret
from evergrant.oauth.assertions import private_key


def looked_at(app: App, certificate: str, now: datetime) -> dict[str, Any]:
    """The members of a trail: whether the key fits the certificate, and whether that has ended.

    A key that cannot be read is the client's own complaint.
    """
    held = x509.load_pem_x509_certificate(certificate.encode())
    seen: dict[str, Any] = {"certificate_ended": held.not_valid_after_utc < now}
    try:
        public = private_key(app.private_key or Secret("")).public_key()
    except BadInput:
        return {**seen, "complaint": "private key unreadable"}
    ours, theirs = (
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for key in (public, held.public_key())
    )
    return {**seen, "key_fits_certificate": ours == theirs}


def unsigned(claims: Mapping[str, object]) -> Secret:
    """The claims with a signature that is none: what a client without a key has to send."""
    parts = ({"alg": "RS256"}, claims)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    return Secret(f"{head}.{body}")
