"""requests-oauthlib: one session, and an oauthlib client for each grant."""

from __future__ import annotations

import os
from typing import Any

import requests
from answering import serve

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # its own switch for plain http
from oauthlib.oauth2 import (
    BackendApplicationClient,
    LegacyApplicationClient,
    MobileApplicationClient,
    ServiceApplicationClient,
    WebApplicationClient,
)
from requests_oauthlib import OAuth2Session

TOKEN = "/services/oauth2/token"
AUTHORIZE = "/services/oauth2/authorize"
_begun: dict[str, OAuth2Session] = {}
"""The session that made a link, for it keeps the verifier."""


def _rows(session: OAuth2Session, instance: str) -> dict[str, Any]:
    answer = session.get(
        f"{instance}/services/data/v66.0/query", params={"q": "SELECT Id FROM Organization"}
    )
    if answer.status_code != 200:
        raise requests.HTTPError(answer.text)
    return {"rows": answer.json()["totalSize"]}


def link(url: str, client_id: str, client_secret: str, callback: str) -> dict[str, Any]:
    session = OAuth2Session(
        client=WebApplicationClient(client_id), redirect_uri=callback, pkce="S256"
    )
    _begun["web server"] = session
    made, _ = session.authorization_url(url + AUTHORIZE)
    return {"link": made}


def web_server(
    url: str, client_id: str, client_secret: str, callback: str, landed: str
) -> dict[str, Any]:
    session = _begun.pop("web server")
    token = session.fetch_token(
        url + TOKEN, authorization_response=landed, client_secret=client_secret,
        include_client_id=True,
    )  # fmt: skip
    return _rows(session, token["instance_url"])


def agent_link(url: str, client_id: str, callback: str) -> dict[str, Any]:
    session = OAuth2Session(client=MobileApplicationClient(client_id), redirect_uri=callback)
    _begun["user-agent"] = session
    made, _ = session.authorization_url(url + AUTHORIZE)
    return {"link": made}


def user_agent(url: str, client_id: str, callback: str, landed: str) -> dict[str, Any]:
    session = _begun.pop("user-agent")
    token = session.token_from_fragment(landed)
    return _rows(session, token["instance_url"])


def refresh(url: str, client_id: str, client_secret: str, refresh_token: str) -> dict[str, Any]:
    session = OAuth2Session(client_id, token={"refresh_token": refresh_token})
    token = session.refresh_token(url + TOKEN, client_id=client_id, client_secret=client_secret)
    return _rows(session, token["instance_url"])


def rotate(url: str, client_id: str, client_secret: str, refresh_token: str) -> dict[str, Any]:
    session = OAuth2Session(client_id, token={"refresh_token": refresh_token})
    words = {"client_id": client_id, "client_secret": client_secret}
    session.refresh_token(url + TOKEN, **words)
    token = session.refresh_token(url + TOKEN, **words)  # the one that it kept
    return _rows(session, token["instance_url"])


def password(
    url: str, client_id: str, client_secret: str, username: str, password: str
) -> dict[str, Any]:
    session = OAuth2Session(client=LegacyApplicationClient(client_id))
    token = session.fetch_token(
        url + TOKEN, username=username, password=password, client_secret=client_secret,
        include_client_id=True,
    )  # fmt: skip
    return _rows(session, token["instance_url"])


def jwt(url: str, client_id: str, username: str, key: str) -> dict[str, Any]:
    session = OAuth2Session(client=ServiceApplicationClient(client_id, private_key=key))
    token = session.fetch_token(
        url + TOKEN, issuer=client_id, subject=username, audience=url, include_client_id=True
    )
    return _rows(session, token["instance_url"])


def client_credentials(url: str, client_id: str, client_secret: str) -> dict[str, Any]:
    session = OAuth2Session(client=BackendApplicationClient(client_id))
    token = session.fetch_token(url + TOKEN, client_secret=client_secret, include_client_id=True)
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
