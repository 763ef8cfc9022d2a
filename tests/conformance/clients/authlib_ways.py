"""Authlib's sessions on requests: RFC 6749's grants, PKCE and assertions."""

from __future__ import annotations

import time
from typing import Any

import requests
from answering import serve
from authlib.integrations.requests_client import AssertionSession, OAuth2Session

VERIFIER = "conformance-" + "v" * 52
TOKEN = "/services/oauth2/token"
AUTHORIZE = "/services/oauth2/authorize"


def _session(client_id: str, client_secret: str | None = None, **words: Any) -> OAuth2Session:
    return OAuth2Session(
        client_id, client_secret, token_endpoint_auth_method="client_secret_post", **words
    )


def _rows(session: Any, instance: str) -> dict[str, Any]:
    answer = session.get(
        f"{instance}/services/data/v66.0/query", params={"q": "SELECT Id FROM Organization"}
    )
    if answer.status_code != 200:
        raise requests.HTTPError(answer.text)
    return {"rows": answer.json()["totalSize"]}


def link(url: str, client_id: str, client_secret: str, callback: str) -> dict[str, Any]:
    session = _session(client_id, redirect_uri=callback, code_challenge_method="S256")
    made, _ = session.create_authorization_url(url + AUTHORIZE, "s1", code_verifier=VERIFIER)
    return {"link": made}


def web_server(
    url: str, client_id: str, client_secret: str, callback: str, landed: str
) -> dict[str, Any]:
    session = _session(
        client_id, client_secret, redirect_uri=callback, state="s1", code_challenge_method="S256"
    )
    token = session.fetch_token(url + TOKEN, authorization_response=landed, code_verifier=VERIFIER)
    return _rows(session, token["instance_url"])


def agent_link(url: str, client_id: str, callback: str) -> dict[str, Any]:
    session = OAuth2Session(client_id, redirect_uri=callback)
    made, _ = session.create_authorization_url(url + AUTHORIZE, "s1", response_type="token")
    return {"link": made}


def user_agent(url: str, client_id: str, callback: str, landed: str) -> dict[str, Any]:
    session = OAuth2Session(client_id, redirect_uri=callback, state="s1")
    token = session.fetch_token(authorization_response=landed)
    return _rows(session, token["instance_url"])


def refresh(url: str, client_id: str, client_secret: str, refresh_token: str) -> dict[str, Any]:
    session = _session(client_id, client_secret)
    token = session.refresh_token(url + TOKEN, refresh_token=refresh_token)
    return _rows(session, token["instance_url"])


def rotate(url: str, client_id: str, client_secret: str, refresh_token: str) -> dict[str, Any]:
    session = _session(client_id, client_secret)
    session.refresh_token(url + TOKEN, refresh_token=refresh_token)
    token = session.refresh_token(url + TOKEN)  # the one that it kept
    return _rows(session, token["instance_url"])


def password(
    url: str, client_id: str, client_secret: str, username: str, password: str
) -> dict[str, Any]:
    session = _session(client_id, client_secret)
    token = session.fetch_token(url + TOKEN, username=username, password=password)
    return _rows(session, token["instance_url"])


def jwt(url: str, client_id: str, username: str, key: str) -> dict[str, Any]:
    session = AssertionSession(
        url + TOKEN, issuer=client_id, subject=username, audience=url, key=key,
        header={"alg": "RS256"}, claims={"exp": int(time.time()) + 180},
    )  # fmt: skip
    return _rows(session, url)


def client_credentials(url: str, client_id: str, client_secret: str) -> dict[str, Any]:
    session = _session(client_id, client_secret)
    token = session.fetch_token(url + TOKEN, grant_type="client_credentials")
    return _rows(session, token["instance_url"])


def access_token(url: str, token: str) -> dict[str, Any]:
    return _rows(OAuth2Session(token={"access_token": token, "token_type": "Bearer"}), url)


serve({
    "web server with PKCE: link": link,
    "web server with PKCE": web_server,
    "user-agent: link": agent_link,
    "user-agent": user_agent,
    "refresh": refresh,
    "refresh with rotation": rotate,
    "username-password": password,
    "JWT bearer": jwt,
    "client credentials": client_credentials,
    "access token": access_token,
})  # fmt: skip
