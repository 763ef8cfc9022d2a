"""User-agent and hybrid flows: tokens in the fragment, child sessions beside them."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator

NATIVE = "orbit://callback"


@pytest.fixture
def client(client_for: ClientFor, emulator: Emulator) -> Client:
    """A client of an org that allows the user-agent flow."""
    emulator.act("set_org", block_user_agent=False)
    emulator.act("set_callbacks", app="orbit-sync", callbacks=[NATIVE, "https://page.example/cb"])
    return client_for()


def fragment(answer: httpx2.Response) -> dict[str, str]:
    """What came back after the #; nothing stands in the query."""
    where = urlsplit(answer.headers["location"])
    assert where.query == ""
    return dict(parse_qsl(where.fragment))


def implicit(client: Client, kind: str = "token", **words: str) -> httpx2.Response:
    """The authorize request of a page without a server."""
    return client.authorize(response_type=kind, code_challenge="", **words)


def unsigned(token: str) -> dict[str, Any]:
    """The claims of a JWT, not believed."""
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def rows(emulator: Emulator) -> list[tuple[str, str | None]]:
    """Status and subtype of OAuth rows, newest last."""
    found = emulator.org.db.execute(
        'SELECT "Status", "LoginSubType" FROM "LoginHistory" WHERE "LoginType" ='
        " 'Remote Access 2.0' ORDER BY rowid"
    )
    return [tuple(row) for row in found]


def test_tokens_come_back_in_the_fragment_with_the_state(client: Client) -> None:
    given = fragment(implicit(client, state="s 1"))
    assert given["state"] == "s 1"
    assert given["token_type"] == "Bearer"
    assert client.call(given["access_token"]).status_code == 200


def test_a_refresh_token_goes_to_native_apps_and_never_to_a_web_page(client: Client) -> None:
    assert "refresh_token" in fragment(implicit(client))
    page = implicit(client, redirect_uri="https://page.example/cb")
    assert "refresh_token" not in fragment(page)


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("token", "OauthUserAgent"),
        ("token id_token", "OauthUserAgentIdToken"),
        ("hybrid_token", "OauthHybridUserAgent"),
    ],
)
def test_each_variant_has_its_own_login_subtype(
    client: Client, emulator: Emulator, kind: str, subtype: str
) -> None:
    implicit(client, kind)
    assert rows(emulator)[-1] == ("Success", subtype)


def test_refusals_come_back_in_the_fragment_too(client: Client, emulator: Emulator) -> None:
    emulator.act("set_org", block_user_agent=True)
    said = fragment(implicit(client))
    assert said["error"] == "unsupported_response_type"
    assert said["error_description"] == "response type is not supported"
    assert said["state"] == "s1"


def test_a_denied_app_hears_so_in_the_fragment(client: Client) -> None:
    words = {
        "response_type": "token", "client_id": client.app["consumer_key"], "redirect_uri": NATIVE,
    }  # fmt: skip
    url = f"{client.emulator.url}/services/oauth2/authorize"
    answer = client.walk(client.http.get(url, params=words), "deny")
    assert fragment(answer) == {
        "error": "access_denied", "error_description": "end-user denied authorization",
    }  # fmt: skip


def test_blocking_user_agent_blocks_its_hybrid_too(client: Client, emulator: Emulator) -> None:
    emulator.act("set_org", block_user_agent=True)
    assert fragment(implicit(client, "hybrid_token"))["error"] == "unsupported_response_type"


def test_an_id_token_is_signed_by_a_published_key_and_bound_to_nonce_and_token(
    client: Client,
) -> None:
    given = fragment(implicit(client, "token id_token", nonce="n-1"))
    claims = unsigned(given["id_token"])
    half = hashlib.sha256(given["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert (claims["nonce"], claims["aud"]) == ("n-1", client.app["consumer_key"])
    assert claims["exp"] - claims["iat"] == 120
    for path in ("/id/keys", "/services/oauth2/id/keys"):
        verify(given["id_token"], client.http.get(client.emulator.url + path).json()["keys"][0])


def verify(token: str, jwk: dict[str, str]) -> None:
    """Check a signature by the numbers of a JWK; raises InvalidSignature."""

    def number(name: str) -> int:
        return int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=" * (-len(jwk[name]) % 4)))

    head, body, signature = token.split(".")
    key = rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.verify(raw, f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture
def hybrid(client: Client, emulator: Emulator) -> Client:
    """A mobile app that may open the browser parts."""
    emulator.act(
        "set_app", app="orbit-sync", scopes=["api", "web", "lightning", "content", "refresh_token"]
    )
    return client


def test_hybrid_user_agent_gives_child_sessions_for_its_scopes(hybrid: Client) -> None:
    given = fragment(implicit(hybrid, "hybrid_token"))
    assert {"lightning_sid", "content_sid", "csrf_token", "parent_sid", "refresh_token"} <= set(
        given
    )
    assert "visualforce_sid" not in given
    assert given["parent_sid"] == given["access_token"]


def test_hybrid_web_server_and_refresh_give_child_sessions_and_their_subtypes(
    hybrid: Client, emulator: Emulator
) -> None:
    code = hybrid.code(redirect_uri=NATIVE)
    given = hybrid.redeem(code, grant_type="hybrid_auth_code", redirect_uri=NATIVE).json()
    assert "lightning_sid" in given
    hybrid.credential = given
    again = hybrid.refresh(grant_type="hybrid_refresh").json()
    assert "content_sid" in again
    assert rows(emulator)[-2:] == [
        ("Success", "OauthHybridWebServer"), ("Success", "OauthHybridRefreshToken"),
    ]  # fmt: skip


def test_hybrid_refresh_fails_with_jwt_access_tokens_and_rotation(
    hybrid: Client, emulator: Emulator
) -> None:
    code = hybrid.code(redirect_uri=NATIVE)
    hybrid.credential = hybrid.redeem(code, redirect_uri=NATIVE).json()
    emulator.act("set_app", app="orbit-sync", jwt_access_tokens=True, rotation=True)
    answer = hybrid.refresh(grant_type="hybrid_refresh")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert hybrid.refresh().status_code == 200


def test_revoking_the_refresh_token_ends_the_child_sessions(
    hybrid: Client, emulator: Emulator
) -> None:
    given = fragment(implicit(hybrid, "hybrid_token"))
    hybrid.http.post(
        f"{emulator.url}/services/oauth2/revoke", data={"token": given["refresh_token"]}
    )
    assert emulator.org.session_for(given["lightning_sid"]) is None
