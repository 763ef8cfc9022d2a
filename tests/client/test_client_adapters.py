"""Clients of others with the token of the moment: httpx, httpx2, requests, simple-salesforce."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
import requests
from requests.adapters import HTTPAdapter

from client_kit import (
    Opened,
    given,
    open_fixture,  # noqa: F401 (a fixture)
)
from evergrant.client import AsyncTokenSource, TokenSource, httpx2_auth, httpx_auth, requests_auth
from evergrant.client.simple_salesforce import salesforce
from evergrant.errors import Misuse
from evergrant.model import Connection
from keeper_kit import (
    BROWSER_APP,
    RESOURCES,
    TOKEN,
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)

Call = Callable[[TokenSource, str], int]


def with_httpx(source: TokenSource, url: str) -> int:
    with httpx.Client(auth=httpx_auth.SalesforceAuth(source)) as http:
        return http.get(url).status_code


def with_httpx2(source: TokenSource, url: str) -> int:
    with httpx2.Client(auth=httpx2_auth.SalesforceAuth(source)) as http:
        return http.get(url).status_code


def with_requests(source: TokenSource, url: str) -> int:
    with requests.Session() as session:
        session.auth = requests_auth.SalesforceAuth(source)  # type: ignore[assignment, unused-ignore]
        return int(session.get(url, timeout=60).status_code)


CALLS = [with_httpx, with_httpx2, with_requests]


def ended(up: Up, opened: Opened) -> tuple[Connection, TokenSource, str]:
    """A source whose token at hand has ended, and an address that needs one."""
    connection = up.ground.connected()
    source = opened(connection.id, **given(up))
    source.token()
    up.ground.control.act("expire_sessions", app=BROWSER_APP)
    return connection, source, source.token().instance_url + RESOURCES


@pytest.mark.parametrize("call", CALLS)
def test_a_call_with_an_ended_session_is_sent_again_with_a_new_one(
    up: Up, opened: Opened, call: Call
) -> None:
    _, source, url = ended(up, opened)
    before = len(up.ground.requests(TOKEN))
    assert [call(source, url) for _ in range(3)] == [200] * 3
    assert len(up.ground.requests(TOKEN)) == before + 1


@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_that_is_not_about_the_token_asks_for_no_other(
    up: Up, opened: Opened, call: Call
) -> None:
    connection = up.ground.connected()
    source = opened(connection.id, **given(up))
    words = "This session is not valid for use with the REST API"
    body = f'[{{"message": "{words}", "errorCode": "INVALID_SESSION_ID"}}]'
    up.ground.fault(RESOURCES, status=401, body=body, times=99)
    before = len(up.ground.requests(TOKEN))
    assert [call(source, source.token().instance_url + RESOURCES) for _ in range(3)] == [401] * 3
    assert len(up.ground.requests(TOKEN)) == before


@pytest.mark.parametrize("call", CALLS)
def test_an_org_that_refuses_every_token_is_asked_for_one_other_only(
    up: Up, opened: Opened, call: Call
) -> None:
    connection = up.ground.connected()
    source = opened(connection.id, **given(up))
    up.ground.fault(RESOURCES, **no_session(), times=99)
    before = len(up.ground.requests(TOKEN))
    assert [call(source, source.token().instance_url + RESOURCES) for _ in range(5)] == [401] * 5
    assert len(up.ground.requests(TOKEN)) == before + 1


@pytest.mark.parametrize("call", CALLS)
def test_a_request_to_another_host_carries_nothing_and_says_so(
    up: Up, opened: Opened, call: Call
) -> None:
    connection = up.ground.connected()
    with pytest.raises(Misuse, match="carries no token"):
        call(opened(connection.id, **given(up)), up.url + "/health")


@pytest.mark.parametrize("module", [(httpx, httpx_auth), (httpx2, httpx2_auth)])
def test_an_asynchronous_client_does_the_same(up: Up, module: tuple[Any, Any]) -> None:
    library, auth = module
    connection = up.ground.connected()

    async def call() -> int:
        async with AsyncTokenSource(connection.id, **given(up)) as source:
            token = await source.token()
            up.ground.control.act("expire_sessions", app=BROWSER_APP)
            signed = auth.AsyncSalesforceAuth(source)
            async with library.AsyncClient(auth=signed, base_url=token.instance_url) as http:
                return int((await http.get(RESOURCES)).status_code)

    assert asyncio.run(call()) == 200


@pytest.mark.parametrize("module", [(httpx, httpx_auth), (httpx2, httpx2_auth)])
def test_a_source_of_the_other_colour_is_refused(up: Up, module: tuple[Any, Any]) -> None:
    library, auth = module
    connection = up.ground.connected()
    with TokenSource(connection.id, **given(up)) as source:
        url = source.token().instance_url

        async def wrongly() -> None:
            async with library.AsyncClient(auth=auth.SalesforceAuth(source)) as http:
                await http.get(url)

        with pytest.raises(Misuse, match="AsyncTokenSource"):
            asyncio.run(wrongly())

    async def the_other_way() -> None:
        async with AsyncTokenSource(connection.id, **given(up)) as other:
            with library.Client(auth=auth.AsyncSalesforceAuth(other)) as http:
                http.get(url)

    with pytest.raises(Misuse, match="needs a TokenSource"):
        asyncio.run(the_other_way())


@pytest.mark.parametrize("is_file", [True, False])
def test_a_body_is_sent_whole_both_times(up: Up, opened: Opened, is_file: bool) -> None:
    _, source, url = ended(up, opened)
    body = b'{"LastName": "Ada"}'
    with requests.Session() as session:
        session.auth = requests_auth.SalesforceAuth(source)  # type: ignore[assignment, unused-ignore]
        sent = io.BytesIO(body) if is_file else body
        answer = session.post(
            f"{url}/sobjects/Contact", data=sent, timeout=60,
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
    assert len(answer.history) == 1
    assert answer.status_code != 401
    assert answer.request.headers["Content-Length"] == str(len(body))


class ToLoopback(HTTPAdapter):
    """simple-salesforce knows https only: what it sends goes to the emulated org in plain http."""

    def send(self, request: Any, *args: Any, **how: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **how)


def test_a_simple_salesforce_client_outlives_its_session(up: Up, opened: Opened) -> None:
    connection, source, _ = ended(up, opened)
    with requests.Session() as session:
        session.mount("https://", ToLoopback())
        client = salesforce(source, session=session, version="66.0")
        before = len(up.ground.requests(TOKEN))
        found = client.query("SELECT Id FROM Organization")
        assert found["totalSize"] == 1
        assert client.query("SELECT Id FROM Organization") == found
    assert len(up.ground.requests(TOKEN)) == before + 1
    assert up.ground.now(connection.id).last_success is not None
