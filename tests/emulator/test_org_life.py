"""What befalls a whole org: a refresh, a move to another instance, an end and a return."""

from collections.abc import Iterator

import httpx2
import pytest

from emulated_client import Client
from evergrant.emulator import Emulator
from evergrant.emulator.acts import ACTS, BadAct
from evergrant.emulator.acts.org_life import CONSEQUENCES
from evergrant.emulator.inventory import inventory
from fleet_kit import at, client_in

ENDS = [
    ("lock_org", "Organization locked"),
    ("suspend_org", "Organization suspended"),
    ("close_org", "Organization closed"),
    ("expire_trial", "Trial Expired"),
]


@pytest.fixture(scope="module")
def moving() -> Iterator[Emulator]:
    """A production org with ports for two instances."""
    with Emulator(instances=("USA1", "USA2")) as emulator:
        yield emulator


@pytest.fixture
def org(moving: Emulator) -> Emulator:
    """That org, back at the beginning."""
    moving.stage.reset()
    return moving


@pytest.fixture
def client(org: Emulator) -> Iterator[Client]:
    """Orbit Sync's client, connected."""
    with client_in(org) as made:
        made.connect()
        yield made


@pytest.fixture
def sandbox() -> Iterator[Emulator]:
    """A sandbox by itself."""
    with Emulator(kind="sandbox") as emulator:
        yield emulator


# --- a sandbox is refreshed


def test_after_a_refresh_every_token_is_dead_and_the_org_has_another_id(sandbox: Emulator) -> None:
    with client_in(sandbox) as client:
        client.connect()
        before = inventory(sandbox.org)["org"]["id"]
        done = sandbox.act("refresh_sandbox")
        assert client.refresh().json()["error_description"] == "expired access/refresh token"
        assert client.call().json()[0]["errorCode"] == "INVALID_SESSION_ID"
        after = inventory(sandbox.org)["org"]["id"]
        assert done == {"org_id": after, "org_id_before": before}
        assert before != after
        assert after in client.connect()["id"]


def test_a_refresh_takes_the_apps_that_only_the_sandbox_had(sandbox: Emulator) -> None:
    with client_in(sandbox, "orbit-rehearsal") as client:
        client.connect()
        sandbox.act("refresh_sandbox")
        answer = client.refresh().json()
    assert answer == {
        "error": "invalid_client_id", "error_description": "client identifier invalid",
    }  # fmt: skip
    names = [each["name"] for each in inventory(sandbox.org)["apps"]]
    assert names == [
        "orbit-sync", "orbit-jwt", "orbit-server", "ledger-mirror", "pocket-charts",
        "salesforce-cli",
    ]  # fmt: skip


def test_a_refresh_takes_the_sandboxs_own_settings_and_history(sandbox: Emulator) -> None:
    sandbox.act("block_app", app="orbit-sync")
    sandbox.act("refresh_sandbox")
    with client_in(sandbox) as client:
        assert client.connect()["access_token"]
    with sandbox.org.lock:
        rows = sandbox.org.db.execute('SELECT COUNT(*) FROM "LoginHistory"').fetchone()[0]
    assert rows == 2


def test_people_sign_in_after_a_refresh_as_before(sandbox: Emulator) -> None:
    before = {each["username"]: each["password"] for each in inventory(sandbox.org)["users"]}
    sandbox.act("refresh_sandbox")
    after = {each["username"]: each["password"] for each in inventory(sandbox.org)["users"]}
    assert before == after


def test_secrets_given_out_before_a_refresh_stay_known_for_leak_checks(sandbox: Emulator) -> None:
    with client_in(sandbox) as client:
        token = client.connect()["refresh_token"]
    sandbox.act("refresh_sandbox")
    assert token in sandbox.stage.secrets()["refresh_token"]


def test_only_a_sandbox_can_be_refreshed(org: Emulator) -> None:
    with pytest.raises(BadAct, match="only a sandbox"):
        org.act("refresh_sandbox")


def test_a_key_pair_handed_out_before_is_registered_after_a_refresh(sandbox: Emulator) -> None:
    with client_in(sandbox, "orbit-jwt") as client:
        key = httpx2.get(f"{sandbox.control_url}/key/orbit-jwt").json()["private_key"]
        sandbox.act("refresh_sandbox")
        assert client.jwt_bearer(client.assertion(key)).status_code == 200


# --- the org moves to another instance


def test_token_answers_name_the_instance_that_the_org_is_on(org: Emulator, client: Client) -> None:
    first, second = (door.url for door in org.org.doors.values())
    assert client.credential["instance_url"] == first
    org.act("migrate_org", to="USA2")
    assert client.refresh().json()["instance_url"] == second


def test_after_a_move_the_old_instance_knows_no_session_and_my_domain_does(
    org: Emulator, client: Client
) -> None:
    first, second = (door.url for door in org.org.doors.values())
    old, new, own = (_called(org, client, url) for url in (first, second, org.url))
    assert (old.status_code, own.status_code) == (200, 200)
    org.act("migrate_org", to="USA2")
    old, new, own = (_called(org, client, url) for url in (first, second, org.url))
    assert old.status_code == 401
    assert old.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    assert (new.status_code, own.status_code) == (200, 200)


