"""simple-salesforce, unmodified, logs in by the flows that take a username and a password."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator


class Loopback(HTTPAdapter):
    """Sends what is meant for any https host to the emulator."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(self, request: requests.PreparedRequest, *rest: Any, **how: Any) -> requests.Response:
        where = urlsplit(request.url or "")
        query = f"?{where.query}" if where.query else ""
        request.url = f"{self._base}{where.path}{query}"
        return super().send(request, *rest, **how)


@pytest.fixture
def client(client_for: ClientFor, emulator: Emulator) -> Client:
    """A user of an org that still allows passwords."""
    emulator.act("set_org", soap_login=True, block_username_password=False)
    return client_for()


@pytest.fixture
def session(emulator: Emulator) -> requests.Session:
    """A session that ends at the emulator."""
    made = requests.Session()
    made.mount("https://", Loopback(emulator.url))
    return made


def rows(connected: Salesforce) -> int:
    return int(connected.query("SELECT Id FROM User LIMIT 5")["totalSize"])


def test_it_logs_in_by_soap_with_password_and_security_token(
    client: Client, session: requests.Session
) -> None:
    user = client.user
    words = {"username": user["username"], "password": user["password"], "session": session}
    assert rows(Salesforce(security_token=user["security_token"], **words)) > 0
    with pytest.raises(SalesforceAuthenticationFailed, match="LOGIN_MUST_USE_SECURITY_TOKEN"):
        Salesforce(security_token="", **words)


def test_it_hears_that_soap_login_is_off(
    client: Client, session: requests.Session, emulator: Emulator
) -> None:
    emulator.act("set_org", soap_login=False)
    with pytest.raises(SalesforceAuthenticationFailed, match="disabled by default in this org"):
        Salesforce(
            username=client.user["username"], password="x", security_token="y", session=session
        )


def test_it_logs_in_by_the_username_password_flow(
    client: Client, session: requests.Session
) -> None:
    user, app = client.user, client.app
    words = {
        "username": user["username"], "consumer_key": app["consumer_key"],
        "consumer_secret": app["consumer_secret"], "session": session, "domain": "acme.my",
    }  # fmt: skip
    assert rows(Salesforce(password=user["password"] + user["security_token"], **words)) > 0
    with pytest.raises(SalesforceAuthenticationFailed, match="authentication failure"):
        Salesforce(password=user["password"], **words)
