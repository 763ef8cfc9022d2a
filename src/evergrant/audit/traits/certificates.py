"""A registered certificate: until when it is good, and whether its key is one Salesforce takes."""

from __future__ import annotations

from datetime import datetime

from evergrant.model import Unknown

MIN_BITS = 2048
_HEAD, _TAIL = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def judged(pem: str) -> tuple[str, datetime | Unknown]:
    """What is wrong with it (empty: nothing), and when it ends.

    The text may be a PEM or its bare base64, as metadata holds either.
    """
    # Imported here: most files hold no certificate, and cryptography takes long to import.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        found = x509.load_pem_x509_certificate(_whole(pem).encode("ascii", "replace"))
        key = found.public_key()
    except (ValueError, TypeError) as error:
        reason = f"the certificate cannot be read: {str(error).split('.')[0][:80]}"
        return reason, Unknown(reason)
    except Exception as error:  # UnsupportedAlgorithm and what the parser invents
        reason = f"the certificate cannot be read: {type(error).__name__}"
        return reason, Unknown(reason)
    ends = found.not_valid_after_utc
    if not isinstance(key, RSAPublicKey):
        return "its key is not RSA", ends
    if key.key_size < MIN_BITS:
        return f"its RSA key has {key.key_size} bits", ends
    return "", ends


def _whole(text: str) -> str:
    if _HEAD in text:
        return text.strip() + "\n"
    body = "".join(text.split())
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"{_HEAD}\n{lines}\n{_TAIL}\n"
