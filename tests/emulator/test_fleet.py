"""Several orgs in one process: told apart by port and host, one clock, doors that find the org."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from emulated_client import Client, page_of, returned
from evergrant.emulator import Emulator, Fleet, PortInUse
from evergrant.emulator.homes import BadHome
from evergrant.emulator.inventory import inventory
from fleet_kit import NO_TLS, at, client_in, key_for

KINDS = ("production", "sandbox", "production", "scratch")
NAMES = ("production", "sandbox", "production-2", "scratch")
LOGIN, TEST = "https://login.salesforce.com", "https://test.salesforce.com"


@pytest.fixture(scope="module")
def served() -> Iterator[Fleet]:
    """One fleet for the whole module."""
    with Fleet(KINDS) as fleet:
        yield fleet


@pytest.fixture
def fleet(served: Fleet) -> Fleet:
    """The fleet, back at the beginning."""
    served.reset()
    return served


@pytest.fixture
def sandbox(fleet: Fleet) -> Iterator[Client]:
    """Orbit Sync's client in the sandbox, connected."""
    with client_in(fleet["sandbox"]) as client:
        client.connect()
        yield client


def test_each_org_has_its_own_id_users_and_passwords_and_the_vendors_same_app(
    fleet: Fleet,
) -> None:
    worlds = [inventory(fleet[name].org) for name in NAMES]
    assert len({each["org"]["id"] for each in worlds}) == 4
    assert len({user["username"] for each in worlds for user in each["users"]}) == 16
    assert len({user["password"] for each in worlds for user in each["users"]}) == 16
    assert len({each["apps"][0]["consumer_key"] for each in worlds}) == 1
    assert len({each["apps"][0]["consumer_secret"] for each in worlds}) == 1


@pytest.mark.parametrize(
    ("name", "is_sandbox"),
    [("production", False), ("sandbox", True), ("production-2", False), ("scratch", True)],
)
def test_each_org_says_of_itself_what_it_is(fleet: Fleet, name: str, is_sandbox: bool) -> None:
    with client_in(fleet[name]) as client:
        credential = client.connect()
        query = {"q": "SELECT Id, Name, IsSandbox FROM Organization"}
        answer = client.http.get(
            f"{credential['instance_url']}/services/data/v66.0/query", params=query,
            headers={"Authorization": f"Bearer {credential['access_token']}"},
        ).json()["records"][0]  # fmt: skip
    assert answer["IsSandbox"] == is_sandbox
    assert answer["Id"] in credential["id"]
    assert credential["instance_url"] == fleet[name].url


def test_what_one_org_gave_is_nothing_in_another(fleet: Fleet, sandbox: Client) -> None:
    production = replace(sandbox, emulator=fleet["production"])
    assert production.refresh().json() == {
        "error": "invalid_grant", "error_description": "expired access/refresh token",
    }  # fmt: skip
    assert production.call().json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert sandbox.refresh().status_code == 200


def test_each_org_obeys_its_own_policies(fleet: Fleet) -> None:
    fleet["production"].act("block_app", app="orbit-sync")
    with client_in(fleet["production-2"]) as client:
        assert client.connect()["access_token"]
    assert inventory(fleet["sandbox"].org)["apps"][0]["blocked"] is False
    assert inventory(fleet["production"].org)["apps"][0]["blocked"] is True


# --- the generic login hosts


def test_test_finds_the_sandbox_and_answers_with_its_own_address(fleet: Fleet) -> None:
    with client_in(at(fleet["sandbox"], fleet.login_urls["test"])) as client:
        credential = client.connect()
        refreshed = client.refresh()
    assert credential["instance_url"] == fleet["sandbox"].url
    assert refreshed.json()["instance_url"] == fleet["sandbox"].url
    assert _logins(fleet, "sandbox", "OauthWebServer") == [
        {"Status": "Success", "LoginUrl": "test.salesforce.com"}
    ]


@pytest.mark.parametrize("name", ["production", "production-2"])
def test_login_tells_the_productions_apart_by_what_the_client_brings(
    fleet: Fleet, name: str
) -> None:
    with client_in(at(fleet[name], fleet.login_urls["login"])) as client:
        assert client.connect()["instance_url"] == fleet[name].url
        assert client.refresh().json()["instance_url"] == fleet[name].url


