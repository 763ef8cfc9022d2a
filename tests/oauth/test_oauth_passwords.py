"""Flows with a password, rehearsed: username-password, SOAP login(), authorization code and
credentials; and token exchange, whose secret is another's token."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from lxml import etree

from evergrant.errors import BadInput, Malformed, OutcomeUnknown, Refused
from evergrant.model import App, Credential, Exchange, Password, Secret
from evergrant.oauth import code_credentials, soap_login, token_exchange, username_password
from evergrant.oauth.web_server import challenge_of
from evergrant.wire import Reply, Request, rehearse

HOST = "https://acme.my.salesforce.com"
APP = App("3MVG9key", Secret("plantedCONSUMER"), redirect_uri=f"{HOST}/services/oauth2/echo")
LOGIN = Password(Secret("plantedPASS<&>"), Secret("plantedTOKEN"))
USER = "sync@acme.example"
TOKENS = Reply(
    200, {"content-type": "application/json"},
    json.dumps({"access_token": "00Dx!planted", "instance_url": HOST}).encode(),
)  # fmt: skip


def form_of(request: Request) -> dict[str, str]:
    sent = parse_qs((request.sent_body() or b"").decode())
    return {name: value for name, (value,) in sent.items()}


# --- username and password -----------------------------------------------------------------------


def test_the_security_token_stands_right_behind_the_password() -> None:
    played = rehearse(username_password.mint(APP, HOST, USER, LOGIN), TOKENS)
    assert form_of(played.requests[0]) == {
        "grant_type": "password",
        "username": USER,
        "password": "plantedPASS<&>plantedTOKEN",
        "client_id": "3MVG9key",
        "client_secret": "plantedCONSUMER",
    }
    assert "planted" not in repr(played.requests[0])


def test_without_a_security_token_the_password_goes_alone() -> None:
    alone = Password(Secret("plantedPASS"))
    played = rehearse(username_password.mint(APP, HOST, USER, alone), TOKENS)
    assert form_of(played.requests[0])["password"] == "plantedPASS"
    assert "planted" not in repr(alone)


def test_a_password_without_a_username_is_sent_to_nobody() -> None:
    with pytest.raises(BadInput, match="needs a username"):
        rehearse(username_password.mint(APP, HOST, "", LOGIN))


def test_a_refused_password_is_refused_in_salesforces_words() -> None:
    no = Reply(400, {}, b'{"error":"invalid_grant","error_description":"authentication failure"}')
    with pytest.raises(Refused) as met:
        rehearse(username_password.mint(APP, HOST, USER, LOGIN), no)
    assert (met.value.error, met.value.description) == ("invalid_grant", "authentication failure")


# --- SOAP login() --------------------------------------------------------------------------------

SESSION = f"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result>
<passwordExpired>true</passwordExpired><sandbox>false</sandbox>
<serverUrl>{HOST}/services/Soap/u/64.0/00Dxx</serverUrl>
<sessionId>00Dxx!planted.SESSION</sessionId><userId>005xx</userId>
<userInfo><organizationId>00Dxx</organizationId><userEmail>a@b.c</userEmail></userInfo>
</result></loginResponse></soapenv:Body></soapenv:Envelope>"""


def xml(text: str, status: int = 200) -> Reply:
    return Reply(
        status, {"content-type": "text/xml"}, text.encode(), f"{HOST}/services/Soap/u/64.0"
    )


def fault(detail: str, code: str = "sf:INVALID_LOGIN") -> Reply:
    body = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<e:Body><e:Fault><faultcode>{code}</faultcode><faultstring>INVALID_LOGIN: Invalid "
        f"username</faultstring>{detail}</e:Fault></e:Body></e:Envelope>"
    )
    return xml(body, 500)


def test_a_soap_login_sends_username_and_password_escaped_and_no_app() -> None:
    played = rehearse(soap_login.login(HOST, "a&b@acme.example", LOGIN), xml(SESSION))
    (request,) = played.requests
    assert (request.method, request.url) == ("POST", f"{HOST}/services/Soap/u/64.0")
    words = {
        etree.QName(each).localname: each.text
        for each in etree.fromstring(request.content or b"").iter()
    }
    assert words["username"] == "a&b@acme.example"
    assert words["password"] == "plantedPASS<&>plantedTOKEN"
    assert "planted" not in repr(request)


