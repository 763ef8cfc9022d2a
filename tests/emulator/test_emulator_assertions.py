"""Signed assertions beside JWT bearer, tokens of other providers, and JWTs as access tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from emulated_client import Client, ClientFor, new_key, sign
from evergrant.emulator import Emulator, connected
from saml_kit import assertion

SAML_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def said(answer: httpx2.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"], answer.json()["error_description"]


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A client of the app that connects with assertions."""
    return client_for("orbit-jwt")


@pytest.fixture
def key(emulator: Emulator) -> str:
    """The private key whose certificate the app has."""
    return connected.key_of(emulator.org, "orbit-jwt").private_key


def bearer(client: Client, key: str, **claims: Any) -> httpx2.Response:
    """A good SAML bearer request, but for these words."""
    words = {
        "issuer": client.app["consumer_key"], "subject": client.user["username"],
        "audience": "https://login.salesforce.com",
        "recipient": f"{client.emulator.url}/services/oauth2/token", **claims,
    }  # fmt: skip
    return client.token(
        grant_type=SAML_BEARER, assertion=assertion(key, **words), client_id="", client_secret=""
    )


def test_a_good_saml_assertion_gets_an_access_token_and_no_refresh_token(
    client: Client, key: str
) -> None:
    given = bearer(client, key).json()
    assert "refresh_token" not in given
    assert client.call(given["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"audience": "https://test.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"end": datetime(2020, 1, 1, tzinfo=UTC)}, "invalid_grant", "expired authorization code"),
        ({"recipient": "https://elsewhere.example"}, "invalid_grant", "invalid assertion"),
        ({"tampered": True}, "invalid_grant", "invalid assertion"),
        ({"issuer": "3MVG9nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"subject": "nobody@acme.example"}, "invalid_grant", "user hasn't approved this consumer"),
        (
            {"subject": "sam@acme.example"},
            "invalid_app_access", "user is not admin approved to access this app",
        ),
    ],
)  # fmt: skip
def test_a_wrong_saml_assertion_is_refused_with_its_own_text(
    client: Client, key: str, claims: dict[str, Any], error: str, description: str
) -> None:
    assert said(bearer(client, key, **claims)) == (error, description)


def test_a_saml_assertion_of_another_key_is_refused(client: Client, key: str) -> None:
    assert key
    assert said(bearer(client, new_key())) == ("invalid_grant", "invalid assertion")


def test_login_ranges_bind_saml_even_where_the_app_relaxes_them(
    client: Client, key: str, emulator: Emulator
) -> None:
    ranges = [["203.0.113.0", "203.0.113.255"]]
    emulator.act("set_profile", profile="Integration User", login_ranges=ranges)
    emulator.act("set_app", app="orbit-jwt", ip_relaxation="BYPASS")
    assert said(bearer(client, key))[1] == "ip restricted or invalid login hours"


def test_an_ended_certificate_ends_both_kinds_of_assertion(
    client: Client, key: str, emulator: Emulator
) -> None:
    emulator.act("recertify_app", app="orbit-jwt", days=-1)
    assert said(bearer(client, key)) == ("invalid_grant", "invalid assertion")
    assert said(client.jwt_bearer(client.assertion(key))) == ("invalid_grant", "invalid assertion")
    emulator.act("recertify_app", app="orbit-jwt", days=365)
    assert bearer(client, key).status_code == 200


# --- a signed assertion in place of the secret


def prove(client: Client, key: str, **claims: Any) -> httpx2.Response:
    """A refresh whose client proves itself by a signature."""
    now = client.emulator.clock.now()
    base = {
        "iss": client.app["consumer_key"], "sub": client.app["consumer_key"],
        "aud": f"{client.emulator.url}/services/oauth2/token",
        "exp": int((now + timedelta(minutes=3)).timestamp()), **claims,
    }  # fmt: skip
    return client.refresh(
        client_secret="", client_assertion_type=CLIENT_ASSERTION, client_assertion=sign(base, key)
    )


@pytest.fixture
def confidential(client_for: ClientFor, emulator: Emulator) -> tuple[Client, str]:
    """A connected client whose app has a certificate, and its key."""
    key = connected.key_of(emulator.org, "orbit-sync").private_key
    client = client_for()
    client.connect()
    return client, key


def test_a_client_assertion_stands_for_the_secret(confidential: tuple[Client, str]) -> None:
    assert prove(*confidential).status_code == 200


@pytest.mark.parametrize(
    "claims", [{"iss": "other"}, {"sub": "other"}, {"aud": "https://elsewhere.example"}, {"exp": 1}]
)
def test_a_wrong_client_assertion_is_a_wrong_secret(
    confidential: tuple[Client, str], claims: dict[str, Any]
) -> None:
    wanted = ("invalid_client", "invalid client credentials")
    assert said(prove(*confidential, **claims)) == wanted
    assert said(prove(confidential[0], new_key())) == wanted


# --- token exchange


@pytest.fixture
def exchanging(client_for: ClientFor, emulator: Emulator) -> Client:
    """A client whose app may exchange tokens, with a handler that knows one."""
    emulator.act("set_app", app="orbit-jwt", token_exchange=True)
    emulator.act(
        "set_token_handler", name="PartnerHandler", apps=["orbit-jwt"], types=["JWT", "id_token"],
        subjects={"theirs": "integration@acme.example", "sams": "sam@acme.example"},
    )  # fmt: skip
    return client_for("orbit-jwt")


def exchange(client: Client, **words: str) -> httpx2.Response:
    form = {
        "grant_type": EXCHANGE, "subject_token": "theirs",
        "subject_token_type": "urn:ietf:params:oauth:token-type:JWT", **words,
    }  # fmt: skip
    return client.token(**form)


def test_a_token_that_the_handler_takes_is_exchanged(exchanging: Client) -> None:
    given = exchange(exchanging).json()
    assert "refresh_token" in given
    assert exchanging.call(given["access_token"]).status_code == 200
    row = exchanging.emulator.org.db.execute(
        'SELECT "LoginSubType" FROM "LoginHistory" ORDER BY rowid DESC'
    ).fetchone()
    assert row[0] == "OauthTokenExchange"


@pytest.mark.parametrize(
    "words",
    [
        {"token_handler": "NoSuchHandler"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": "JWT"},
    ],
)
def test_without_a_handler_for_it_nothing_is_exchanged(
    exchanging: Client, words: dict[str, str]
) -> None:
    assert said(exchange(exchanging, **words)) == ("invalid_request", "token handler not found")


def test_a_handler_that_is_not_the_default_must_be_named(
    exchanging: Client, emulator: Emulator
) -> None:
    emulator.act(
        "set_token_handler", name="PartnerHandler", apps=["orbit-jwt"], is_default=False,
        subjects={"theirs": "integration@acme.example"}, message="this token is not ours",
    )  # fmt: skip
    assert said(exchange(exchanging))[1] == "token handler not found"
    assert exchange(exchanging, token_handler="PartnerHandler").status_code == 200
    wrong = exchange(exchanging, token_handler="PartnerHandler", subject_token="x")
    assert said(wrong) == ("invalid_request", "this token is not ours")


def test_a_token_that_the_handler_refuses_is_refused_in_salesforces_words(
    exchanging: Client,
) -> None:
    wanted = ("invalid_request", "token handler validation failed")
    assert said(exchange(exchanging, subject_token="forged")) == wanted


def test_approval_rules_hold_after_the_handler(exchanging: Client, emulator: Emulator) -> None:
    assert said(exchange(exchanging, subject_token="sams"))[0] == "invalid_app_access"
    emulator.act("set_app", app="orbit-jwt", admin_approved=False)
    wanted = ("invalid_grant", "user hasn't approved this consumer")
    assert said(exchange(exchanging, subject_token="sams")) == wanted


def test_the_secret_is_due_where_the_app_says_so(exchanging: Client, emulator: Emulator) -> None:
    assert said(exchange(exchanging, client_secret=""))[0] == "invalid_client"
    emulator.act("set_app", app="orbit-jwt", secret_for_token_exchange=False)
    assert exchange(exchanging, client_secret="").status_code == 200


# --- JWTs as access tokens


def test_a_jwt_access_token_has_a_fixed_end_and_opens_the_api(
    client_for: ClientFor, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", jwt_access_tokens=True, jwt_minutes=10)
    client = client_for()
    given = client.connect()
    assert (given["token_format"], given["access_token"].count(".")) == ("jwt", 2)
    assert given["api_instance_url"] == "https://api.salesforce.com"
    for _ in range(2):
        emulator.clock.advance(seconds=290)
        assert client.call().status_code == 200
    emulator.clock.advance(seconds=30)
    assert client.call().status_code == 401
    assert client.refresh().json()["token_format"] == "jwt"


def test_a_jwt_access_token_can_be_revoked(client_for: ClientFor, emulator: Emulator) -> None:
    emulator.act("set_app", app="orbit-sync", jwt_access_tokens=True)
    client = client_for()
    token = client.connect()["access_token"]
    url = f"{emulator.url}/services/oauth2/revoke"
    assert client.http.post(url, data={"token": token}).status_code == 200
    assert client.call().status_code == 401


def test_a_strange_token_type_hint_has_its_own_error(client_for: ClientFor) -> None:
    client = client_for()
    form = {"token": client.connect()["access_token"], "token_type_hint": "cookie"}
    answer = client.http.post(f"{client.emulator.url}/services/oauth2/revoke", data=form)
    assert (answer.status_code, answer.text.split("&")[0]) == (400, "error=unsupported_token_type")