def test_a_sandbox_user_cannot_sign_in_at_login(fleet: Fleet) -> None:
    with client_in(at(fleet["sandbox"], fleet.login_urls["login"])) as client:
        answer = client.authorize()
    assert "Your login attempt has failed" in answer.text
    assert "location" not in answer.headers
    assert _logins(fleet, "sandbox", "UsernamePasswordUiLogin") == []


def test_a_sandbox_refresh_token_is_dead_at_login(fleet: Fleet, sandbox: Client) -> None:
    wrong = replace(sandbox, emulator=at(fleet["sandbox"], fleet.login_urls["login"]))
    assert wrong.refresh().json()["error_description"] == "expired access/refresh token"
    right = replace(sandbox, emulator=at(fleet["sandbox"], fleet.login_urls["test"]))
    assert right.refresh().status_code == 200


@pytest.mark.parametrize(
    ("door", "audience", "error"),
    [
        ("test", TEST, None),
        ("test", "door", None),
        ("test", LOGIN, "audience is invalid"),
        ("login", LOGIN, "user hasn't approved this consumer"),
    ],
)
def test_a_jwt_for_a_sandbox_user_needs_the_sandboxes_host_and_audience(
    fleet: Fleet, door: str, audience: str, error: str | None
) -> None:
    url = fleet.login_urls["test" if door == "test" else "login"]
    key = key_for(fleet, "sandbox")
    key_for(fleet, "production")
    with client_in(at(fleet["sandbox"], url), "orbit-jwt") as client:
        claimed = url if audience == "door" else audience
        answer = client.jwt_bearer(client.assertion(key, aud=claimed)).json()
    assert answer.get("error_description") == error
    if error is None:
        assert answer["instance_url"] == fleet["sandbox"].url


def test_client_credentials_are_refused_at_both_doors(fleet: Fleet) -> None:
    for url in fleet.login_urls.values():
        with client_in(at(fleet["production"], url), "orbit-server") as client:
            answer = client.token(grant_type="client_credentials").json()
        assert answer["error_description"] == "request not supported on this domain"


# --- a single org, by the Host header


@pytest.mark.parametrize("kind", ["production", "sandbox", "scratch"])
def test_an_org_alone_refuses_the_other_kinds_generic_host(kind: str) -> None:
    with Emulator(kind=kind) as org, client_in(org) as client:  # type: ignore[arg-type]  # a case
        client.connect()
        own, other = org.org.home.role, {"login": "test", "test": "login"}[org.org.home.role]
        client.host = f"{other}.salesforce.com"
        assert client.refresh().json()["error_description"] == "expired access/refresh token"
        assert org.trace()[-1]["gate"] == "login_host"
        client.host = f"{own}.salesforce.com"
        assert client.refresh().status_code == 200


def test_a_code_taken_to_the_wrong_host_is_an_authentication_failure() -> None:
    with Emulator() as org, client_in(org) as client:
        code = client.code()
        client.host = "test.salesforce.com"
        assert client.redeem(code).json() == {
            "error": "invalid_grant", "error_description": "authentication failure",
        }  # fmt: skip


def test_a_browser_session_is_not_carried_to_the_wrong_host() -> None:
    with Emulator() as org, client_in(org) as client:
        client.connect()
        sent = {"response_type": "code", "client_id": client.app["consumer_key"],
                "redirect_uri": client.callback}  # fmt: skip
        url = f"{org.url}/services/oauth2/authorize"
        assert returned(client.http.get(url, params=sent))["code"]
        page = client.http.get(url, params=sent, headers={"Host": "test.salesforce.com"})
        assert 'id="login_form"' in page.text


# --- in process, by host name


def test_in_process_the_host_header_names_the_org(fleet: Fleet) -> None:
    client = TestClient(fleet.app)
    for name in NAMES:
        host = fleet[name].org.home.host
        found = client.get("/.well-known/openid-configuration", headers={"Host": host}).json()
        assert found["issuer"] == f"http://{host}"
    known = [{user["username"] for user in inventory(fleet[n].org)["users"]} for n in NAMES]
    assert not known[0] & known[1]