def test_a_soap_session_becomes_a_credential_for_the_instance_that_it_names() -> None:
    found = rehearse(soap_login.login(HOST, USER, LOGIN), xml(SESSION)).result
    assert isinstance(found, Credential)
    assert found.access_token == Secret("00Dxx!planted.SESSION")
    assert (found.instance_url, found.refresh_token) == (HOST, None)
    assert dict(found.extras) == {
        "organizationId": "00Dxx",
        "userId": "005xx",
        "passwordExpired": "true",
        "sandbox": "false",
    }


def test_a_soap_fault_is_told_by_its_exception_code_and_message() -> None:
    detail = (
        '<detail><sf:LoginFault xmlns:sf="urn:fault.partner.soap.sforce.com">'
        "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>Invalid username, "
        "password, security token; or user locked out.</sf:exceptionMessage>"
        "</sf:LoginFault></detail>"
    )
    with pytest.raises(Refused) as met:
        rehearse(soap_login.login(HOST, USER, LOGIN), fault(detail))
    assert (met.value.error, met.value.channel, met.value.status) == ("INVALID_LOGIN", "soap", 500)
    assert met.value.description == (
        "Invalid username, password, security token; or user locked out."
    )


def test_a_fault_without_detail_is_told_by_its_fault_code() -> None:
    with pytest.raises(Refused) as met:
        rehearse(soap_login.login(HOST, USER, LOGIN), fault("", "soapenv:Client"))
    assert (met.value.error, met.value.description) == (
        "soapenv:Client", "INVALID_LOGIN: Invalid username",
    )  # fmt: skip


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"content-type": "text/html"}, b"<html>Login</html>"),
        Reply(200, {}, b""),
        xml(SESSION.replace("sessionId", "session")),
        xml(SESSION.replace("serverUrl", "server")),
        xml(SESSION.replace(f"{HOST}/", "http://evil.example/")),
        xml(SESSION.replace(f"{HOST}/", "https://[/")),
        Reply(200, {}, SESSION.encode(), truncated=True),
    ],
)
def test_what_is_neither_a_session_nor_a_fault_is_malformed(reply: Reply) -> None:
    with pytest.raises(Malformed) as met:
        rehearse(soap_login.login(HOST, USER, LOGIN), reply)
    assert "planted" not in met.value.diagnostics()


# --- authorization code and credentials ----------------------------------------------------------


def played_by_hand(
    *answers: Any, login: Password = LOGIN
) -> tuple[list[Request], Credential | None]:
    """The requests, and the credential; an answer may be made from the request before it."""
    talk: Generator[Any, Any, Credential] = code_credentials.grant(APP, HOST, USER, login)
    asked = [next(talk)]
    for each in answers:
        try:
            asked.append(talk.send(each(form_of(asked[-1])) if callable(each) else each))
        except StopIteration as end:
            return asked, end.value
    talk.close()
    return asked, None


def with_code(form: dict[str, str]) -> Reply:
    place = f"{form['redirect_uri']}?code={quote('aPrxplanted==')}&state={form['state']}"
    return Reply(302, {"location": place}, url=f"{HOST}/services/oauth2/authorize")


PAGE = Reply(200, {"content-type": "text/html"}, b"<html><form>Log in</form></html>")


def test_the_credentials_go_in_a_basic_header_and_never_in_an_address() -> None:
    asked, found = played_by_hand(with_code, TOKENS)
    first, second = asked
    assert first.url == f"{HOST}/services/oauth2/authorize"
    headers = first.sent_headers()
    assert headers["Auth-Request-Type"] == "Named-User"
    pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == f"{USER}:plantedPASS<&>"
    form = form_of(first)
    assert form["response_type"] == "code_credentials"
    assert form["redirect_uri"] == f"{HOST}/services/oauth2/echo"
    assert "username" not in form
    sent = form_of(second)
    assert (sent["grant_type"], sent["code"]) == ("authorization_code", "aPrxplanted==")
    assert challenge_of(sent["code_verifier"]) == form["code_challenge"]
    assert found is not None
    assert all("planted" not in f"{each!r}{each.url}" for each in asked)


