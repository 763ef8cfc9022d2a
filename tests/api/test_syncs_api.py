"""Reporting syncs over the API: with the operator's key, or a key that opens the connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from evergrant import keeper as verbs
from evergrant.api.app import create
from evergrant.model import Secret
from keeper_kit import (
    BROWSER_APP,
    JWT_APP,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)


@pytest.fixture
def client(ground: Ground) -> Iterator[TestClient]:
    with TestClient(create(ground.house, Secret("operator"))) as opened:
        yield opened


def as_(word: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {word}"}


def key_for(ground: Ground, connection_id: str) -> dict[str, str]:
    word, _ = verbs.create_key(ground.keeper, "app", of_connections=[connection_id])
    return as_(word.reveal())


def test_an_application_reports_with_the_key_that_opens_its_connection(
    ground: Ground, client: TestClient
) -> None:
    connection = ground.connected()
    key, path = key_for(ground, connection.id), f"/v1/connections/{connection.id}/syncs"
    failed = {"succeeded": False, "detail": "row 7: required field missing"}
    assert client.post(path, json=failed, headers=key).status_code == 201
    told = client.get(path, headers=key).json()["errors"]
    assert [each["detail"] for each in told] == ["row 7: required field missing"]
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    ground.control.act("unblock_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    came = client.post(path, json={"succeeded": True, "records": 3}, headers=key).json()
    assert came["errors_cleared"] == 1
    assert set(came["missed_window"]) == {"since", "until"}
    assert client.get(path, headers=key).json() == {"errors": []}


def test_the_operator_reports_for_any_connection(ground: Ground, client: TestClient) -> None:
    connection = ground.connected()
    path = f"/v1/connections/{connection.id}/syncs"
    assert client.post(path, json={"succeeded": True}, headers=as_("operator")).status_code == 201


def test_a_key_of_another_connection_learns_nothing_of_what_exists(
    ground: Ground, client: TestClient
) -> None:
    mine, other = ground.connected(), ground.connected("Globex", app=JWT_APP)
    key = key_for(ground, mine.id)
    answers = [
        client.post(f"/v1/connections/{name}/syncs", json={"succeeded": True}, headers=key)
        for name in (other.id, "con_nobody")
    ]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    for wrong in ("", "operato", "evgk_0000000000000000_" + "x" * 43):
        path = f"/v1/connections/{mine.id}/syncs"
        answer = client.post(path, json={"succeeded": True}, headers=as_(wrong))
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"succeeded": "perhaps"},
        {"succeeded": True, "records": -1},
        {"succeeded": True, "at": "yesterday"},
        {"succeeded": True, "at": "2026-11-22T10:00:00"},
        {"succeeded": True, "detail": "x" * 2001},
        {"succeeded": True, "detail": "half a pair \ud800"},
    ],
    ids=ascii,
)
def test_a_report_that_cannot_be_read_changes_nothing(
    ground: Ground, client: TestClient, body: dict[str, Any]
) -> None:
    connection = ground.connected()
    path = f"/v1/connections/{connection.id}/syncs"
    told = {**as_("operator"), "Content-Type": "application/json"}
    answer = client.post(path, content=json.dumps(body), headers=told)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert ground.history(connection, "sync succeeded") == []


def test_a_report_by_a_wrong_clock_is_refused_and_changes_nothing(
    ground: Ground, client: TestClient
) -> None:
    connection = ground.connected()
    path = f"/v1/connections/{connection.id}/syncs"
    for at in ("0001-01-01T00:00:00+14:00", "2001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        told = {"succeeded": True, "at": at}
        answer = client.post(path, json=told, headers=as_("operator"))
        assert answer.status_code in (400, 422), at
        assert answer.headers["content-type"] == "application/problem+json"
    assert ground.history(connection, "sync succeeded") == []
