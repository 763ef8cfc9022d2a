"""The Node helper by itself, without jsforce: what it asks, and what it makes of answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from client_kit import given
from evergrant import client
from evergrant.model import Secret
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from parts_kit import WRITER, connected
from real_clients import node as delivered
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)


def node() -> str:
    """A Node that has `fetch`; empty where there is none."""
    found = shutil.which("node") or delivered()
    if not found:
        return ""
    told = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60).stdout
    return found if int(told.strip().removeprefix("v").partition(".")[0] or 0) >= 18 else ""


NODE = node()
SCRIPT = Path(client.__file__).parent / "jsforce.cjs"
PROGRAM = """
const { readToken, refreshFn } = require(process.argv[1]);
const { conn, ...options } = JSON.parse(process.argv[2]);
const renewed = () => new Promise((done, failed) =>
  refreshFn(options)(conn, (error, _token, told) => (error ? failed(error) : done(told))));
(conn ? renewed() : readToken(options)).then(
  (told) => console.log(JSON.stringify(told)),
  ({ message, status, problem, retryAfter, cause }) =>
    console.log(JSON.stringify({ message, status, problem, retryAfter, cause: cause?.name })),
);
"""
pytestmark = pytest.mark.skipif(not NODE, reason="needs Node 18")
Served = Callable[[int, str], str]


def ran(**options: Any) -> dict[str, Any]:
    words = [NODE, "-e", PROGRAM, str(SCRIPT), json.dumps(options)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def of(up: Up) -> dict[str, Any]:
    own = given(up)
    key = own["api_key"]
    assert isinstance(key, Secret)
    return {"url": own["url"], "apiKey": key.reveal()}


@pytest.fixture
def served() -> Iterator[Served]:
    """Makes servers that answer everything with one status and text; their addresses."""
    with ExitStack() as held:

        def one(status: int, text: str) -> str:
            class Page(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(status)
                    self.send_header("Retry-After", "7")
                    self.end_headers()
                    self.wfile.write(text.encode())

                def log_message(self, *_: Any) -> None:
                    """Say nothing."""

            server = held.enter_context(HTTPServer(("127.0.0.1", 0), Page))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            held.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield one


@pytest.mark.slow
def test_a_part_is_read_and_renewed_by_its_name_and_the_other_stays(up: Up) -> None:
    connection = connected(up.ground)
    main, old = up.ground.live(connection), up.ground.live(connection, WRITER)
    about = of(up) | {"connection": connection.id, "part": WRITER}
    word = old.credential.access_token.reveal()
    assert ran(**about)["access_token"] == word
    renewed = ran(**about, conn={"accessToken": word})
    live = up.ground.live(connection, WRITER).credential.access_token.reveal()
    assert (renewed["access_token"], renewed["part"]) == (live, WRITER)
    assert live != word
    assert up.ground.live(connection) == main


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        (502, "<html>bad gateway", "the token broker answered 502 and no JSON"),
        (200, "<html>sign in", "the token broker answered 200 and no JSON"),
        (200, "[]", "the token broker answered 200 and no JSON"),
        (200, "{}", "the token broker answered 200 and no token"),
        (503, '{"title": "Not now"}', "Not now"),
    ],
)
def test_what_is_no_token_is_an_error_that_tells_its_status(
    served: Served, status: int, text: str, message: str
) -> None:
    told = ran(url=served(status, text), apiKey="k", connection="con_x")
    assert (told["message"], told["status"], told["retryAfter"]) == (message, status, 7)
    assert told.get("problem") == (json.loads(text) if text.startswith("{") else None)


def test_a_broker_that_is_away_is_told_as_that() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as gone:
        url = f"http://127.0.0.1:{gone.server_port}"
    told = ran(url=url, apiKey="k", connection="con_x")
    assert (told["message"], told["cause"]) == ("the token broker does not answer", "TypeError")


def test_a_broker_that_is_silent_is_waited_for_as_long_as_it_was_said() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:  # it accepts nobody
        url = f"http://127.0.0.1:{silent.server_port}"
        told = ran(url=url, apiKey="k", connection="con_x", patienceMs=200)
    assert (told["message"], told["cause"]) == ("the token broker does not answer", "TimeoutError")
