"""The service: health, the operator's key, and the API behind the command line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from evergrant.api.address import announced, operator_key
from evergrant.api.listening import listen
from evergrant.api.service import serving
from evergrant.cli.service import Service
from evergrant.errors import CouldNotLook, PortInUse
from evergrant.settings import Settings
from evergrant.testing.robot import walk
from keeper_kit import (
    BROWSER_APP,
    org_fixture,  # noqa: F401 (a fixture)
    settings_in,
)
from service_kit import (
    Up,
    profile_fixture,  # noqa: F401 (a fixture)
    up_fixture,  # noqa: F401 (a fixture)
)

# --- headers and keys ----------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(up: Up) -> None:
    paths = ("/health", "/start/x", "/oauth/callback", "/callback/refused", "/flows/x", "/v1/x")
    for path in paths:
        given = httpx2.get(up.url + path, timeout=60).headers
        assert given["x-content-type-options"] == "nosniff", path
        assert given["x-frame-options"] == "DENY", path
        assert given["cache-control"] == "no-store", path
        assert given["referrer-policy"] in ("no-referrer", "same-origin"), path
        assert "default-src 'none'" in given["content-security-policy"], path
        assert "frame-ancestors 'none'" in given["content-security-policy"], path
        assert "unsafe" not in given["content-security-policy"], path
        assert "server" not in given, path


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic b3BlcmF0b3I6eA==", "wrong"])
def test_the_api_answers_nobody_without_the_operators_key(up: Up, key: str) -> None:
    given = {"Authorization": key} if key else {}
    for method, path in (("POST", ""), ("GET", "/x"), ("POST", "/x/seen")):
        target = f"{up.url}/v1/flows{path}"
        answer = httpx2.request(method, target, headers=given, json={"text": "x"}, timeout=60)
        assert answer.status_code == 401
        assert up.key not in answer.text


def test_every_documented_route_but_health_asks_for_the_operators_key(up: Up) -> None:
    document = up.api("GET", "/v1/openapi.json").json()
    asked = [path for path in document["paths"] if path != "/health"]
    assert len(asked) >= 3
    for path in [*asked, "/v1/openapi.json"]:
        for method in document["paths"].get(path, {"get": {}}):
            answer = httpx2.request(method.upper(), up.url + path, timeout=60)
            assert answer.status_code == 401, f"{method} {path}"


def test_the_operators_key_lies_in_a_file_of_its_owner_alone_and_stays(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    key = operator_key(settings)
    assert operator_key(settings) == key
    path = settings.data_dir / "operator.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in settings.data_dir.iterdir()] == ["operator.key"]


def test_an_empty_key_file_is_no_key(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
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
        assert httpx2.get(f"{service.url}/health", timeout=60).json() == {"status": "ok"}
    with pytest.raises(CouldNotLook, match="not running"):
        announced(settings)


def test_the_operators_key_stays_on_this_machine_when_browsers_come_through_a_proxy(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path, public_url="https://connect.example")
    with serving(settings, "127.0.0.1", 0) as service:
        assert announced(settings) == service.url
        assert service.url.startswith("http://127.0.0.1:")
        assert service.keeper.settings.callback_url == "https://connect.example/oauth/callback"


@pytest.mark.slow
def test_a_service_whose_database_is_locked_could_not_look_and_blames_nobodys_input(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path)
    with (
        serving(settings, "127.0.0.1", 0),
        closing(sqlite3.connect(f"{settings.data_dir}/evergrant.db")) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CouldNotLook, match="locked"):
            Service(settings).invite()


def test_a_service_on_every_address_is_found_at_one_that_a_browser_can_open(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path), "0.0.0.0", 0) as service:
        assert service.url.startswith("http://127.0.0.1:")
        assert service.keeper.settings.public_url == service.url
        assert httpx2.get(f"{service.url}/health", timeout=60).status_code == 200


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortInUse, match=str(port)),
            serving(settings_in(tmp_path), "127.0.0.1", port),
        ):
            pass
