"""SOAP login(): off until allowed, gone after 64.0, its faults as clients read them."""

import re
from xml.sax.saxutils import escape

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator

ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
    '<n1:{0} xmlns:n1="urn:partner.soap.sforce.com"><n1:username>{1}</n1:username>'
    "<n1:password>{2}</n1:password></n1:{0}></env:Body></env:Envelope>"
)


@pytest.fixture
def client(client_for: ClientFor, emulator: Emulator) -> Client:
    """A user of an org that allows login()."""
    emulator.act("set_org", soap_login=True)
    return client_for()


def login(
    client: Client, password: str | None = None, *, path: str = "u/59.0", operation: str = "login"
) -> httpx2.Response:
    user = client.user
    full = user["password"] + user["security_token"] if password is None else password
    body = ENVELOPE.format(operation, escape(user["username"]), escape(full))
    url = f"{client.emulator.url}/services/Soap/{path}"
    return client.http.post(url, content=body.encode(), headers={"Content-Type": "text/xml"})


def fault(answer: httpx2.Response) -> tuple[str, str]:
    """Code and message, read as clients read them."""
    assert answer.status_code == 500, answer.text
    found = [
        re.search(f"<sf:{name}>(.*?)</sf:{name}>", answer.text)
        for name in ("exceptionCode", "exceptionMessage")
    ]
    assert found[0]
    assert found[1]
    assert f"<faultcode>sf:{found[0][1]}</faultcode>" in answer.text
    return found[0][1], found[1][1]


def status(emulator: Emulator) -> str:
    row = emulator.org.db.execute('SELECT * FROM "LoginHistory" ORDER BY rowid DESC').fetchone()
    return str(row["Status"])


@pytest.mark.parametrize("path", ["u/59.0", "c/64.0", "u/59.0/00D000000000001"])
def test_a_login_gives_a_session_that_opens_the_api(client: Client, path: str) -> None:
    answer = login(client, path=path)
    found = re.search("<sessionId>(.*?)</sessionId>", answer.text)
    assert found is not None
    assert client.call(found[1]).status_code == 200
    assert f"<serverUrl>{client.emulator.url}/services/Soap/{path[:6]}/00D" in answer.text


def test_the_session_leaves_a_success_row_of_its_own_type(
    client: Client, emulator: Emulator
) -> None:
    login(client)
    row = emulator.org.db.execute('SELECT * FROM "LoginHistory" ORDER BY rowid DESC').fetchone()
    assert (row["Status"], row["LoginType"], row["LoginSubType"]) == (
        "Success", "Other Apex API", "SoapApiLogin",
    )  # fmt: skip


def test_login_is_off_unless_an_admin_allows_it(client_for: ClientFor) -> None:
    wanted = ("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.")
    assert fault(login(client_for())) == wanted


def test_login_ended_with_version_64(client: Client) -> None:
    assert fault(login(client, path="u/65.0"))[0] == "UNSUPPORTED_API_VERSION"
    assert fault(login(client, path="u/latest"))[0] == "UNSUPPORTED_API_VERSION"


@pytest.mark.parametrize(
    ("act", "code", "row"),
    [
        ("wrong", "INVALID_LOGIN", "Invalid Password"),
        ("plain", "LOGIN_MUST_USE_SECURITY_TOKEN", "Failed: API security token required"),
        ("deactivate_user", "INVALID_LOGIN", "User is Inactive"),
        ("freeze_user", "INVALID_LOGIN", "User Is Frozen"),
        ("ranges", "LOGIN_DURING_RESTRICTED_DOMAIN", "Restricted IP"),
        ("hours", "LOGIN_DURING_RESTRICTED_TIME", "Restricted time"),
        ("lock", "INVALID_LOGIN", "Password Lockout"),
    ],
)
def test_each_refusal_has_its_fault_and_its_row(
    client: Client, emulator: Emulator, act: str, code: str, row: str
) -> None:
    profile = "Integration User"
    passwords = {"wrong": "wrong", "plain": client.user["password"]}
    if act.endswith("_user"):
        emulator.act(act, user="integration")
    elif act == "ranges":
        ranges = [["203.0.113.0", "203.0.113.255"]]
        emulator.act("set_profile", profile=profile, login_ranges=ranges)
    elif act == "hours":
        emulator.act("set_profile", profile=profile, login_hours=[[0, 0, 0]])
    elif act == "lock":
        emulator.org.db.execute('UPDATE "UserLogin" SET "IsPasswordLocked" = 1')
    assert fault(login(client, passwords.get(act)))[0] == code
    assert status(emulator) == row


def test_an_unknown_user_gets_the_official_sentence(client: Client) -> None:
    client.user = {**client.user, "username": "nobody@acme.example"}
    wanted = "Invalid username, password, security token; or user locked out."
    assert fault(login(client)) == ("INVALID_LOGIN", wanted)


def test_where_the_org_asks_for_it_the_user_needs_use_any_api_auth(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_org", soap_login_needs_permission=True)
    assert fault(login(client))[0] == "INSUFFICIENT_ACCESS"
    permissions = {"UseAnyApiAuth": True}
    emulator.act("set_profile", profile="Integration User", permissions=permissions)
    assert login(client).status_code == 200


def test_another_operation_or_api_answers_501_with_its_name(client: Client) -> None:
    for answer in (login(client, operation="logout"), login(client, path="m/63.0")):
        assert answer.status_code == 501
    assert "logout" in login(client, operation="logout").text


@pytest.mark.parametrize(
    "body",
    [b"", b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a>" * 5000, b"\xff\xfe\x00"],
)
def test_what_is_no_envelope_gets_a_fault(client: Client, body: bytes) -> None:
    url = f"{client.emulator.url}/services/Soap/u/59.0"
    answer = client.http.post(url, content=body)
    assert (answer.status_code, "faultcode" in answer.text) == (500, True)
