"""The control port: everything a test or a drill does to the org, and asks of it."""

import threading
from collections.abc import Iterator

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.control import ENDPOINTS


@pytest.fixture
def control(emulator: Emulator) -> Iterator[httpx2.Client]:
    """Speaks to the control port."""
    with httpx2.Client(base_url=emulator.control_url) as client:
        yield client


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A connected client of Orbit Sync."""
    made = client_for()
    made.connect()
    return made


def test_a_scenario_without_a_phase_begins_with_the_integration_connected(
    control: httpx2.Client, client_for: ClientFor
) -> None:
    played = control.post("/scenario/demo").json()
    client = client_for()
    client.credential = played["credential"]
    assert client.refresh().json()["error"] == "app_blocked"
    control.post("/scenario/demo", json={"phase": "heal"})
    assert client.refresh().status_code == 200


def test_phases_can_be_played_one_by_one(control: httpx2.Client, client: Client) -> None:
    control.post("/scenario/demo", json={"phase": "break"})
    assert client.refresh().status_code == 400
    control.post("/scenario/demo", json={"phase": "setup"})
    assert client.refresh().json()["error_description"] == "expired access/refresh token"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/scenario/none", None, 404),
        ("/scenario/demo", {"phase": "later"}, 400),
        ("/act", {"do": "dance"}, 400),
        ("/act", {}, 400),
        ("/act", {"do": "block_app"}, 400),
        ("/act", {"do": "block_app", "app": "none"}, 400),
        ("/act", {"do": "set_app", "app": "orbit-sync", "no_knob": 1}, 400),
        ("/act", {"do": "set_app", "app": "orbit-sync", "rotation": "yes"}, 400),
        ("/act", {"do": "set_app", "app": "orbit-sync", "refresh_policy": "weekly"}, 400),
        ("/act", {"do": "set_app", "app": "orbit-sync", "trusted_ranges": [["a", "b"]]}, 400),
        ("/act", {"do": "set_ip", "ip": "here"}, 400),
        ("/act", {"do": "set_user", "user": "sam", "NoField": 1}, 400),
        ("/act", {"do": "advance_clock", "by": "soon"}, 400),
        ("/clock", {"advance": "soon"}, 400),
        ("/clock", {}, 400),
        ("/ip", {"ip": "here"}, 400),
        ("/faults", [{"status": 500}], 400),
        ("/faults", {"path": "/"}, 400),
        ("/snapshot", {"restore": "none"}, 404),
    ],
)
def test_bad_input_is_refused_with_error_and_detail(
    control: httpx2.Client, path: str, body: object, status: int
) -> None:
    answer = control.post(path, json=body) if body is not None else control.post(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "detail"}


def test_an_act_that_fails_leaves_nothing_half_done(
    control: httpx2.Client, emulator: Emulator
) -> None:
    control.post("/act", json={"do": "approve", "app": "orbit-sync", "times": 2, "user": "none"})
    with emulator.org.lock:
        [(count,)] = emulator.org.db.execute('SELECT COUNT(*) FROM "OauthToken"').fetchall()
    assert count == 0


def test_the_clock_moves_only_when_told(control: httpx2.Client, emulator: Emulator) -> None:
    control.post("/clock", json={"advance": "1d12h"})
    assert control.get("/clock").json()["offset_s"] == 129600
    control.post("/clock", json={"advance_s": -129600})
    assert control.get("/clock").json()["offset_s"] == 0
    now = control.post("/clock", json={"set": "2030-01-01T00:00:00Z"}).json()["now"]
    assert now.startswith("2030-01-01T00:00:0")
    assert emulator.clock.now().year == 2030


def test_callers_appear_to_come_from_where_they_are_told(
    control: httpx2.Client, client: Client
) -> None:
    control.post("/ip", json={"ip": "203.0.113.7"})
    assert control.get("/ip").json() == {"ip": "203.0.113.7"}
    inside = [["198.51.100.0", "198.51.100.255"]]
    act = {"do": "set_profile", "profile": "Integration User", "login_ranges": inside}
    assert control.post("/act", json=act).status_code == 200
    assert client.refresh().json()["error_description"] == "ip restricted or invalid login hours"


def test_a_fault_answers_so_many_times_and_then_no_more(
    control: httpx2.Client, client: Client
) -> None:
    fault = {"path": "/services/oauth2/*", "status": 503, "body": "down", "times": 2,
             "content_type": "text/html"}  # fmt: skip
    control.post("/faults", json=[fault])
    assert [client.refresh().status_code for _ in range(3)] == [503, 503, 200]
    assert control.get("/faults").json()[0]["times"] == 0


def test_a_request_dropped_before_is_not_done_and_one_dropped_after_is(
    control: httpx2.Client, client: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    control.post("/faults", json=[{"path": "/services/oauth2/token", "drop": "before"}])
    with pytest.raises(httpx2.TransportError):
        client.refresh()
    assert len(emulator.trace()) == 2
    control.post("/faults", json=[{"path": "/services/oauth2/token", "drop": "after"}])
    with pytest.raises(httpx2.TransportError):
        client.refresh()
    assert emulator.trace()[-1]["outcome"] == "issued"
    assert client.refresh().json()["error_description"] == "expired access/refresh token"


def test_a_delay_holds_up_only_its_own_request(control: httpx2.Client, client: Client) -> None:
    control.post("/faults", json=[{"path": "/services/oauth2/token", "delay_s": 0.8}])
    slow = threading.Thread(target=client.refresh)
    slow.start()
    userinfo = client.emulator.url + "/services/oauth2/userinfo"
    with httpx2.Client() as other:
        assert other.get(userinfo).elapsed.total_seconds() < 0.7
    slow.join()


def test_a_snapshot_brings_back_rows_clock_and_address(
    control: httpx2.Client, client: Client, emulator: Emulator
) -> None:
    control.post("/snapshot", json={"save": "before"})
    emulator.act("revoke_app", app="orbit-sync")
    emulator.act("advance_clock", by="3d")
    emulator.act("set_ip", ip="203.0.113.1")
    assert client.refresh().status_code == 400
    assert "before" in control.post("/snapshot", json={"restore": "before"}).json()["saved"]
    assert client.refresh().status_code == 200
    assert emulator.clock.offset.total_seconds() == 0


def test_the_history_shows_requests_with_secrets_masked(
    control: httpx2.Client, client: Client
) -> None:
    client.refresh()
    seen = control.get("/history").json()
    last = seen[-1]
    assert (last["method"], last["path"], last["status"]) == ("POST", "/services/oauth2/token", 200)
    assert last["parameters"]["grant_type"] == "refresh_token"
    assert last["parameters"]["refresh_token"] == last["parameters"]["client_secret"] == "***"
    text = control.get("/history").text + control.get("/trace").text
    for secrets in control.get("/secrets").json().values():
        assert not [secret for secret in secrets if secret in text]


def test_secrets_stay_known_across_a_reset(control: httpx2.Client, client: Client) -> None:
    control.post("/reset")
    known = control.get("/secrets").json()
    assert client.credential["refresh_token"] in known["refresh_token"]
    assert client.app["consumer_secret"] in known["consumer_secret"]
    assert client.user["password"] in known["password"]


def test_no_secret_is_given_out_twice(control: httpx2.Client, client: Client) -> None:
    first = client.credential["access_token"]
    control.post("/reset")
    assert client.connect()["access_token"] != first


def test_the_minted_session_sees_all_of_login_history(
    control: httpx2.Client, emulator: Emulator
) -> None:
    session = control.get("/session").json()
    query = {"q": "SELECT COUNT() FROM LoginHistory"}
    with httpx2.Client(headers={"Authorization": f"Bearer {session['access_token']}"}) as admin:
        url = f"{session['instance_url']}/services/data/v66.0/query"
        assert admin.get(url, params=query).json()["totalSize"] == 10
    assert control.get("/session?user=nobody").status_code == 400
    assert session["instance_url"] == emulator.url


def test_the_world_lists_apps_users_and_ids(control: httpx2.Client) -> None:
    world = control.get("/world").json()
    assert [each["name"] for each in world["apps"]] == [
        "orbit-sync", "orbit-jwt", "orbit-server", "ledger-mirror", "pocket-charts",
        "salesforce-cli",
    ]  # fmt: skip
    *made, cli = world["apps"]
    assert all(each["consumer_key"].startswith("3MVG9") for each in made)
    assert cli["consumer_key"] == "PlatformCLI"
    assert [each["username"] for each in world["users"]] == [
        "admin@acme.example", "integration@acme.example", "sam@acme.example", "rita@acme.example",
    ]  # fmt: skip
    assert world["org"]["id"].startswith("00D")


def test_the_key_of_an_app_is_registered_with_it(control: httpx2.Client) -> None:
    key = control.get("/key/orbit-jwt").json()
    apps = control.get("/world").json()["apps"]
    assert (
        next(each for each in apps if each["name"] == "orbit-jwt")["certificate"]
        == (key["certificate"])
    )
    assert control.get("/key/none").status_code == 400


def test_the_openapi_document_has_every_endpoint(control: httpx2.Client) -> None:
    document = control.get("/openapi.json").json()
    listed = {(m.upper(), path) for path, each in document["paths"].items() for m in each}
    assert listed == {(each.method, each.path) for each in ENDPOINTS}


@pytest.mark.parametrize("path", ["/health", "/scenarios", "/acts", "/snapshot", "/trace?limit=1"])
def test_what_can_be_asked_answers(control: httpx2.Client, path: str) -> None:
    assert control.get(path).status_code == 200