def test_pages_of_the_old_instance_send_on_to_my_domain(org: Emulator, client: Client) -> None:
    first = next(iter(org.org.doors.values())).url
    org.act("migrate_org", to="USA2")
    answer = client.http.get(f"{first}/services/oauth2/userinfo?x=1")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{org.url}/services/oauth2/userinfo?x=1"


def test_the_old_instance_is_known_by_its_host_name_too(org: Emulator, client: Client) -> None:
    headers = {
        "Host": "usa1.salesforce.com",
        "Authorization": f"Bearer {client.credential['access_token']}",
    }
    url = f"{org.url}/services/data/v66.0/query?q=SELECT+Id+FROM+User"
    assert client.http.get(url, headers=headers).status_code == 200
    org.act("migrate_org", to="USA2")
    assert client.http.get(url, headers=headers).status_code == 401


def test_moving_back_opens_the_first_instance_again(org: Emulator, client: Client) -> None:
    first = next(iter(org.org.doors.values())).url
    org.act("migrate_org", to="USA2")
    org.act("migrate_org", to="USA1")
    assert _called(org, client, first).status_code == 200


def test_grants_survive_a_move_unless_told_otherwise(org: Emulator, client: Client) -> None:
    org.act("migrate_org", to="USA2")
    assert client.refresh().status_code == 200
    org.act("migrate_org", to="USA1", grants="lost")
    assert client.refresh().json()["error_description"] == "expired access/refresh token"


@pytest.mark.parametrize("words", [{"to": "USA1"}, {"to": "a b"}, {"to": "TOOLONG"}, {"to": ""},
                                   {"grants": "some"}])  # fmt: skip
def test_a_move_to_nowhere_is_refused(org: Emulator, words: dict[str, str]) -> None:
    with pytest.raises(BadAct):
        org.act("migrate_org", **words)


def _called(org: Emulator, client: Client, url: str) -> httpx2.Response:
    there = Client(at(org, url), client.app, client.user, client.http, client.credential)
    return there.call()


# --- the org ends, and comes back


@pytest.mark.parametrize(("act", "status"), ENDS)
def test_an_org_that_ended_refuses_every_grant_and_writes_why(
    org: Emulator, client: Client, act: str, status: str
) -> None:
    org.act(act)
    assert client.refresh().json() == {
        "error": "invalid_grant", "error_description": "inactive organization",
    }  # fmt: skip
    assert org.trace()[-1]["gate"] == "org_alive"
    with org.org.lock:
        row = org.org.db.execute(
            'SELECT "Status" FROM "LoginHistory" ORDER BY rowid DESC LIMIT 1'
        ).fetchone()
    assert row["Status"] == status


@pytest.mark.parametrize("act", [act for act, _ in ENDS])
def test_an_org_that_was_reopened_goes_on_where_it_stood(
    org: Emulator, client: Client, act: str
) -> None:
    org.act(act)
    org.act("reopen_org")
    assert client.refresh().status_code == 200


def test_the_api_of_an_org_whose_trial_is_over_says_so(org: Emulator, client: Client) -> None:
    org.act("expire_trial")
    answer = client.call()
    assert answer.status_code == 403
    assert answer.json() == [
        {"message": "Your trial has expired.", "errorCode": "API_CURRENTLY_DISABLED"}
    ]
    org.act("reopen_org")
    assert client.call().status_code == 200


@pytest.mark.parametrize("act", ["lock_org", "suspend_org", "close_org"])
def test_running_sessions_end_with_the_org(org: Emulator, client: Client, act: str) -> None:
    assert org.act(act)["sessions_ended"] >= 1  # type: ignore[operator]  # a number, as JSON
    assert client.call().status_code == 401


@pytest.mark.parametrize(("act", "fault"), [("expire_trial", "TRIAL_EXPIRED"),
                                            ("suspend_org", "INVALID_LOGIN")])  # fmt: skip
def test_soap_login_is_refused_too(org: Emulator, client: Client, act: str, fault: str) -> None:
    org.act("set_org", soap_login=True, trusted_ranges=[["0.0.0.0", "255.255.255.255"]])
    org.act(act)
    words = f"<username>{client.user['username']}</username>"
    words += f"<password>{client.user['password']}</password>"
    body = f'<e:Envelope xmlns:e="x"><e:Body><login>{words}</login></e:Body></e:Envelope>'
    answer = client.http.post(f"{org.url}/services/Soap/u/64.0", content=body.encode())
    assert fault in answer.text


def test_every_consequence_is_of_an_act_and_bears_a_mark() -> None:
    assert {each.event for each in CONSEQUENCES} <= set(ACTS)
    assert {each.mark for each in CONSEQUENCES} == {"official", "recorded", "inferred"}
    assert all(each.source for each in CONSEQUENCES)
