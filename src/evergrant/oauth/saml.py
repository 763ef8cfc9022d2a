"""A SAML 2.0 bearer assertion: built, and signed with an enveloped RSA-SHA256 signature.

(SAML V2.0 core, section 2.3 and 5.4; RFC 7522 section 3; XML Signature with exclusive
canonicalization.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evergrant.errors import BadInput
from evergrant.model import Secret
from evergrant.oauth.assertions import private_key

if TYPE_CHECKING:
    from collections.abc import Mapping

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


@dataclass(frozen=True, slots=True)
class Bearer:
    """What an assertion says."""

    id: str
    issuer: str
    subject: str
    audience: str
    recipient: str
    issued_at: datetime
    ends_at: datetime


def signed(bearer: Bearer, pem: Secret) -> bytes:
    """The assertion as an XML document in UTF-8.

    Raises `BadInput` for a key that cannot sign, and for characters that XML does not know.
    """
    # NOTE: imported here: most commands sign nothing and should not wait for libxml2.
    from lxml import etree
    from signxml.algorithms import (
        CanonicalizationMethod,
        DigestAlgorithm,
        SignatureConstructionMethod,
        SignatureMethod,
    )
    from signxml.signer import XMLSigner

    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    done = signer.sign(_assertion(bearer), key=private_key(pem), reference_uri=bearer.id)
    whole: bytes = etree.tostring(done)
    return whole


def _assertion(bearer: Bearer) -> Any:
    """The tree; the signature's place is behind the issuer, as the schema wants it."""
    from lxml import etree

    root = etree.Element(f"{{{SAML}}}Assertion", _head(bearer), nsmap={"saml": SAML})
    end = _stamp(bearer.ends_at)
    try:
        _add(root, "Issuer", text=bearer.issuer)
        etree.SubElement(root, f"{{{DSIG}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DSIG})
        subject = _add(root, "Subject")
        _add(subject, "NameID", text=bearer.subject)
        confirmed = _add(subject, "SubjectConfirmation", {"Method": BEARER})
        data = {"NotOnOrAfter": end, "Recipient": bearer.recipient}
        _add(confirmed, "SubjectConfirmationData", data)
        limits = _add(root, "Conditions", {"NotOnOrAfter": end})
        _add(_add(limits, "AudienceRestriction"), "Audience", text=bearer.audience)
    except ValueError:
        raise BadInput(
            "the consumer key or the username holds a character that XML cannot carry",
            next_step="give both as Setup shows them",
            whose="integration",
        ) from None
    return root


def _head(bearer: Bearer) -> Mapping[str, str]:
    return {"ID": bearer.id, "Version": "2.0", "IssueInstant": _stamp(bearer.issued_at)}


def _add(
    parent: Any, name: str, attributes: Mapping[str, str] | None = None, *, text: str = ""
) -> Any:
    from lxml import etree

    made = etree.SubElement(parent, f"{{{SAML}}}{name}", attributes or {})
    made.text = text or None
    return made


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
