"""Whatever comes in over the socket, the org says no in a plain way, or hangs up, and lives on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulated_client import ClientFor
from evergrant.emulator import Emulator, connected, state

DEEP = "[" * 200_000
DEEP_XML = "<a>" * 200_000
HUGE = "x" * 10_000_000
ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">{}</e:Envelope>'
TOKEN = "/services/oauth2/token"
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture
def admin(emulator: Emulator) -> Iterator[httpx2.Client]:
    """Somebody who may do everything, by REST."""
    token = connected.sign_in(emulator.org, "admin")["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with httpx2.Client(base_url=emulator.url, headers=headers, timeout=30) as http:
        yield http


def is_alive(emulator: Emulator) -> bool:
    return httpx2.get(f"{emulator.url}/id/keys").status_code == 200


def spoken(emulator: Emulator, raw: bytes) -> bytes:
    """What comes back for some bytes; empty where the org hangs up without a word."""
    where = urlsplit(emulator.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=60) as line:
        try:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65536), b""))
        except OSError:
            return b""


def status(answer: bytes) -> int:
    """The status of a raw answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/services/data/v66.0/sobjects/PermissionSetAssignment"),
        ("PATCH", "/services/data/v66.0/sobjects/UserLogin/{login}"),
        ("POST", "/services/data/v66.0/composite"),
    ],
)
@pytest.mark.parametrize("body", [DEEP, '{"a":' * 100_000, "{", "\0", "5", "null", f'"{HUGE}"'])
def test_json_that_is_none_or_too_deep_is_a_plain_refusal(
    emulator: Emulator, admin: httpx2.Client, method: str, path: str, body: str
) -> None:
    row = state.one(emulator.org.db, 'SELECT "Id" FROM "UserLogin"')
    path = path.format(login=row["Id"] if row else "")
    answer = admin.request(method, path, content=body.encode())
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.json()[0]["errorCode"]
    assert is_alive(emulator)


@pytest.mark.parametrize(
    "body", [DEEP, "{", "5", '{"do": 5}', '{"do": "advance_clock", "by": "9e9d"}']
)
def test_the_control_port_refuses_strange_json(emulator: Emulator, body: str) -> None:
    answer = httpx2.post(f"{emulator.control_url}/act", content=body.encode(), timeout=30)
    assert (answer.status_code, set(answer.json())) == (400, {"error", "detail"})


@pytest.mark.parametrize("path", ["/services/Soap/u/64.0", "/services/Soap/m/63.0"])
@pytest.mark.parametrize(
    "xml",
    [DEEP_XML, ENVELOPE.format(DEEP_XML), "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "", "\0"],
)
def test_xml_that_is_none_or_too_deep_is_a_fault(
    emulator: Emulator, admin: httpx2.Client, path: str, xml: str
) -> None:
    answer = admin.post(path, content=xml.encode(), headers={"Content-Type": "text/xml"})
    assert ":Fault>" in answer.text or 400 <= answer.status_code < 500, answer.text[:300]
    assert is_alive(emulator)


@pytest.mark.parametrize(
    "raw",
    [
        b"NONSENSE\r\n\r\n", b"\0" * 5000, b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=range(6),
)  # fmt: skip
def test_what_is_no_http_or_too_long_gets_a_4xx_or_no_answer(
    emulator: Emulator, raw: bytes
) -> None:
    assert status(spoken(emulator, raw)) in (0, *range(400, 500))
    assert is_alive(emulator)


def test_twenty_thousand_headers_do_no_harm(emulator: Emulator) -> None:
    raw = b"GET /id/keys HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n"
    assert status(spoken(emulator, raw)) < 500
    assert is_alive(emulator)


@pytest.mark.parametrize(
    "head",
    [
        f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\n{FORM}\r\nContent-Length: 500\r\n\r\ngrant_type=re",
        f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\n{FORM}\r\nContent-Length: nine\r\n\r\n",
    ],
)
def test_a_request_that_breaks_off_gives_nothing(emulator: Emulator, head: str) -> None:
    assert status(spoken(emulator, head.encode())) in (0, 400)
    assert is_alive(emulator)


@pytest.mark.parametrize(
    "target",
    [
        "/%ff%fe", "/services/oauth2/authorize?client_id=%ff%00%zz", "/id/%00/%ff", "/a%2f..%2f..",
        "/services/data/v66.0/query?q=%ff", "/services/data/v66.0/sobjects/%ff%fe/%00",
        "/services/data/v66.0/query?q=SELECT+" + "(" * 3000, "/services/oauth2/echo?code=%ed%a0%80",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "host", ["x", "\xff\xfe", "", "login.salesforce.com", "[::1", "x:99999999"]
)
def test_broken_encodings_and_strange_hosts_are_no_error_of_the_org(
    emulator: Emulator, admin: httpx2.Client, target: str, host: str
) -> None:
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    head += f"Authorization: {admin.headers['authorization']}\r\nCookie: sid=\xff; \xfe\r\n\r\n"
    assert status(spoken(emulator, head.encode("latin-1"))) < 500
    assert is_alive(emulator)


def test_a_thousand_fields_are_a_form_and_one_more_are_none(client_for: ClientFor) -> None:
    client = client_for("orbit-server")
    known = {
        "client_id": client.app["consumer_key"], "client_secret": client.app["consumer_secret"],
        "grant_type": "client_credentials",
    }  # fmt: skip
    url = f"{client.emulator.url}{TOKEN}"
    full = {**known, **{f"x{number}": "y" for number in range(1000 - len(known))}}
    assert client.http.post(url, data=full).status_code == 200
    answer = client.http.post(url, data={**full, "one": "more"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


METHODS = st.sampled_from([b"GET", b"POST", b"PUT", b"OPTIONS", b"x"])
PATHS = st.sampled_from([b"", TOKEN[1:].encode(), b"setup/connect", b"services/data", b"%"])
NAMES = st.sampled_from([
    b"Host", b"Content-Length", b"Content-Type", b"Authorization", b"Accept", b"Cookie", b"Origin",
    b"Transfer-Encoding", b"Expect",
])  # fmt: skip
WORDS = st.sampled_from([b"x", b"5", b"chunked", FORM[14:].encode(), b"*/*", b"100-continue"])
HEADERS = st.lists(st.tuples(NAMES, WORDS | st.binary(max_size=30)), max_size=6)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Something that looks like a request."""
    path = draw(PATHS | st.binary(max_size=30))
    lines = [b"%s: %s\r\n" % each for each in draw(HEADERS)]
    body = draw(st.binary(max_size=200))
    return b"%s /%s HTTP/1.1\r\n%s\r\n%s" % (draw(METHODS), path, b"".join(lines), body)


@pytest.mark.slow
@given(raw=st.binary(max_size=300) | requests())
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_bring_the_org_down(emulator: Emulator, raw: bytes) -> None:
    assert status(spoken(emulator, raw)) < 500
    assert is_alive(emulator)


def test_requests_are_remembered_without_their_secrets_however_strange(emulator: Emulator) -> None:
    body = b"client_secret=hush&" * 2000
    spoken(emulator, b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n%s" % (
        TOKEN.encode(), FORM.encode(), len(body), body,
    ))  # fmt: skip
    seen = emulator.stage.history()[-1]
    assert "hush" not in json.dumps(seen)
    assert seen["parameters"] == {"client_secret": "***"}
