"""The service: the callback, its pages, its cookies, and the API behind the command line."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from evergrant.api.address import announced, operator_key
from evergrant.api.app import HEADERS, create
from evergrant.api.service import listen, serving
from evergrant.drills.control import Control
from evergrant.drills.robot import browser, walk
from evergrant.drills.stage import Stage
from evergrant.emulator.server import Emulator
from evergrant.errors import CouldNotLook, PortInUse
from evergrant.health import State
from evergrant.model import Secret
from keeper_kit import (
    BROWSER_APP,
    KEY,
    TOKEN,
    Ground,
    QuickClock,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
    settings_in,
)


@dataclass(frozen=True, slots=True)
class Up:
    """A service that is up, and the org that it speaks to."""

    ground: Ground
    url: str
    key: str

    def api(self, method: str, path: str, **how: Any) -> httpx2.Response:
        """One call of the command line's API."""
        given = {"Authorization": f"Bearer {self.key}"}
        return httpx2.request(method, self.url + path, headers=given, timeout=10, **how)

    def begun(self, **what: Any) -> dict[str, str]:
        """A flow, begun as the command line does."""
        body = {"integration": self.ground.integration().id, **({"name": "Acme"} | what)}
        answer = self.api("POST", "/v1/flows", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def away(self, profile: httpx2.Client, link: str) -> str:
        """The callback's address, with which this browser would come back."""
        callback = self.ground.keeper.settings.callback_url
        person = self.ground.stage.person()
        sight = walk(link, person, callback, browser=profile, follow=False)
        assert sight.called_back
        return sight.url

    def ended(self, flow_id: str) -> dict[str, Any]:
        """The flow, once it has ended."""
        until = time.monotonic() + 10
        while (told := self.api("GET", f"/v1/flows/{flow_id}").json())["status"] not in ENDED:
            assert time.monotonic() < until
            time.sleep(0.02)
        return dict(told)


ENDED = ("done", "refused", "on_hold", "expired")


@pytest.fixture
def up(
    shared_org: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nothing_secret_is_left: Any,
) -> Iterator[Up]:
    """The real service on a free port of loopback."""
    shared_org.stage.reset()
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    control = Control(shared_org.control_url)
    clock = QuickClock(lambda: shared_org.clock.offset)
    with serving(settings_in(tmp_path), "127.0.0.1", 0, clock=clock) as service:
        ground = Ground(shared_org, Stage(control, service.keeper, shared_org.url))
        yield Up(ground, service.url, operator_key(service.keeper.settings).reveal())
    control.close()
    nothing_secret_is_left.note(shared_org)


@pytest.fixture
def profile() -> Iterator[httpx2.Client]:
    """A browser."""
    with browser() as opened:
        yield opened


@pytest.fixture
def stranger() -> Iterator[httpx2.Client]:
    """Another browser."""
    with browser() as opened:
        yield opened


def words_of(answer: httpx2.Response) -> str:
    return unescape(answer.text)


def code_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


def changed(url: str, **parameters: str | None) -> str:
    """The address with some of its parameters changed; None leaves one out."""
    parts = urlsplit(url)
    said = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    query = urlencode({name: value for name, value in said.items() if value is not None})
    return parts._replace(query=query).geturl()


# --- the way through -----------------------------------------------------------------------------


def test_a_person_follows_the_link_and_ends_on_a_page_that_shows_the_proofs(
    up: Up, profile: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.ground.keeper.settings.callback_url
    sight = walk(begun["link"], up.ground.stage.person(), callback, browser=profile)
    told = up.ended(begun["id"])
    assert told["status"] == "done"
    assert [each["proven"] for each in told["outcome"]["proofs"]] == [True, True, True]
    page = profile.get(sight.url)
    identity = up.ground.now("Acme").identity
    assert identity is not None
    assert identity.org_id in page.text
    assert "Login History" in page.text


def test_the_final_address_holds_neither_code_nor_state(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    back = profile.get(up.away(profile, begun["link"]))
    assert back.status_code == 303
    assert back.headers["location"] == f"/flow/{begun['id']}"


def test_the_code_stands_in_no_page_and_in_no_log(
    up: Up, profile: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        begun = up.begun()
        callback = up.away(profile, begun["link"])
        pages = [profile.get(callback), profile.get(f"{up.url}/flow/{begun['id']}")]
        up.ended(begun["id"])
        pages.append(profile.get(f"{up.url}/flow/{begun['id']}"))
        pages.append(profile.get(callback, follow_redirects=True))
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
    for secret in (code_in(callback), parse_qs(urlsplit(callback).query)["state"][0]):
        assert all(secret not in page.text for page in pages)
        assert all(secret not in line for line in ours)


def test_one_browser_may_be_in_two_flows_at_once(up: Up, profile: httpx2.Client) -> None:
    first, second = up.begun(name="Acme"), up.begun(name="Globex")
    callbacks = [up.away(profile, each["link"]) for each in (first, second)]
    for callback in callbacks:
        profile.get(callback)
    assert [up.ended(each["id"])["status"] for each in (first, second)] == ["done", "done"]


# --- the start link ------------------------------------------------------------------------------


def test_a_start_link_works_once(up: Up, profile: httpx2.Client) -> None:
    link = up.begun()["link"]
    assert profile.get(link).status_code == 303
    again = profile.get(link)
    assert again.status_code == 400
    assert "used before" in again.text
    assert "set-cookie" not in again.headers


def test_a_start_link_ends_after_ten_minutes(up: Up, profile: httpx2.Client) -> None:
    link = up.begun()["link"]
    up.ground.control.advance(timedelta(minutes=11))
    assert profile.get(link).status_code == 400


def test_a_start_link_leads_to_the_login_host_that_was_chosen_and_nowhere_else(
    up: Up, profile: httpx2.Client
) -> None:
    link = up.begun()["link"]
    for extra in ("?next=https://evil.example", "?redirect_uri=https://evil.example/"):
        up_link = up.begun(name=extra)["link"] + extra
        target = profile.get(up_link).headers["location"]
        assert target.startswith(f"{up.ground.org.url}/services/oauth2/authorize?")
        given = parse_qs(urlsplit(target).query)["redirect_uri"]
        assert given == [up.ground.keeper.settings.callback_url]
    assert profile.get(link).headers["location"].startswith(up.ground.org.url)


def test_the_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(
    up: Up, profile: httpx2.Client
) -> None:
    cookie = profile.get(up.begun()["link"]).headers["set-cookie"].lower()
    flags = {each.strip() for each in cookie.split(";")}
    assert {"httponly", "samesite=lax", "path=/", "max-age=900"} <= flags
    assert "secure" not in flags, "a service on plain loopback could not set it"


def test_the_cookie_of_a_service_behind_https_is_secure(ground: Ground) -> None:
    settings = ground.keeper.settings.but(public_url="https://connect.example")
    keeper = replace(ground.keeper, settings=settings)
    client = TestClient(create(keeper, Secret("k" * 20)), follow_redirects=False)
    body = {"integration": ground.integration().id, "name": "Acme"}
    given = {"Authorization": f"Bearer {'k' * 20}"}
    link = client.post("/v1/flows", json=body, headers=given).json()["link"]
    assert link.startswith("https://connect.example/start/")
    answer = client.get(urlsplit(link).path)
    assert "secure" in answer.headers["set-cookie"].lower()


# --- the callback --------------------------------------------------------------------------------


def refused(up: Up, answer: httpx2.Response) -> bool:
    """Whether a callback was turned away, to an address and a page that tell nothing."""
    if answer.headers.get("location") != "/callback/refused":
        return False
    page = httpx2.get(f"{up.url}/callback/refused", timeout=10)
    return page.status_code == 400 and "not accepted" in page.text


@pytest.mark.parametrize(
    "parameters",
    [{"state": "wrong"}, {"state": None}, {"state": ""}, {"code": None}, {"error": "both"}],
    ids=["wrong state", "no state", "empty state", "no code", "code and error"],
)
def test_a_callback_that_is_not_whole_is_refused_and_spends_nothing(
    up: Up, profile: httpx2.Client, parameters: dict[str, str | None]
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    assert refused(up, profile.get(changed(callback, **parameters)))
    assert up.ground.requests(TOKEN) == []
    assert profile.get(callback).headers["location"] == f"/flow/{begun['id']}"


def test_a_state_of_another_flow_in_the_same_browser_is_refused_after_its_own_use(
    up: Up, profile: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    assert profile.get(callback).headers["location"].startswith("/flow/")
    spent = len(up.ground.requests(TOKEN))
    assert refused(up, profile.get(callback))
    assert len(up.ground.requests(TOKEN)) == spent


def test_a_callback_after_eleven_minutes_is_refused(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    up.ground.control.advance(timedelta(minutes=11))
    assert refused(up, profile.get(callback))
    assert up.ground.requests(TOKEN) == []


def test_another_browser_is_refused_and_does_not_spend_the_state(
    up: Up, profile: httpx2.Client, stranger: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    assert refused(up, stranger.get(callback))
    assert up.ground.requests(TOKEN) == []
    profile.get(callback)
    assert up.ended(begun["id"])["status"] == "done"


def test_a_browser_of_another_flow_is_refused(
    up: Up, profile: httpx2.Client, stranger: httpx2.Client
) -> None:
    mine, theirs = up.begun(name="Acme"), up.begun(name="Globex")
    callback = up.away(profile, mine["link"])
    up.away(stranger, theirs["link"])
    assert refused(up, stranger.get(callback))


def test_a_person_who_denies_is_told_salesforces_words_and_nothing_is_kept(
    up: Up, profile: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    said = {"error": "access_denied", "error_description": "end-user denied authorization"}
    page = profile.get(changed(callback, code=None, **said), follow_redirects=True)
    assert "access_denied: end-user denied authorization" in words_of(page)
    told = up.ended(begun["id"])
    assert (told["status"], told["connection"]) == ("refused", "")


def test_markup_in_an_error_is_text_on_the_page(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    evil = changed(callback, code=None, error="<script>alert(1)</script>")
    page = profile.get(evil, follow_redirects=True)
    assert "<script>" not in page.text
    assert "alert(1)" in page.text


def test_an_org_that_refuses_the_code_is_the_flows_outcome(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    callback = changed(up.away(profile, begun["link"]), code="aPrx" + "x" * 60)
    page = profile.get(callback, follow_redirects=True)
    assert "invalid authorization code" in page.text
    assert up.ended(begun["id"])["outcome"]["error"].startswith("Salesforce refused")


# --- the flow's page -----------------------------------------------------------------------------


def test_the_page_of_a_flow_tells_another_browser_nothing_not_even_that_it_exists(
    up: Up, profile: httpx2.Client, stranger: httpx2.Client
) -> None:
    begun = up.begun()
    profile.get(up.away(profile, begun["link"]))
    up.ended(begun["id"])
    theirs = stranger.get(f"{up.url}/flow/{begun['id']}")
    nobodys = stranger.get(f"{up.url}/flow/flow_0000000000000000")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.text == nobodys.text
    assert profile.get(f"{up.url}/flow/{begun['id']}").status_code == 200


def test_the_page_of_a_flow_whose_time_is_over_says_so(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    up.away(profile, begun["link"])
    up.ground.control.advance(timedelta(minutes=11))
    assert up.ended(begun["id"])["status"] == "expired"
    assert "time for this sign-in is over" in profile.get(f"{up.url}/flow/{begun['id']}").text


def test_the_page_of_a_hold_says_that_nothing_was_replaced(up: Up, profile: httpx2.Client) -> None:
    connection = up.ground.connected()
    begun = up.begun(name="", connection=connection.id)
    sam, callback = up.ground.stage.person("sam"), up.ground.keeper.settings.callback_url
    sight = walk(begun["link"], sam, callback, browser=profile)
    assert up.ended(begun["id"])["status"] == "on_hold"
    assert "Nothing was replaced" in profile.get(sight.url).text
    assert up.ground.now(connection.id).state is State.ON_HOLD


# --- headers and keys ----------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(up: Up) -> None:
    for path in ("/health", "/start/x", "/oauth/callback", "/callback/refused", "/flow/x", "/v1/x"):
        answer = httpx2.get(up.url + path, timeout=10)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "server" not in answer.headers
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic b3BlcmF0b3I6eA==", "wrong"])
def test_the_api_answers_nobody_without_the_operators_key(up: Up, key: str) -> None:
    given = {"Authorization": key} if key else {}
    for method, path in (("POST", ""), ("GET", "/x"), ("POST", "/x/seen")):
        target = f"{up.url}/v1/flows{path}"
        answer = httpx2.request(method, target, headers=given, json={"text": "x"}, timeout=10)
        assert answer.status_code == 401
        assert up.key not in answer.text


def test_every_route_under_v1_asks_for_the_operators_key(up: Up) -> None:
    document = httpx2.get(f"{up.url}/openapi.json", timeout=10).json()
    asked = [path for path in document["paths"] if path != "/health"]
    assert asked
    for path in asked:
        for method in document["paths"][path]:
            answer = httpx2.request(method.upper(), up.url + path, timeout=10)
            assert answer.status_code == 401, f"{method} {path}"


def test_the_operators_key_lies_in_a_file_of_its_owner_alone_and_stays(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    key = operator_key(settings)
    assert operator_key(settings) == key
    path = settings.data_dir / "operator.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in settings.data_dir.iterdir()] == ["operator.key"]


def test_an_empty_key_file_is_no_key(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.data_dir.mkdir()
    (settings.data_dir / "operator.key").touch()
    with pytest.raises(CouldNotLook, match="empty"):
        operator_key(settings)


# --- the API -------------------------------------------------------------------------------------


def test_what_is_not_there_is_404_and_what_cannot_be_is_400(up: Up) -> None:
    integration = up.ground.integration().id
    assert up.api("GET", "/v1/flows/nobody").status_code == 404
    unknown = up.api("POST", "/v1/flows", json={"integration": "nobody", "name": "Acme"})
    assert unknown.status_code == 404
    evil = {"integration": integration, "name": "Acme", "login_host": "https://evil.example"}
    answer = up.api("POST", "/v1/flows", json=evil)
    assert answer.status_code == 400
    assert "evil.example is no login host" in answer.json()["error"]
    assert answer.json()["diagnostics"].startswith(answer.json()["error"])


def test_what_a_person_sees_without_a_callback_is_diagnosed(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    up.ground.control.act("block_app", app=BROWSER_APP)
    callback = up.ground.keeper.settings.callback_url
    sight = walk(begun["link"], up.ground.stage.person(), callback, browser=profile)
    assert not sight.called_back
    told = up.api("POST", f"/v1/flows/{begun['id']}/seen", json={"text": sight.pasted()}).json()
    assert told["outcome"]["cause"] == "app-blocked-by-admin"
    assert told["status"] == "started"


def test_the_service_is_announced_while_it_is_up_and_withdrawn_afterwards(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, "127.0.0.1", 0) as service:
        assert announced(settings) == service.url
        assert httpx2.get(f"{service.url}/health", timeout=10).json() == {"status": "ok"}
    with pytest.raises(CouldNotLook, match="not running"):
        announced(settings)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortInUse, match=str(port)),
            serving(settings_in(tmp_path), "127.0.0.1", port),
        ):
            pass
