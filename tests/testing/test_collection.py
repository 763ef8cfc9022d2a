"""The request collection: run from top to bottom against the served emulator, and complete."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest

import saml_kit
from collection_kit import Item, Person, Runner, load
from evergrant.emulator import Emulator
from evergrant.emulator.app import routes_of
from evergrant.emulator.control import ENDPOINTS
from evergrant.emulator.oauth.token_request import FLOWS
from evergrant.testing import User

pytestmark = pytest.mark.slow
FILE = Path(__file__).resolve().parents[2] / "examples/collection/emulator.postman_collection.json"
ITEMS, VARIABLES = load(FILE.read_text("utf-8"))
USER = "integration@acme.example"
OAUTH = ("/services/oauth2", "/id/", "/.well-known", "/setup/connect")
UNBUILT = re.compile("register|pkce/generator|singleaccess")
"""What the org answers with 501."""


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Runner, dict[str, httpx2.Response]]]:
    """The collection, run once."""
    with Emulator() as emulator, httpx2.Client(timeout=60) as http:
        people = People(emulator)
        own = {"url": emulator.url, "control": emulator.control_url}
        runner = Runner(http, VARIABLES | own, people.table())
        yield runner, {each.name: runner.run(each) for each in ITEMS}


class People:
    """Who fills in what no request gives."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._user = User(emulator, USER)

    def table(self) -> dict[str, Person]:
        return {
            "Authorize (web server flow with PKCE)": self.fetch_code,
            "Authorize (hybrid web server flow)": self.fetch_code,
            "Authorize (user-agent flow)": self.allow,
            "Device: where the code is entered": self.enter,
            "JWT bearer": self.sign,
            "SAML bearer assertion": self.sign_xml,
        }

    def fetch_code(self, runner: Runner, url: str) -> None:
        ended = parse_qs(urlsplit(self._user.allow(url)).query)
        runner.variables["code"] = ended["code"][0]

    def allow(self, _runner: Runner, url: str) -> None:
        assert "#access_token=" in self._user.allow(url)

    def enter(self, runner: Runner, _url: str) -> None:
        self._user.enter_code(runner.variables["user_code"])

    def key(self) -> str:
        answer = httpx2.get(f"{self._emulator.control_url}/key/orbit-jwt", timeout=60)
        return str(answer.json()["private_key"])

    def sign(self, runner: Runner, _url: str) -> None:
        claims = {
            "iss": runner.variables["jwt_client_id"], "sub": USER, "aud": self._emulator.url,
            "exp": int(time.time()) + 120,
        }  # fmt: skip
        runner.variables["assertion"] = jwt.encode(claims, self.key(), "RS256")

    def sign_xml(self, runner: Runner, _url: str) -> None:
        runner.variables["saml_assertion"] = saml_kit.assertion(
            self.key(), issuer=runner.variables["jwt_client_id"], subject=USER,
            audience=self._emulator.url,
            recipient=f"{self._emulator.url}/services/oauth2/token",
        )  # fmt: skip


Ran = tuple[Runner, dict[str, httpx2.Response]]


def test_every_request_answers_as_the_collection_says(ran: Ran) -> None:
    runner, answers = ran
    assert runner.failures == []
    assert len(answers) == len(ITEMS)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Authorization code, used twice", "expired authorization code"),
        ("Refresh that meets another", "token request is already being processed"),
        ("Refresh of a blocked app", "app_blocked"),
        ("Refresh of a revoked token", "expired access/refresh token"),
        ("Query with a session that idled too long", "INVALID_SESSION_ID"),
        ("Login History", "OauthRefreshToken"),
        ("SOAP login()", "sessionId"),
    ],
)
def test_an_answer_says_what_its_request_is_called(ran: Ran, name: str, said: str) -> None:
    assert said in ran[1][name].text


def test_who_is_asked_for_is_who_acts(ran: Ran) -> None:
    acting = set(ran[0].persons)
    assert {each.name for each in ITEMS if each.needs_a_person} == acting


def test_every_grant_has_a_request() -> None:
    asked = {each.form.get("grant_type") for each in ITEMS} - {None}
    assert asked == set(FLOWS)
    assert any(each.form.get("response_type") == "device_code" for each in ITEMS)


def test_every_endpoint_of_the_control_port_has_a_request() -> None:
    held = {(each.request["method"], each.path) for each in ITEMS if each.is_steering}
    missing = [
        f"{each.method} {each.path}"
        for each in ENDPOINTS
        if not any(method == each.method and matches(each.path, path) for method, path in held)
    ]
    assert missing == []


def test_every_path_of_oauth_has_a_request() -> None:
    emulator = Emulator()
    missing = [
        route.path
        for route in routes_of(emulator.org)
        if route.path.startswith(OAUTH)
        and not UNBUILT.search(route.path)
        and not any(matches(route.path, each.path) for each in steered(ITEMS))
    ]
    emulator.stop()
    assert missing == []


def steered(every: list[Item]) -> list[Item]:
    """The requests to the org itself."""
    return [each for each in every if not each.is_steering]


def matches(pattern: str, path: str) -> bool:
    """Whether a path is one of a route's."""
    return re.fullmatch(re.sub(r"\{[^}]+\}", r"[^/]+", pattern), path) is not None


def test_it_names_its_format_and_holds_no_secret() -> None:
    collection = json.loads(FILE.read_text("utf-8"))
    assert collection["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    secret = re.compile(r"3MVG9\w{20}|5Aep\w{20}|00D\w{12}!")
    assert not secret.search(FILE.read_text("utf-8"))