def test_in_process_a_generic_host_finds_the_org_of_the_refresh_token(
    fleet: Fleet, sandbox: Client
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.credential["refresh_token"],
            "client_id": sandbox.app["consumer_key"],
            "client_secret": sandbox.app["consumer_secret"]}  # fmt: skip
    asked = TestClient(fleet.app).post
    path = "/services/oauth2/token"
    right = asked(path, data=form, headers={"Host": "test.salesforce.com"})
    wrong = asked(path, data=form, headers={"Host": "login.salesforce.com"})
    assert right.json()["instance_url"] == fleet["sandbox"].url
    assert wrong.json()["error"] == "invalid_grant"


# --- clock, control, ports


def test_they_share_one_clock_that_a_reset_of_one_leaves_alone(fleet: Fleet) -> None:
    with httpx2.Client(verify=NO_TLS) as http:
        http.post(f"{fleet['sandbox'].control_url}/clock", json={"advance": "2h"})
        told = http.get(f"{fleet['production'].control_url}/clock").json()
        assert told["offset_s"] == 7200
        http.post(f"{fleet['sandbox'].control_url}/reset")
        assert fleet.clock.offset.total_seconds() == 7200
        http.post(f"{fleet.control_url}/orgs/reset")
    assert fleet.clock.offset.total_seconds() == 0


def test_the_control_port_addresses_each_org_and_the_first_at_its_root(fleet: Fleet) -> None:
    with httpx2.Client(verify=NO_TLS) as http:
        listed = http.get(f"{fleet.control_url}/orgs").json()
        assert [each["name"] for each in listed["orgs"]] == list(NAMES)
        for each in listed["orgs"]:
            assert http.get(f"{each['control_url']}/health").json()["org"] == each["url"]
        root = http.get(f"{fleet.control_url}/health").json()
    assert root["org"] == fleet["production"].url
    assert listed["login_hosts"] == dict(fleet.login_urls)


def test_a_fault_in_one_org_is_none_in_another(fleet: Fleet, sandbox: Client) -> None:
    fleet["sandbox"].act("lay_fault", preset="maintenance", times=5)
    with client_in(fleet["production"]) as production:
        assert production.connect()["access_token"]
    assert sandbox.refresh().status_code == 503


def test_named_ports_are_taken_in_order_and_given_back() -> None:
    first = _free_row(6)
    with Fleet(("production", "sandbox"), port=first, control_port=first + 1) as fleet:
        ports = [int(url.rpartition(":")[2]) for url in _addresses(fleet)]
    assert ports == [first, first + 2, first + 3, first + 4, first + 1]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", first))
        with pytest.raises(PortInUse, match=str(first)), Fleet(("production",), port=first):
            pass


def _addresses(fleet: Fleet) -> list[str]:
    return [*(each.url for each in fleet.orgs.values()), *fleet.login_urls.values(),
            fleet.control_url]  # fmt: skip


def _free_row(count: int) -> int:
    """A port after which some more are free, as far as one can tell."""
    for start in range(21000, 30000, 50):
        if all(_is_free(port) for port in range(start, start + count)):
            return start
    raise AssertionError("no row of ports is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("kinds", [(), ("production", "moon"), ("",)])
def test_a_fleet_of_no_known_kind_is_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(BadHome):
        Fleet(kinds)


def test_a_state_file_keeps_every_org(tmp_path: Path) -> None:
    path = str(tmp_path / "orgs.db")
    with Fleet(("production", "sandbox"), state=path) as fleet:
        fleet["sandbox"].act("block_app", app="orbit-sync")
    with Fleet(("production", "sandbox"), state=path) as again:
        blocked = [inventory(each.org)["apps"][0]["blocked"] for each in again.orgs.values()]
    assert blocked == [False, True]


def test_the_page_of_a_refusal_bears_its_reason_at_a_door_too(fleet: Fleet) -> None:
    with client_in(at(fleet["sandbox"], fleet.login_urls["test"])) as client:
        answer = client.authorize(redirect_uri="https://elsewhere.example/")
        page = client.http.get(answer.headers["location"])
    assert page_of(page)["error"] == ["redirect_uri_mismatch"]


def _logins(fleet: Fleet, name: str, subtype: str) -> list[dict[str, str]]:
    """Login History rows of callers of this test, not of the world's other traffic."""
    with fleet[name].org.lock:
        rows = (
            fleet[name]
            .org.db.execute(
                'SELECT "Status", "LoginUrl" FROM "LoginHistory"'
                ' WHERE "LoginSubType" = ? AND "SourceIp" = ?',
                (subtype, fleet[name].org.ip),
            )
            .fetchall()
        )
    return [dict(row) for row in rows]
