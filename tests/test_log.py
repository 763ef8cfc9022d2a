"""Masking: no credential survives by shape or by name, and Salesforce's own words stay."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.log import HIDDEN, configure, logger, mask

BODY = "AQEAQPlantedPlanted.Planted_Planted"
ORG = "00D5g00000ABCDE"
BY_SHAPE = {
    "access token": f"{ORG}!{BODY}",
    "18-character org id": f"{ORG}EA4!{BODY}",
    "percent-encoded": f"{ORG}%21{BODY}",
    "refresh token": f"5Aep861{BODY}{BODY}",
    "authorization code in a URL": f"https://x/cb?code=aPrx{BODY}%3D%3D&state=abc",
    "code alone": f"aPrx{BODY}",
    "API key of ours": f"evgk_0123456789abcdef_{BODY}{BODY}".replace(".", ""),
    "JWT": f"eyJhbGciOiJSUzI1NiJ9.{BODY.replace('.', '')}.{BODY.replace('.', '')}",
    "bearer header": f"Authorization: Bearer {BODY}1",
    "basic header": "Authorization: Basic cGxhbnRlZDpQbGFudGVk1Planted",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----",
    "cut private key": f"-----BEGIN PRIVATE KEY-----\n{BODY}\n{BODY}",
    "sfdx auth url": f"force://PlatformCLI::{BODY}@acme.my.salesforce.com",
    "password in a URL": f"https://ada:{BODY}@proxy.example/x",
}


@pytest.mark.parametrize("name", sorted(BY_SHAPE))
def test_a_credential_is_known_by_its_shape(name: str) -> None:
    said = mask(f"before {BY_SHAPE[name]} after")
    assert "Planted" not in said
    assert HIDDEN in said
    assert said.startswith("before ")


NAMES = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "assertion",
    "client_assertion",
    "code_verifier",
    "password",
    "device_code",
    "sid",
    "signature",
]
VALUES = st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789.-_", min_size=1, max_size=40)
WAYS = {
    "form": lambda name, value: urlencode({"a": "b", name: value, "c": "d"}),
    "query": lambda name, value: f"GET /x?{name}={value}&c=d HTTP/1.1",
    "json": lambda name, value: json.dumps({name: value, "c": "d"}),
    "json in json": lambda name, value: json.dumps(json.dumps({name: value})),
    "repr": lambda name, value: repr({name: value}),
    "xml": lambda name, value: f"<{name}>{value}</{name}>",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", sorted(WAYS))
@given(value=VALUES)
def test_a_credential_is_known_by_its_name(way: str, name: str, value: str) -> None:
    value = f"Zq{value}"
    assert value not in mask(WAYS[way](name, value))


AS_PEOPLE_PASTE = [
    f"client_secret: {BODY}1",
    f"clientSecret => {BODY}1",
    f"Consumer Secret: {BODY}1",
    f"Refresh Token = {BODY}1",
    f"export SF_CLIENT_SECRET={BODY}",
    f'SALESFORCE_PASSWORD="{BODY}"',
    f"<urn:password>{BODY}</urn:password>",
    f'<n1:password xsi:type="xsd:string">{BODY}</n1:password>',
    f"<sf:sessionId>{BODY}</sf:sessionId>",
    f"curl -u 3MVG9key:{BODY} https://login.salesforce.com",
    f"sf org login --client-secret {BODY}",
    f'{{"secret": "{BODY}"}}',
]


@pytest.mark.parametrize("text", AS_PEOPLE_PASTE)
def test_a_credential_is_known_in_files_envelopes_and_commands(text: str) -> None:
    assert "Planted" not in mask(text)


SALESFORCES_WORDS = [
    '{"error":"invalid_grant","error_description":"expired access/refresh token"}',
    '{"error":"invalid_client_id","error_description":"client identifier invalid"}',
    "error=access_denied&error_description=end-user%20denied%20authorization",
    '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]',
    "<faultcode>sf:INVALID_LOGIN</faultcode>",
    "OAUTH_APP_BLOCKED: this app is blocked by admin&code=1800",
    "error=invalid_grant error_description=token request is already being processed",
    "Failed: refresh token validity expired",
    "refresh_token_policy: infinite",
    "token_format=opaque",
    "INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
    "client_secret: invalid client credentials",
    "Security token: reset it in your settings",
]


@pytest.mark.parametrize("words", SALESFORCES_WORDS)
def test_the_words_of_salesforce_are_never_touched(words: str) -> None:
    assert mask(words) == words


@given(st.text())
def test_masking_twice_masks_no_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text("abcdefghijklmnopqrstuvwxyz ,.\n", max_size=80))
def test_plain_prose_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)


def test_a_record_is_masked_with_its_arguments_and_its_traceback(stream: io.StringIO) -> None:
    configure("INFO", stream)
    try:
        raise ValueError(f"refused access_token={BODY}")
    except ValueError:
        logger("test").exception("sent %s", {"refresh_token": BODY})
    said = stream.getvalue()
    assert "evergrant.test" in said
    assert "Traceback" in said
    assert "Planted" not in said


def test_the_logs_of_libraries_are_masked_too(stream: io.StringIO) -> None:
    configure("INFO", stream)
    logging.getLogger("httpx2").info("GET https://x/cb?code=%s", f"aPrx{BODY}")
    assert "Planted" not in stream.getvalue()
    assert HIDDEN in stream.getvalue()


@pytest.mark.parametrize(("level", "shown"), [("ERROR", False), ("warning", True), ("odd", True)])
def test_the_level_is_what_was_asked_for_and_an_unknown_one_is_warning(
    stream: io.StringIO, level: str, shown: bool
) -> None:
    configure(level, stream)
    logger("test").warning("look")
    logger("test").info("hidden in any case")
    assert ("look" in stream.getvalue()) == shown
    assert "hidden" not in stream.getvalue()
