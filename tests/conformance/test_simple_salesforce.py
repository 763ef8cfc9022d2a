"""simple-salesforce, as PyPI delivers it, cannot tell the emulator from Salesforce."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from evergrant.emulator.server import Emulator

MY_DOMAIN = "acme.my.salesforce.com"


class ToLoopback(HTTPAdapter):
    """The client writes https and salesforce.com by itself; its session goes to the emulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._netloc = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, *rest: Any, **how: Any) -> requests.Response:
        asked = urlsplit(str(request.url))
        request.headers["Host"] = asked.netloc
        request.url = asked._replace(scheme="http", netloc=self._netloc).geturl()
        return super().send(request, *rest, **how)


@pytest.fixture
def session(org: Emulator) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.mount("https://", ToLoopback(org.url))
        yield made


def app(world: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in world["apps"] if each["name"] == name)


def username(world: dict[str, Any], name: str) -> str:
    found = (each["username"] for each in world["users"])
    return next(str(each) for each in found if each.startswith(f"{name}@"))


def test_simple_salesforce_logs_in_by_jwt_and_queries(
    org: Emulator, world: dict[str, Any], session: requests.Session
) -> None:
    key = requests.get(f"{org.control_url}/key/orbit-jwt", timeout=10).json()["private_key"]
    client = Salesforce(
        username=username(world, "integration"),
        consumer_key=app(world, "orbit-jwt")["consumer_key"],
        privatekey=key,
        domain=MY_DOMAIN.removesuffix(".salesforce.com"),
        session=session,
    )
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_simple_salesforce_logs_in_by_client_credentials_and_queries(
    world: dict[str, Any], session: requests.Session
) -> None:
    known = app(world, "orbit-server")
    client = Salesforce(
        consumer_key=known["consumer_key"],
        consumer_secret=known["consumer_secret"],
        domain=MY_DOMAIN.removesuffix(".salesforce.com"),
        session=session,
    )
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_simple_salesforce_is_refused_in_salesforces_words(
    world: dict[str, Any], session: requests.Session
) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        Salesforce(
            consumer_key=app(world, "orbit-server")["consumer_key"],
            consumer_secret="notTheSecret",
            domain=MY_DOMAIN.removesuffix(".salesforce.com"),
            session=session,
        )
