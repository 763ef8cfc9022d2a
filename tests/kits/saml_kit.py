"""SAML assertions for tests, written in canonical form and signed without the emulator's code."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


def assertion(
    key: str, *, issuer: str, subject: str, audience: str, recipient: str = "",
    end: datetime | None = None, tampered: bool = False,
) -> str:  # fmt: skip
    """A signed assertion, Base64url without padding; tampered: changed after it was signed."""
    ends = (end or datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = f'<saml:Assertion xmlns:saml="{SAML}" ID="a1" IssueInstant="{ends}" Version="2.0">'
    issued = f"<saml:Issuer>{issuer}</saml:Issuer>"
    to = f' Recipient="{recipient}"' if recipient else ""
    body = (
        f"<saml:Subject><saml:NameID>{subject}</saml:NameID><saml:SubjectConfirmation>"
        f'<saml:SubjectConfirmationData NotOnOrAfter="{ends}"{to}></saml:SubjectConfirmationData>'
        f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="{ends}">'
        f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>"
        "</saml:AudienceRestriction></saml:Conditions></saml:Assertion>"
    )
    digest = hashlib.sha256((head + issued + body).encode()).digest()
    signature = _signature(key, base64.b64encode(digest).decode())
    sent = body.replace(subject, f"x{subject}") if tampered else body
    return (
        base64.urlsafe_b64encode((head + issued + signature + sent).encode()).decode().rstrip("=")
    )


def _signature(pem: str, digest: str) -> str:
    inner = (
        f'<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256">'
        '</ds:SignatureMethod><ds:Reference URI="#a1"><ds:Transforms>'
        f'<ds:Transform Algorithm="{DSIG}enveloped-signature"></ds:Transform>'
        f'<ds:Transform Algorithm="{C14N}"></ds:Transform></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    canonical = f'<ds:SignedInfo xmlns:ds="{DSIG}">{inner}'.encode()
    value = base64.b64encode(key.sign(canonical, padding.PKCS1v15(), hashes.SHA256())).decode()
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{inner}'
        f"<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    )
