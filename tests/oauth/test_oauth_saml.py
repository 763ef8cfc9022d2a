"""The SAML bearer flow, rehearsed; the assertion is checked by another implementation than ours."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from evergrant.errors import BadInput, Refused
from evergrant.model import App, Secret
from evergrant.oauth.saml_bearer import assertion, mint
from evergrant.wire import Reply, rehearse

HOST = "https://acme.my.salesforce.com"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
APP = App("3MVG9key", Secret("plantedCONSUMER"), Secret(PEM))
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
TOKENS = Reply(
    200, {"content-type": "application/json"},
    b'{"access_token": "00Dx!planted", "instance_url": "https://acme.my.salesforce.com"}',
)  # fmt: skip


def tree_of(encoded: str) -> Any:
    assert "=" not in encoded
    raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))


def exclusive(element: Any) -> bytes:
    """Exclusive canonical XML, by libxml2."""
    whole: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    return whole


def assert_signed(root: Any) -> None:
    """The digest is that of the assertion without its signature, and the key signed it."""
    signature = root.find(f"{DSIG}Signature")
    info = signature.find(f"{DSIG}SignedInfo")
    value = base64.b64decode(signature.findtext(f"{DSIG}SignatureValue"))
    KEY.public_key().verify(value, exclusive(info), padding.PKCS1v15(), hashes.SHA256())
    assert info.find(f"{DSIG}Reference").get("URI") == f"#{root.get('ID')}"
    root.remove(signature)
    digest = base64.b64encode(hashlib.sha256(exclusive(root)).digest()).decode()
    assert info.findtext(f"{DSIG}Reference/{DSIG}DigestValue") == digest


def test_the_assertion_is_sent_alone_without_a_secret_and_without_scopes() -> None:
    played = rehearse(mint(APP, HOST, "sync@acme.example", now=NOW), TOKENS)
    (request,) = played.requests
    form = parse_qs((request.sent_body() or b"").decode())
    assert (request.method, request.url) == ("POST", f"{HOST}/services/oauth2/token")
    assert set(form) == {"grant_type", "assertion"}
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:saml2-bearer"]
    assert "planted" not in repr(request)
    assert form["assertion"][0] not in repr(request)
    assert played.result.refresh_token is None


def test_the_assertion_names_app_user_audience_and_recipient_and_lives_three_minutes() -> None:
    root = tree_of(assertion(APP, HOST, HOST, "sync@acme.example", NOW).reveal())
    assert (root.tag, root.get("Version")) == (f"{SAML}Assertion", "2.0")
    assert root.get("IssueInstant") == "2026-11-22T09:00:00Z"
    assert root.findtext(f"{SAML}Issuer") == "3MVG9key"
    assert root.findtext(f"{SAML}Subject/{SAML}NameID") == "sync@acme.example"
    confirmation = root.find(f"{SAML}Subject/{SAML}SubjectConfirmation")
    assert confirmation.get("Method") == "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    assert dict(confirmation[0].attrib) == {
        "NotOnOrAfter": "2026-11-22T09:03:00Z",
        "Recipient": f"{HOST}/services/oauth2/token",
    }
    limits = root.find(f"{SAML}Conditions")
    assert limits.get("NotOnOrAfter") == "2026-11-22T09:03:00Z"
    assert limits.findtext(f"{SAML}AudienceRestriction/{SAML}Audience") == HOST


def test_the_parts_stand_in_the_order_that_the_schema_wants() -> None:
    root = tree_of(assertion(APP, HOST, HOST, "sync@acme.example", NOW).reveal())
    names = [etree.QName(each).localname for each in root]
    assert names == ["Issuer", "Signature", "Subject", "Conditions"]


def test_another_implementation_finds_the_signature_good_and_every_change_bad() -> None:
    sent = assertion(APP, HOST, HOST, "sync@acme.example", NOW).reveal()
    assert_signed(tree_of(sent))
    for path in (f"{SAML}Issuer", f"{SAML}Subject/{SAML}NameID"):
        changed = tree_of(sent)
        changed.find(path).text += "x"
        with pytest.raises(AssertionError):
            assert_signed(changed)


def test_no_two_assertions_are_the_same() -> None:
    one, other = (tree_of(assertion(APP, HOST, HOST, "u", NOW).reveal()) for _ in range(2))
    assert one.get("ID") != other.get("ID")
    # An ID of XML begins with no digit.
    assert one.get("ID").startswith("_")


def test_the_audience_can_be_another_than_the_host() -> None:
    talk = mint(APP, HOST, "u", now=NOW, audience="https://login.salesforce.com")
    form = parse_qs((rehearse(talk, TOKENS).requests[0].sent_body() or b"").decode())
    root = tree_of(form["assertion"][0])
    path = f"{SAML}Conditions/{SAML}AudienceRestriction/{SAML}Audience"
    assert root.findtext(path) == "https://login.salesforce.com"


WRITABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"]), min_size=1)


@given(WRITABLE, WRITABLE)
def test_any_names_are_carried_whole_and_signed(key: str, user: str) -> None:
    sent = assertion(App(key, private_key=Secret(PEM)), HOST, HOST, user, NOW)
    root = tree_of(sent.reveal())
    assert root.findtext(f"{SAML}Issuer") == key
    assert root.findtext(f"{SAML}Subject/{SAML}NameID") == user
    assert_signed(root)


@pytest.mark.parametrize(
    ("app", "user"),
    [
        (App("3MVG9key"), "u"),
        (APP, ""),
        (App("3MVG9key", private_key=Secret("plantedKEY")), "u"),
        (APP, "u\x00"),
    ],
    ids=["no key", "no user", "no PEM", "no XML"],
)
def test_what_cannot_be_signed_is_the_integrations_to_mend(app: App, user: str) -> None:
    with pytest.raises(BadInput) as met:
        rehearse(mint(app, HOST, user, now=NOW))
    assert met.value.whose == "integration"
    assert "planted" not in met.value.diagnostics()
    assert met.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "description"),
    [
        ("invalid_grant", "audience is invalid"),
        ("invalid_grant", "expired authorization code"),
        ("invalid_grant", "user hasn't approved this consumer"),
        ("invalid_grant", "ip restricted or invalid login hours"),
    ],
)
def test_a_refusal_reaches_the_caller_in_salesforces_words(error: str, description: str) -> None:
    body = f'{{"error": "{error}", "error_description": "{description}"}}'.encode()
    with pytest.raises(Refused) as met:
        rehearse(mint(APP, HOST, "u", now=NOW), Reply(400, {}, body))
    assert (met.value.error, met.value.description) == (error, description)
