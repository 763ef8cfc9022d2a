"""Whatever is wrong with a call under /v1, a program is told so as problem+json, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from broker_kit import key_for, problem, read
from evergrant import keeper as verbs
from evergrant.api.app import create
from evergrant.api.tokens import Troubles
from evergrant.errors import StoreTrouble
from evergrant.keeper import Keeper
from evergrant.model import Secret
from keeper_kit import (
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

API = "evergrant.api"
MARK = "s3cret-that-was-sent"
OWN = {"Authorization": "Bearer operator"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(ground: Ground) -> Iterator[TestClient]:
    def broken(app: FastAPI, _keeper: Keeper) -> None:
        @app.get("/broken")
        def fail() -> None:
            raise RuntimeError(MARK)

    app = create(ground.house, Secret("operator"), [broken])
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/nothing", ""),
        ("GET", "/v1/connections//token", ""),
        ("GET", "/v1/connections/%2e%2e%2f/token", ""),
        ("GET", "/v1/connections/x/token/", ""),
        ("OPTIONS", "/v1/nothing", ""),
        ("POST", "/v1/connections/x/token", "GET, HEAD"),
        ("OPTIONS", "/v1/connections/x/token", "GET, HEAD"),
        ("PUT", "/v1/connections/x/syncs", "GET, POST"),
        ("DELETE", "/v1/flows", "POST"),
        ("PATCH", "/v1/links/x", "DELETE"),
    ],
)
def test_a_path_or_method_that_is_not_there_is_a_problem_even_before_the_console(
    up: Up, method: str, path: str, allowed: str
) -> None:
    with httpx2.Client() as http:
        # NOTE: a client would tidy the path up before it is sent.
        given = http.build_request(method, up.url, headers={"Accept": "text/html"})
        given.url = given.url.copy_with(raw_path=path.encode())
        answer = http.send(given)
    expected = (405, "method-not-allowed") if allowed else (404, "not-found")
    assert (answer.status_code, problem(answer)) == expected
    assert answer.headers.get("allow", "") == allowed
    assert up.api("GET", "/nothing-of-the-api").headers["content-type"].startswith("text/html")


BODIES = {
    "a wrong type": {"succeeded": MARK},
    "too long": {"succeeded": True, "detail": MARK * 200},
    "half a character": {"succeeded": True, "detail": f"{MARK}\ud800"},
    "no time": {"succeeded": True, "at": MARK},
    "before all time": {"succeeded": True, "at": "0001-01-01T00:00:00+14:00"},
    "after all time": {"succeeded": True, "at": "9999-12-31T23:59:59-14:00"},
    "before Salesforce": {"succeeded": True, "at": 0},
    "a list": [MARK],
    "a text": MARK,
    "a character that no database keeps": {"succeeded": True, "detail": f"{MARK}\0"},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_cannot_be_taken_in_is_a_problem_without_an_echo(
    ground: Ground, client: TestClient, body: Any
) -> None:
    connection = ground.connected()
    path = f"/v1/connections/{connection.id}/syncs"
    answer = client.post(path, content=json.dumps(body), headers=OWN | JSON)
    assert (answer.status_code, problem(answer)) == (422, "invalid")
    assert all(
        each["where"].startswith("body") and each["what"] for each in answer.json()["errors"]
    )
    assert MARK not in answer.text
    assert verbs.sync_errors(ground.keeper, connection.id) == []


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b'{"succeeded": ' + b"9" * 5000, b"[" * 100_000], ids=len
)
def test_a_body_that_is_no_json_is_a_problem(
    ground: Ground, client: TestClient, content: bytes
) -> None:
    path = f"/v1/connections/{ground.connected().id}/syncs"
    answer = client.post(path, content=content, headers=OWN | JSON)
    assert problem(answer) in ("invalid", "bad-request")


@pytest.mark.usefixtures("each_database")
def test_a_character_that_no_database_keeps_names_nothing(
    ground: Ground, client: TestClient
) -> None:
    ground.connected()
    word, _ = verbs.create_key(ground.keeper, "all", everything=True)
    key = {"Authorization": f"Bearer {word.reveal()}"}
    answers = [
        client.get("/v1/connections/a%00b/token", headers=key),
        client.get("/v1/connections/a%00b/syncs", headers=key),
        client.get("/v1/connections/a%00b/syncs", headers=OWN),
        client.get("/v1/flows/a%00b", headers=OWN),
        client.get("/v1/links?connection=a%00b", headers=OWN),
        client.delete("/v1/links/a%00b", headers=OWN),
        client.post("/v1/links", json={"connection": "a\0b"}, headers=OWN),
        client.post("/v1/flows", json={"integration": "a\0b"}, headers=OWN),
    ]
    assert {problem(each) for each in answers} <= {"not-found", "invalid", "bad-request"}


def test_a_defect_of_ours_is_a_problem_that_tells_nothing(client: TestClient) -> None:
    answer = client.get("/broken")
    assert (answer.status_code, problem(answer)) == (500, "defect")
    assert MARK not in answer.text


# --- what is written into the log ----------------------------------------------------------------


def test_a_token_that_cannot_be_had_just_now_is_no_line_in_the_log(
    up: Up, caplog: pytest.LogCaptureFixture
) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    about = {"not_token": read(up, connection.id, word).json()["fingerprint"]}
    up.ground.fault(TOKEN, status=503, body="<html>down for maintenance</html>", times=9)
    answers = [read(up, connection.id, word, params=about) for _ in range(3)]
    assert {(each.status_code, problem(each)) for each in answers} == {(503, "not-now")}
    assert [each for each in caplog.records if each.name == API] == []


def test_a_trouble_of_ours_is_one_line_in_the_log_however_many_read(
    up: Up, caplog: pytest.LogCaptureFixture
) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    with up.ground.keeper.writing() as tx:
        tx.exec_driver_sql("UPDATE credential SET sealed = x'00'")
    answers = [read(up, connection.id, word) for _ in range(4)]
    assert {(each.status_code, problem(each)) for each in answers} == {(503, "trouble")}
    [line] = [each for each in caplog.records if each.name == API]
    assert "a token read failed" in line.getMessage()


def test_a_trouble_that_goes_on_is_written_down_again_after_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    troubles = Troubles(lambda: now[0])
    for now[0] in (0, 30, 59, 61):
        troubles.note(StoreTrouble("the disk is full"))
        troubles.note(StoreTrouble("the database is locked"))
    lines = [each.getMessage() for each in caplog.records if each.name == API]
    assert [sum(word in line for line in lines) for word in ("full", "locked")] == [2, 2]
