"""simple-salesforce: every way in that its constructor knows."""

from __future__ import annotations

from typing import Any

from answering import serve
from loopback import MY_DOMAIN, session
from simple_salesforce.api import Salesforce

DOMAIN = MY_DOMAIN.removesuffix(".salesforce.com")


def _rows(url: str, **words: Any) -> dict[str, Any]:
    client = Salesforce(session=session(url), **words)
    return {"rows": client.query("SELECT Id FROM Organization")["totalSize"]}


def soap(url: str, username: str, password: str, security_token: str) -> dict[str, Any]:
    return _rows(url, username=username, password=password, security_token=security_token)


def soap_trusted(url: str, username: str, password: str, org_id: str) -> dict[str, Any]:
    return _rows(url, username=username, password=password, organizationId=org_id)


def password(
    url: str, client_id: str, client_secret: str, username: str, password: str
) -> dict[str, Any]:
    return _rows(
        url, username=username, password=password, consumer_key=client_id,
        consumer_secret=client_secret, domain=DOMAIN,
    )  # fmt: skip


def jwt(url: str, client_id: str, username: str, key: str) -> dict[str, Any]:
    return _rows(url, username=username, consumer_key=client_id, privatekey=key, domain=DOMAIN)


def client_credentials(url: str, client_id: str, client_secret: str) -> dict[str, Any]:
    return _rows(url, consumer_key=client_id, consumer_secret=client_secret, domain=DOMAIN)


def access_token(url: str, token: str) -> dict[str, Any]:
    return _rows(url, session_id=token, instance=MY_DOMAIN)


serve({
    "SOAP login": soap,
    "SOAP login from a trusted address": soap_trusted,
    "username-password": password,
    "JWT bearer": jwt,
    "client credentials": client_credentials,
    "access token": access_token,
})  # fmt: skip
