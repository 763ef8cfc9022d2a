"""airbyte-cdk: the OAuth authenticators that its connectors are built with."""

from __future__ import annotations

from typing import Any

import requests
from airbyte_cdk.sources.declarative.auth import DeclarativeOauth2Authenticator, JwtAuthenticator
from airbyte_cdk.sources.streams.http.requests_native_auth import (
    Oauth2Authenticator,
    SingleUseRefreshTokenOauth2Authenticator,
    TokenAuthenticator,
)
from answering import serve
from requests.auth import AuthBase

TOKEN = "/services/oauth2/token"
DEAD: dict[str, Any] = {
    "refresh_token_error_status_codes": (400,),
    "refresh_token_error_key": "error",
    "refresh_token_error_values": ("invalid_grant", "invalid_client"),
}
"""How a connector tells the authenticator what a dead refresh token looks like."""


def _rows(url: str, auth: AuthBase) -> dict[str, Any]:
    answer = requests.get(
        f"{url}/services/data/v66.0/query", params={"q": "SELECT Id FROM Organization"},
        auth=auth, timeout=20,
    )  # fmt: skip
    if answer.status_code != 200:
        raise requests.HTTPError(answer.text)
    return {"rows": answer.json()["totalSize"]}


def refresh(url: str, client_id: str, client_secret: str, refresh_token: str) -> dict[str, Any]:
    auth = Oauth2Authenticator(url + TOKEN, client_id, client_secret, refresh_token, **DEAD)
    return _rows(url, auth)


def rotate(url: str, client_id: str, client_secret: str, refresh_token: str) -> dict[str, Any]:
    config = {"credentials": {
        "client_id": client_id, "client_secret": client_secret, "refresh_token": refresh_token,
    }}  # fmt: skip
    auth = SingleUseRefreshTokenOauth2Authenticator(config, url + TOKEN, **DEAD)
    auth.refresh_and_set_access_token()
    auth.refresh_and_set_access_token()  # with the one that it kept
    return _rows(url, auth)


def _declared(url: str, **words: Any) -> dict[str, Any]:
    """What a connector without code declares."""
    endpoint = url + TOKEN
    auth = DeclarativeOauth2Authenticator(
        config={}, parameters={}, token_refresh_endpoint=endpoint, **words, **DEAD
    )
    return _rows(url, auth)


def jwt(url: str, client_id: str, username: str, key: str) -> dict[str, Any]:
    assertion = JwtAuthenticator(
        config={}, parameters={}, secret_key=key, algorithm="RS256", token_duration=180,
        iss=client_id, sub=username, aud=url,
    )  # fmt: skip
    return _declared(url, profile_assertion=assertion, use_profile_assertion=True)


def client_credentials(url: str, client_id: str, client_secret: str) -> dict[str, Any]:
    return _declared(
        url, client_id=client_id, client_secret=client_secret, grant_type="client_credentials"
    )


def access_token(url: str, token: str) -> dict[str, Any]:
    return _rows(url, TokenAuthenticator(token))


serve({
    "refresh": refresh,
    "refresh with rotation": rotate,
    "JWT bearer": jwt,
    "client credentials": client_credentials,
    "access token": access_token,
})  # fmt: skip
