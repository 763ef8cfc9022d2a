"""Without a port: the org as an ASGI app for asynchronous clients, and for requests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import requests
from simple_salesforce.api import Salesforce

from evergrant.emulator import Emulator, Fleet
from evergrant.emulator.connected import connect
from evergrant.emulator.inventory import inventory
from evergrant.testing import InProcess, SalesforceOrg, emulated_org

QUERY = "/services/data/v66.0/query?q=SELECT+IsSandbox+FROM+Organization"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a connection fails."""

    def refuse(*_: object) -> None:
        raise AssertionError("somebody used the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)


@pytest.fixture
def in_process(no_network: None) -> Iterator[SalesforceOrg]:
    with emulated_org() as made:
        yield made


def get(app: Any, url: str, token: str) -> httpx2.Response:
    """One asynchronous request to an ASGI app."""

    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport) as client:
            return await client.get(url, headers={"Authorization": f"Bearer {token}"})

    return asyncio.run(ask())


def test_an_asynchronous_client_reaches_it_under_the_name_of_its_my_domain(
    in_process: SalesforceOrg,
) -> None:
    grant = in_process.admin.sign_in()
    assert grant.instance_url == "https://acme.my.salesforce.com"
    answer = get(in_process.asgi, grant.instance_url + QUERY, grant.access_token)
    assert answer.json()["records"][0]["IsSandbox"] is False


def test_requests_reaches_it_and_follows_its_redirects(in_process: SalesforceOrg) -> None:
    app = in_process.app("My App", pkce_required=False)
    with requests.Session() as session:
        session.mount("https://", InProcess(in_process))
        words = {"response_type": "code", "client_id": app.consumer_key}
        page = session.get(
            f"{in_process.url}/services/oauth2/authorize",
            params={**words, "redirect_uri": app.callback}, timeout=60,
        )  # fmt: skip
        assert "login_form" in page.text
        dead = session.get(in_process.url + QUERY, timeout=60)
    assert (dead.status_code, dead.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_simple_salesforce_works_unmodified_without_a_port(in_process: SalesforceOrg) -> None:
    grant = in_process.admin.sign_in()
    with requests.Session() as session:
        session.mount("https://", InProcess(in_process))
        client = Salesforce(
            instance_url=grant.instance_url, session_id=grant.access_token, session=session
        )
        assert client.query("SELECT Id FROM User")["totalSize"] == 1


def test_orgs_side_by_side_are_told_apart_by_the_host_they_are_asked_as(no_network: None) -> None:
    fleet = Fleet(("production", "sandbox"))
    sandbox = fleet["sandbox"]
    token = connect(sandbox.org, "orbit-sync")["access_token"]
    hosts = [each.org.home.host for each in fleet.orgs.values()]
    answers = [get(fleet.app, f"https://{host}{QUERY}", token) for host in hosts]
    assert [each.status_code for each in answers] == [401, 200]
    assert answers[1].json()["records"][0]["IsSandbox"] is True
    fleet.stop()


def test_an_emulator_needs_no_start_to_be_asked(no_network: None) -> None:
    emulator = Emulator(seed=3)
    world = inventory(emulator.org)
    assert world["org"]["url"] == "https://acme.my.salesforce.com"
    token = connect(emulator.org, "orbit-sync")["access_token"]
    assert get(emulator.app, f"https://any.example{QUERY}", token).status_code == 200
    emulator.stop()
