"""The device flow: two codes, a page for the person, and polls that hear what the page decided."""

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator


@pytest.fixture
def client(client_for: ClientFor, emulator: Emulator) -> Client:
    """A device whose app may use the flow."""
    emulator.act("set_app", app="orbit-sync", device_flow=True)
    return client_for()


def begin(client: Client, **form: str) -> dict[str, str]:
    answer = client.token(response_type="device_code", **form)
    assert answer.status_code == 200, answer.text
    given: dict[str, str] = answer.json()
    return given


def poll(client: Client, begun: dict[str, str], **form: str) -> httpx2.Response:
    """One poll, as late as the interval asks."""
    client.emulator.clock.advance(seconds=int(begun["interval"]))
    return client.token(grant_type="device", code=begun["device_code"], **form)


def person(client: Client, begun: dict[str, str], decision: str = "allow") -> httpx2.Response:
    """Enter the code, sign in, decide."""
    url = begun["verification_uri"]
    page = client.http.post(url, data={"user_code": begun["user_code"].lower()})
    return client.walk(page, decision)


def said(answer: httpx2.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"], answer.json()["error_description"]


def test_the_first_leg_gives_two_codes_the_page_and_the_interval(client: Client) -> None:
    begun = client.token(response_type="device_code").json()
    assert set(begun) == {"device_code", "user_code", "verification_uri", "interval"}
    assert begun["interval"] == 5
    assert begun["verification_uri"] == f"{client.emulator.url}/setup/connect"


def test_a_form_in_several_parts_counts_like_any_other(client: Client) -> None:
    parts = {
        "response_type": (None, "device_code"), "client_id": (None, client.app["consumer_key"]),
    }  # fmt: skip
    answer = client.http.post(f"{client.emulator.url}/services/oauth2/token", files=parts)
    assert "device_code" in answer.json()


def test_a_poll_waits_for_the_person_and_then_gets_tokens(client: Client) -> None:
    begun = begin(client)
    assert said(poll(client, begun))[0] == "authorization_pending"
    assert "connected" in person(client, begun).text
    given = poll(client, begun).json()
    assert client.call(given["access_token"]).status_code == 200
    assert client.refresh(given["refresh_token"]).status_code == 200


def test_the_code_is_good_once(client: Client) -> None:
    begun = begin(client)
    person(client, begun)
    assert poll(client, begun).status_code == 200
    assert said(poll(client, begun))[0] == "invalid_grant"


def test_a_secret_is_optional_and_a_wrong_one_refused(client: Client) -> None:
    begun = begin(client, client_secret="")
    person(client, begun)
    assert said(poll(client, begun, client_secret="wrong"))[0] == "invalid_client"
    assert poll(client, begun, client_secret="").status_code == 200


def test_a_denied_device_hears_so(client: Client) -> None:
    begun = begin(client)
    assert "denied" in person(client, begun, "deny").text
    assert said(poll(client, begun)) == ("access_denied", "end-user denied authorization")


def test_polling_too_fast_is_slowed_down(client: Client) -> None:
    begun = begin(client)
    poll(client, begun)
    hasty = client.token(grant_type="device", code=begun["device_code"])
    assert said(hasty)[0] == "slow_down"
    assert said(poll(client, begun))[0] == "authorization_pending"


def test_the_codes_die_after_ten_minutes(client: Client, emulator: Emulator) -> None:
    begun = begin(client)
    emulator.clock.advance(seconds=601)
    assert "not valid" in person(client, begun).text
    assert said(poll(client, begun))[0] == "invalid_grant"


def test_a_second_sign_in_of_the_same_user_breaks_the_first(client: Client) -> None:
    first, second = begin(client), begin(client)
    person(client, first)
    person(client, second)
    assert said(poll(client, first)) == ("invalid_grant", "token exchange failed")
    assert poll(client, second).status_code == 200


def test_another_app_cannot_fetch_it(client: Client, client_for: ClientFor) -> None:
    begun = begin(client)
    client.emulator.act("set_app", app="pocket-charts", device_flow=True)
    assert said(poll(client_for("pocket-charts"), begun))[0] == "invalid_grant"


def test_the_scope_asked_for_must_be_the_apps(client: Client) -> None:
    begun = begin(client, scope="api")
    person(client, begun)
    assert poll(client, begun).json()["scope"] == "api"
    refused = client.token(response_type="device_code", scope="web")
    assert said(refused) == ("invalid_scope", "the requested scope is not allowed")


def test_a_switched_off_flow_is_refused_on_both_legs(client: Client, emulator: Emulator) -> None:
    begun = begin(client)
    emulator.act("set_app", app="orbit-sync", device_flow=False)
    wanted = ("invalid_grant", "device flow is not enabled for the app")
    assert said(client.token(response_type="device_code")) == wanted
    assert said(poll(client, begun)) == wanted


def test_an_uninstalled_app_is_stopped_at_the_page_even_after_earlier_approval(
    client: Client, emulator: Emulator
) -> None:
    client.connect()
    emulator.act("set_app", app="orbit-sync", installed=False)
    answer = person(client, begin(client))
    assert "app+must+be+installed+into+org" in str(answer.request.url)


def test_the_login_has_no_documented_subtype(client: Client, emulator: Emulator) -> None:
    begun = begin(client)
    person(client, begun)
    poll(client, begun)
    row = emulator.org.db.execute('SELECT * FROM "LoginHistory" ORDER BY rowid DESC').fetchone()
    assert (row["Status"], row["LoginType"], row["LoginSubType"]) == (
        "Success", "Remote Access 2.0", None,
    )  # fmt: skip


def test_a_code_nobody_was_given_is_not_valid(client: Client) -> None:
    url = f"{client.emulator.url}/setup/connect"
    assert "Enter the code" in client.http.get(url).text
    assert "not valid" in client.http.post(url, data={"user_code": "NOSUCHCD"}).text
    assert said(client.token(grant_type="device", code="x"))[0] == "invalid_grant"