def test_an_app_that_answers_with_its_login_page_gets_them_in_the_body() -> None:
    asked, found = played_by_hand(PAGE, with_code, TOKENS)
    form = form_of(asked[1])
    assert (form["username"], form["password"]) == (USER, "plantedPASS<&>")
    assert "Authorization" not in asked[1].sent_headers()
    assert form["state"] == form_of(asked[0])["state"]
    assert found is not None


def test_a_login_page_twice_is_no_code() -> None:
    with pytest.raises(Malformed, match="instead of giving a code"):
        played_by_hand(PAGE, PAGE)


def test_a_wrong_password_is_refused_in_salesforces_words() -> None:
    words = "error=login_error&error_description=Your+login+attempt+has+failed."
    no = Reply(302, {"location": f"{APP.redirect_uri}?{words}"})
    with pytest.raises(Refused) as met:
        played_by_hand(no)
    assert (met.value.error, met.value.description, met.value.channel) == (
        "login_error", "Your login attempt has failed.", "redirect",
    )  # fmt: skip


def test_salesforces_own_error_page_is_a_refusal_too() -> None:
    page = f"{HOST}/setup/secur/RemoteAccessErrorPage.apexp?error=OAUTH_APP_BLOCKED"
    with pytest.raises(Refused) as met:
        played_by_hand(Reply(302, {"location": page}))
    assert (met.value.error, met.value.channel) == ("OAUTH_APP_BLOCKED", "html")


def test_a_refusal_in_the_raw_body_is_read() -> None:
    raw = b"error=invalid_request&error_description=missing+required+code+challenge"
    with pytest.raises(Refused, match="missing required code challenge"):
        played_by_hand(Reply(400, {}, raw))


@pytest.mark.parametrize(
    "location", ["", "https://evil.example/", f"{APP.redirect_uri}?code=aPrxplanted&state=other"]
)
def test_a_redirect_without_the_code_of_this_login_is_malformed(location: str) -> None:
    with pytest.raises(Malformed) as met:
        played_by_hand(Reply(302, {"location": location}))
    assert "planted" not in met.value.diagnostics()


# --- token exchange ------------------------------------------------------------------------------

FOREIGN = Secret("plantedFOREIGN")


def test_an_exchange_names_the_kind_of_token_and_the_handler_if_there_is_one() -> None:
    talk = token_exchange.exchange(APP, HOST, FOREIGN, Exchange("id_token", "OktaHandler"))
    played = rehearse(talk, TOKENS)
    assert form_of(played.requests[0]) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "plantedFOREIGN",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "token_handler": "OktaHandler",
        "client_id": "3MVG9key",
        "client_secret": "plantedCONSUMER",
    }
    assert "planted" not in repr(played.requests[0])
    plain = rehearse(token_exchange.exchange(APP, HOST, FOREIGN, Exchange("JWT")), TOKENS)
    assert "token_handler" not in form_of(plain.requests[0])


def test_a_kind_of_token_that_salesforce_does_not_take_is_sent_to_nobody() -> None:
    with pytest.raises(BadInput, match="no kind of token"):
        rehearse(token_exchange.exchange(APP, HOST, FOREIGN, Exchange("jwt")))


@pytest.mark.parametrize(
    "words", ["token handler not found", "token handler validation failed", "Your badge ended."]
)
def test_a_refused_exchange_is_told_in_the_words_of_salesforce_or_of_the_handler(
    words: str,
) -> None:
    body = json.dumps({"error": "invalid_request", "error_description": words}).encode()
    with pytest.raises(Refused) as met:
        rehearse(token_exchange.exchange(APP, HOST, FOREIGN, Exchange("JWT")), Reply(400, {}, body))
    assert met.value.description == words


def test_no_flow_with_a_password_hides_a_network_error_or_asks_again() -> None:
    for talk in (
        username_password.mint(APP, HOST, USER, LOGIN),
        soap_login.login(HOST, USER, LOGIN),
        code_credentials.grant(APP, HOST, USER, LOGIN),
        token_exchange.exchange(APP, HOST, FOREIGN, Exchange("JWT")),
    ):
        with pytest.raises(OutcomeUnknown):
            rehearse(talk, OutcomeUnknown("reset"))
