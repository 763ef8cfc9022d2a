"""Every flow, rehearsed: what it asks, what it makes of the answer, and that it asks once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import RSAKey

from evergrant.errors import BadInput, Malformed, NotSent, OurBug, OutcomeUnknown, Refused
from evergrant.model import App, Credential, FlowId, Identity, Secret, Session
from evergrant.oauth import FLOWS, assertions, client_credentials, jwt_bearer, web_server
from evergrant.oauth.identity import identity, identity_in, userinfo
from evergrant.oauth.introspect import Introspection, introspect
from evergrant.oauth.refresh_token import refresh
from evergrant.oauth.revoke import revoke
from evergrant.wire import Conversation, Rehearsal, Reply, rehearse

HOST = "https://acme.my.salesforce.com"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ORG, USER = "00D5f000000IZ3ZEAW", "0055f000007QgTaAAK"
IDENTITY_URL = f"https://login.salesforce.com/id/{ORG}/{USER}"
ACCESS = "00D5f000000IZ3ZEAW!AQcAplantedACCESS"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    ).decode()


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = _pem(KEY)
PUBLIC = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)

CONFIDENTIAL = App(
    "3MVG9key", Secret("plantedCONSUMER"), None, "https://vendor.example/cb", ("api", "id")
)
PUBLIC_CLIENT = App("3MVG9key", redirect_uri="http://localhost:1717/OauthRedirect")
SIGNING = App("3MVG9key", private_key=Secret(PEM), redirect_uri="https://vendor.example/cb")


def an_answer(**more: object) -> Reply:
    members = {
        "access_token": ACCESS,
        "instance_url": HOST,
        "id": IDENTITY_URL,
        "token_type": "Bearer",
        "issued_at": "1763802000123",
    } | more
    return Reply(200, {"content-type": "application/json"}, json.dumps(members).encode())


NO = Reply(
    400,
    {"content-type": "application/json"},
    b'{"error":"invalid_grant","error_description":"ip restricted"}',
)


def form_of(played: Rehearsal) -> dict[str, str]:
    body = played.requests[-1].sent_body() or b""
    return {name: value for name, (value,) in parse_qs(body.decode()).items()}


def claims_of(assertion: str) -> tuple[dict[str, object], dict[str, object]]:
    token = jwt.decode(assertion, RSAKey.import_key(PUBLIC), algorithms=["RS256"])
    return token.header, token.claims


CODE, VERIFIER, REFRESH = (
    Secret("aPrxplantedCODE=="),
    Secret("plantedVERIFIER"),
    Secret("plantedRT"),
)
GRANTS: dict[str, Callable[[], Conversation[Credential]]] = {
    "web server": lambda: web_server.exchange(CONFIDENTIAL, HOST, CODE, VERIFIER),
    "refresh": lambda: refresh(CONFIDENTIAL, HOST, REFRESH),
    "jwt bearer": lambda: jwt_bearer.mint(SIGNING, HOST, "sync@acme.example", now=NOW),
    "client credentials": lambda: client_credentials.mint(CONFIDENTIAL, HOST),
}
ALL: dict[str, Callable[[], Conversation[object]]] = {
    **GRANTS,
    "client assertion": lambda: refresh(SIGNING, HOST, REFRESH, now=NOW),
    "revoke": lambda: revoke(HOST, REFRESH),
    "introspect": lambda: introspect(CONFIDENTIAL, HOST, REFRESH, "refresh_token"),
    "userinfo": lambda: userinfo(Session(HOST, Secret(ACCESS))),
    "identity": lambda: identity(Credential(Secret(ACCESS), HOST, identity_url=IDENTITY_URL)),
}


@pytest.mark.parametrize("flow", GRANTS)
def test_a_grant_asks_the_token_endpoint_once_and_returns_the_credential(flow: str) -> None:
    played = rehearse(GRANTS[flow](), an_answer())
    (request,) = played.requests
    assert (request.method, request.url) == ("POST", f"{HOST}/services/oauth2/token")
    assert isinstance(played.result, Credential)
    assert played.result.access_token == Secret(ACCESS)
    assert played.result.instance_url == HOST


@pytest.mark.parametrize("flow", GRANTS)
def test_no_grant_sends_scopes_which_the_token_endpoint_refuses(flow: str) -> None:
    assert "scope" not in form_of(rehearse(GRANTS[flow](), an_answer()))


@pytest.mark.parametrize("flow", ALL)
def test_a_refusal_reaches_the_caller_in_salesforces_words(flow: str) -> None:
    with pytest.raises(Refused) as refused:
        rehearse(ALL[flow](), NO)
    assert (refused.value.error, refused.value.description) == ("invalid_grant", "ip restricted")


@pytest.mark.parametrize("flow", ALL)
@pytest.mark.parametrize("error", [NotSent("dns"), OutcomeUnknown("reset")])
def test_no_flow_hides_a_network_error_or_asks_again(
    flow: str, error: NotSent | OutcomeUnknown
) -> None:
    with pytest.raises(type(error)):
        rehearse(ALL[flow](), error)


@pytest.mark.parametrize("flow", ALL)
def test_a_page_instead_of_an_answer_is_malformed(flow: str) -> None:
    with pytest.raises(Malformed):
        rehearse(ALL[flow](), Reply(503, {"content-type": "text/html"}, b"<html>Hello</html>"))


@pytest.mark.parametrize("flow", ALL)
def test_no_secret_shows_in_the_requests_or_in_the_urls(flow: str) -> None:
    conversation = ALL[flow]()
    request = next(conversation)
    conversation.close()
    assert "planted" not in repr(request)
    assert "PRIVATE" not in repr(request)
    assert "eyJ" not in repr(request)
    opened = (getattr(request, "sent_body")() or b"").decode()  # noqa: B009
    headers = str(getattr(request, "sent_headers")())  # noqa: B009
    assert "planted" in opened + headers or "eyJ" in opened
    assert "planted" not in getattr(request, "url")  # noqa: B009


@pytest.mark.parametrize("flow", ["web server", "jwt bearer", "client credentials"])
def test_a_first_grant_must_say_where_its_token_is_good(flow: str) -> None:
    with pytest.raises(Malformed, match="which instance"):
        rehearse(GRANTS[flow](), an_answer(instance_url=""))


# --- web server ----------------------------------------------------------------------------------


def test_the_authorization_url_asks_for_everything_and_nothing_empty() -> None:
    way = web_server.Authorization(CONFIDENTIAL, HOST)
    url = way.url("s1", "chal", login_hint="me@acme.example", prompt="login consent")
    assert url.startswith(f"{HOST}/services/oauth2/authorize?")
    assert parse_qs(urlsplit(url).query, keep_blank_values=True) == {
        "response_type": ["code"],
        "client_id": ["3MVG9key"],
        "redirect_uri": ["https://vendor.example/cb"],
        "state": ["s1"],
        "code_challenge": ["chal"],
        "code_challenge_method": ["S256"],
        "login_hint": ["me@acme.example"],
        "prompt": ["login consent"],
        "scope": ["api id"],
    }
    short = parse_qs(urlsplit(web_server.Authorization(PUBLIC_CLIENT, HOST).url("s")).query)
    assert set(short) == {"response_type", "client_id", "redirect_uri", "state"}
    assert "planted" not in url + repr(way)
    assert "scope=web" in way.url("s", scopes=("web",))


def test_a_site_keeps_its_path_in_every_address() -> None:
    site = "https://acme.my.site.com/customers"
    assert web_server.Authorization(PUBLIC_CLIENT, site).url("s").startswith(f"{site}/services/")
    played = rehearse(refresh(PUBLIC_CLIENT, site, REFRESH), an_answer())
    assert played.requests[0].url == f"{site}/services/oauth2/token"


def test_pkce_makes_a_fresh_verifier_of_lawful_length_and_its_s256_challenge() -> None:
    (verifier, challenge), (other, _) = web_server.pkce(), web_server.pkce()
    assert verifier != other
    assert 43 <= len(verifier.reveal()) <= 128
    assert challenge == web_server.challenge_of(verifier.reveal())
    # RFC 7636 appendix B.
    example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert web_server.challenge_of(example) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_code_is_redeemed_with_the_same_callback_and_the_verifier() -> None:
    played = rehearse(GRANTS["web server"](), an_answer())
    assert form_of(played) == {
        "grant_type": "authorization_code",
        "code": CODE.reveal(),
        "redirect_uri": CONFIDENTIAL.redirect_uri,
        "client_id": "3MVG9key",
        "client_secret": "plantedCONSUMER",
        "code_verifier": "plantedVERIFIER",
    }


def test_a_public_client_sends_its_key_and_no_secret() -> None:
    played = rehearse(web_server.exchange(PUBLIC_CLIENT, HOST, CODE, None), an_answer())
    sent = form_of(played)
    assert sent["client_id"] == "3MVG9key"
    assert not {"client_secret", "client_assertion", "code_verifier"} & sent.keys()


def test_a_client_with_a_key_instead_of_a_secret_signs_an_assertion() -> None:
    sent = form_of(rehearse(refresh(SIGNING, HOST, REFRESH, now=NOW), an_answer()))
    assert "client_secret" not in sent
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert sent["client_assertion_type"] == kind
    header, claims = claims_of(sent["client_assertion"])
    assert header["alg"] == "RS256"
    assert (claims["iss"], claims["sub"]) == ("3MVG9key", "3MVG9key")
    assert claims["aud"] == f"{HOST}/services/oauth2/token"
    assert claims["exp"] == NOW.timestamp() + 180
    again = form_of(rehearse(refresh(SIGNING, HOST, REFRESH, now=NOW), an_answer()))
    assert claims_of(again["client_assertion"])[1]["jti"] != claims["jti"]


def test_signing_without_the_time_is_our_bug() -> None:
    with pytest.raises(OurBug):
        rehearse(refresh(SIGNING, HOST, REFRESH), an_answer())


# --- refresh -------------------------------------------------------------------------------------


def test_a_refresh_returns_what_was_said_and_no_more() -> None:
    bare = Reply(200, body=b'{"access_token": "new"}')
    credential = rehearse(GRANTS["refresh"](), bare).result
    assert (credential.refresh_token, credential.instance_url) == (None, "")
    rotated = rehearse(GRANTS["refresh"](), an_answer(refresh_token="next")).result
    assert rotated.refresh_token == Secret("next")


def test_a_refresh_sends_the_token_and_the_clients_proof() -> None:
    assert form_of(rehearse(GRANTS["refresh"](), an_answer())) == {
        "grant_type": "refresh_token",
        "refresh_token": "plantedRT",
        "client_id": "3MVG9key",
        "client_secret": "plantedCONSUMER",
    }


# --- JWT bearer ----------------------------------------------------------------------------------


def test_a_jwt_names_the_app_the_user_and_the_login_host_for_three_minutes() -> None:
    sent = form_of(rehearse(GRANTS["jwt bearer"](), an_answer()))
    assert set(sent) == {"grant_type", "assertion"}
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header, claims = claims_of(sent["assertion"])
    assert header["alg"] == "RS256"
    assert claims == {
        "iss": "3MVG9key",
        "sub": "sync@acme.example",
        "aud": HOST,
        "exp": NOW.timestamp() + 180,
    }


def test_the_audience_can_be_another_than_the_host() -> None:
    talk = jwt_bearer.mint(SIGNING, HOST, "u", now=NOW, audience="https://login.salesforce.com")
    _, claims = claims_of(form_of(rehearse(talk, an_answer()))["assertion"])
    assert claims["aud"] == "https://login.salesforce.com"


def test_a_private_key_is_parsed_once() -> None:
    assertions._key.cache_clear()
    for _ in range(5):
        rehearse(GRANTS["jwt bearer"](), an_answer())
    found = assertions._key.cache_info()
    assert (found.misses, found.hits) == (1, 4)


@pytest.mark.parametrize(
    ("what", "app", "subject"),
    [
        ("no key", CONFIDENTIAL, "u"),
        ("no user", SIGNING, ""),
        ("no PEM", App("k", private_key=Secret("plantedKEY")), "u"),
        ("a public key", App("k", private_key=Secret(PUBLIC)), "u"),
        ("an EC key", App("k", private_key=Secret(_pem(EC_KEY))), "u"),
        ("an encrypted key", App("k", private_key=Secret(_pem(KEY, b"plantedPW"))), "u"),
        ("half a key", App("k", private_key=Secret(PEM[:300])), "u"),
    ],
)
def test_a_key_that_cannot_sign_is_the_integrations_to_mend(
    what: str, app: App, subject: str
) -> None:
    with pytest.raises(BadInput) as refused:
        rehearse(jwt_bearer.mint(app, HOST, subject, now=NOW), an_answer())
    assert "planted" not in refused.value.diagnostics(), what
    assert refused.value.whose == "integration"
    assert refused.value.__cause__ is None


# --- client credentials, revoke, introspect ------------------------------------------------------


def test_client_credentials_sends_only_the_clients_proof() -> None:
    assert form_of(rehearse(GRANTS["client credentials"](), an_answer())) == {
        "grant_type": "client_credentials",
        "client_id": "3MVG9key",
        "client_secret": "plantedCONSUMER",
    }


def test_a_revocation_posts_the_token_and_takes_an_empty_answer() -> None:
    played = rehearse(revoke(HOST, REFRESH), Reply(200))
    assert played.requests[0].url == f"{HOST}/services/oauth2/revoke"
    assert form_of(played) == {"token": "plantedRT"}
    assert played.result == "revoked"


def test_a_token_that_salesforce_does_not_know_is_as_good_as_revoked() -> None:
    body = b"error=invalid_token&error_description=invalid+token%3A+planted"
    assert rehearse(revoke(HOST, REFRESH), Reply(400, {}, body)).result == "not known"


@pytest.mark.parametrize(
    "error",
    ["unsupported_token_type", "rate_limit_exceeded", "server_error", "invalid_client"],
)
def test_any_other_refusal_of_a_revocation_is_read_from_its_form_and_raised(error: str) -> None:
    body = f"error={error}&error_description=invalid+token%3A+planted".encode()
    with pytest.raises(Refused) as refused:
        rehearse(revoke(HOST, REFRESH), Reply(400, {}, body))
    assert (refused.value.error, refused.value.channel) == (error, "form")


@pytest.mark.parametrize("body", [b"", b" \n", b"OK", b"{}"])
def test_a_revocation_succeeds_whatever_word_comes_with_200(body: bytes) -> None:
    assert rehearse(revoke(HOST, REFRESH), Reply(200, {}, body)).result == "revoked"


@pytest.mark.parametrize(
    "reply", [Reply(302), Reply(202), Reply(503), Reply(200, {}, b"<html>Login</html>")]
)
def test_a_page_or_a_redirect_is_no_revocation(reply: Reply) -> None:
    with pytest.raises(Malformed):
        rehearse(revoke(HOST, REFRESH), reply)


def test_an_introspection_tells_what_a_token_is() -> None:
    said = {
        "active": True,
        "scope": "id refresh_token openid",
        "client_id": "3MVG9key",
        "username": "sync@acme.example",
        "sub": IDENTITY_URL,
        "token_type": "access_token",
        "exp": 1528502109,
        "iat": "1528494909",
        "nbf": 1528494909,
    }
    played = rehearse(
        introspect(CONFIDENTIAL, HOST, Secret(ACCESS)), Reply(200, {}, json.dumps(said).encode())
    )
    assert played.result == Introspection(
        True,
        ("id", "refresh_token", "openid"),
        "3MVG9key",
        "sync@acme.example",
        IDENTITY_URL,
        "access_token",
        datetime(2018, 6, 8, 23, 55, 9, tzinfo=UTC),
        datetime(2018, 6, 8, 21, 55, 9, tzinfo=UTC),
    )
    sent = form_of(played)
    assert (sent["token"], sent["token_type_hint"]) == (ACCESS, "access_token")


def test_an_inactive_token_is_an_answer_and_not_an_error() -> None:
    played = rehearse(introspect(CONFIDENTIAL, HOST, REFRESH), Reply(200, {}, b'{"active":false}'))
    assert played.result == Introspection(active=False)


# --- identity ------------------------------------------------------------------------------------


def test_userinfo_says_whose_token_it_is() -> None:
    said = {"organization_id": ORG, "user_id": USER, "preferred_username": "sync@acme.example"}
    played = rehearse(
        userinfo(Session(f"{HOST}/", Secret(ACCESS))), Reply(200, {}, json.dumps(said).encode())
    )
    assert played.result == Identity(ORG, USER, "sync@acme.example")
    (request,) = played.requests
    assert (request.method, request.url) == ("GET", f"{HOST}/services/oauth2/userinfo")
    assert request.sent_headers()["Authorization"] == f"Bearer {ACCESS}"


def test_the_identity_url_says_whose_token_it_is() -> None:
    said = {"organization_id": ORG, "user_id": USER, "username": "sync@acme.example", "urls": {}}
    played = rehearse(ALL["identity"](), Reply(200, {}, json.dumps(said).encode()))
    assert played.result == Identity(ORG, USER, "sync@acme.example")
    assert played.requests[0].url == IDENTITY_URL


@pytest.mark.parametrize("flow", ["userinfo", "identity"])
def test_a_dead_token_is_refused_with_403_and_one_word(flow: str) -> None:
    with pytest.raises(Refused) as refused:
        rehearse(ALL[flow](), Reply(403, {"content-type": "text/html"}, b"Bad_OAuth_Token"))
    assert refused.value.error == "Bad_OAuth_Token"
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/id/x/y",
        "https://evil-salesforce.com/id/x/y",
        "https://login.salesforce.com@evil.example/id/x/y",
        "https://login.salesforce.com:8443/id/x/y",
        "http://login.salesforce.com/id/x/y",
        "https://[bad",
    ],
)
def test_the_token_is_not_sent_to_an_identity_url_elsewhere(url: str) -> None:
    credential = Credential(Secret(ACCESS), HOST, identity_url=url)
    with pytest.raises(Malformed, match="no token may be sent"):
        rehearse(identity(credential))


def test_org_and_user_can_be_read_from_the_identity_url_itself() -> None:
    assert identity_in(IDENTITY_URL) == Identity(ORG, USER)
    assert identity_in(f"{IDENTITY_URL}/") == Identity(ORG, USER)
    assert identity_in("https://login.salesforce.com/id/") is None


@given(st.text())
def test_any_text_has_an_identity_in_it_or_none(text: str) -> None:
    assert identity_in(text) is None or "/id/" in text


# --- the table -----------------------------------------------------------------------------------


def test_every_flow_id_has_a_row_under_its_own_name() -> None:
    assert set(FLOWS) == set(get_args(FlowId))
    assert all(id_ == flow.id for id_, flow in FLOWS.items())
    assert len({flow.title for flow in FLOWS.values()}) == len(FLOWS)


def test_a_flow_is_renewed_by_what_it_gives() -> None:
    for flow in FLOWS.values():
        assert (flow.renewed_by == "refresh") == flow.gives_refresh_token, flow.id
        assert flow.source.startswith("https://"), flow.id


def test_every_flow_is_spoken_and_what_is_no_flow_is_not() -> None:
    unspoken = {id_ for id_, flow in FLOWS.items() if flow.conversation is None}
    assert unspoken == {"rest_api_call", "unknown"}


def test_a_legacy_flow_says_why_and_what_to_use_instead() -> None:
    legacy = {id_: flow.legacy for id_, flow in FLOWS.items() if flow.legacy}
    assert set(legacy) == {"user_agent", "username_password", "soap_login"}
    for why in legacy.values():
        instead = why.rpartition("use ")[2]
        assert any(id_ in instead for id_ in set(FLOWS) - set(legacy)), why
