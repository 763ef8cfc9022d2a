"""Whatever is sent, the org says no in a plain way and goes on."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulated_client import Client, ClientFor, client_of
from evergrant.emulator import Emulator
from evergrant.emulator.oauth.token_request import FLOWS
from evergrant.emulator.server import Served

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEEP = "[" * 100_000
NAMES = [
    "grant_type", "response_type", "client_id", "client_secret", "code", "code_verifier",
    "refresh_token", "assertion", "username", "password", "subject_token", "subject_token_type",
    "token_handler", "client_assertion", "scope", "format", "redirect_uri", "token",
]  # fmt: skip


def post(emulator: Served, path: str, body: bytes, **headers: str) -> httpx2.Response:
    url = f"{emulator.url}/services/oauth2/{path}"
    return httpx2.post(url, content=body, headers={**FORM, **headers}, timeout=30)


def jwt(body: str) -> str:
    """Three parts that look like a JWT."""
    parts = ['{"alg":"RS256"}', body, "x"]
    return ".".join(base64.urlsafe_b64encode(each.encode()).decode().rstrip("=") for each in parts)


@pytest.mark.parametrize("name", ["grant_type", "refresh_token", "client_id", "scope"])
def test_a_parameter_sent_twice_is_refused(client_for: ClientFor, name: str) -> None:
    client = client_for()
    client.connect()
    form = [
        ("grant_type", "refresh_token"), ("refresh_token", client.credential["refresh_token"]),
        ("client_id", client.app["consumer_key"]), (name, "again"), (name, "again"),
    ]  # fmt: skip
    answer = post(client.emulator, "token", urlencode(form).encode())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_parameter_sent_twice_to_authorize_answers_a_bare_body(emulator: Emulator) -> None:
    url = f"{emulator.url}/services/oauth2/authorize?state=a&state=b"
    assert httpx2.get(url).text.startswith("error=invalid_request")


@pytest.mark.parametrize("field", ["assertion", "client_assertion", "refresh_token", "password"])
def test_ten_megabytes_are_refused_and_the_next_request_is_served(
    client_for: ClientFor, field: str
) -> None:
    client = client_for("orbit-jwt")
    huge = jwt("x" * 10_000_000)
    assert client.token(grant_type="refresh_token", **{field: huge}).status_code == 413
    assert client.http.get(f"{client.emulator.url}/services/oauth2/id/keys").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        DEEP, '{"a":' * 50_000, "null", "[]", '{"iss":5}', '{"iss":"KEY","sub":"\\ud800@"}',
        '{"iss":"KEY","exp":1e999}', '{"iss":"KEY","exp":NaN}', '{"iss":"KEY","aud":["a"]}',
        '{"iss":"KEY","exp":"' + "9" * 5000 + '"}', '{"iss":"KEY","exp":' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_a_strange_jwt_is_refused(client_for: ClientFor, body: str) -> None:
    client = client_for("orbit-jwt")
    answer = client.jwt_bearer(jwt(body.replace("KEY", client.app["consumer_key"])))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "xml", ["<a>" * 50_000, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a/>", "", "\0"]
)
def test_a_strange_saml_assertion_is_refused(client_for: ClientFor, xml: str) -> None:
    client = client_for("orbit-jwt")
    sent = base64.urlsafe_b64encode(xml.encode()).decode()
    kind = "urn:ietf:params:oauth:grant-type:saml2-bearer"
    assert client.token(grant_type=kind, assertion=sent).status_code == 400


@pytest.mark.parametrize("path", ["token", "revoke", "introspect"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe=%zz&&&==", FORM["Content-Type"]),
        (b"a&" * 100_000, FORM["Content-Type"]),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (json.dumps({"grant_type": "password"}).encode(), "application/json"),
        (b"", ""),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    emulator: Emulator, path: str, body: bytes, kind: str
) -> None:
    answer = post(emulator, path, body, **{"Content-Type": kind})
    assert answer.status_code == 400


@pytest.mark.parametrize("header", ["Basic", "Basic \xff", "Basic Og==", "Basic %%%", "Digest x"])
def test_a_strange_authorization_header_is_refused(emulator: Emulator, header: str) -> None:
    headers = {b"Authorization": header.encode("latin-1"), **{
        name.encode(): word.encode() for name, word in FORM.items()
    }}  # fmt: skip
    url = f"{emulator.url}/services/oauth2/token"
    answer = httpx2.post(url, content=b"grant_type=client_credentials", headers=headers)
    assert answer.status_code == 400


texts = st.text(max_size=40) | st.sampled_from(
    ["", "json", "xml", "urlencoded", "\0", "é@é.example"]
)
grants = st.sampled_from([*FLOWS, "assertion", "x"])
forms = st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=8)


@pytest.fixture(scope="module")
def open_org(served: Emulator) -> Iterator[Client]:
    """A client of an org in which every flow is on, so that every reader is reached."""
    served.stage.reset()
    org = {"block_username_password": False, "block_user_agent": False, "code_credentials": True}
    app = {"device_flow": True, "token_exchange": True, "code_credentials": True}
    served.act("set_org", **org)
    served.act("set_app", app="orbit-sync", **app)
    served.act("set_token_handler", name="h", apps=["orbit-sync"], subjects={"x": "y"})
    served.act("set_certificate", app="orbit-sync")
    with httpx2.Client(timeout=30) as http:
        yield client_of(served, "orbit-sync", http)


@given(grant=grants, fields=forms)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_form_brings_the_token_endpoint_down(
    open_org: Client, grant: str, fields: list[tuple[str, str]]
) -> None:
    known = [("client_id", open_org.app["consumer_key"])]
    body = urlencode([("grant_type", grant), *known, *fields]).encode()
    answer = open_org.http.post(
        f"{open_org.emulator.url}/services/oauth2/token", content=body, headers=FORM
    )
    assert answer.status_code in (200, 400, 501), answer.text
    assert answer.status_code != 200 or "device_code" in answer.text


@given(
    path=st.sampled_from(["authorize", "revoke", "userinfo", "introspect", "echo"]),
    fields=st.lists(
        st.tuples(
            st.sampled_from([*NAMES, "state", "user_code", "decision", "confirmation"]), texts
        ),
        max_size=8,
    ),
    method=st.sampled_from(["GET", "POST"]),
)
@settings(max_examples=120, deadline=None)
def test_no_request_brings_the_other_endpoints_down(
    open_org: Client, path: str, fields: list[tuple[str, str]], method: str
) -> None:
    sent = urlencode(fields)
    query, body = (sent, "") if method == "GET" else ("", sent)
    url = f"{open_org.emulator.url}/services/oauth2/{path}?{query}"
    answer = open_org.http.request(method, url, content=body.encode(), headers=FORM)
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
