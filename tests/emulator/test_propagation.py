"""Propagation: for some minutes after an edit the org still obeys the policy as it was before."""

from collections.abc import Iterator

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.apps import add
from evergrant.emulator.inventory import inventory
from evergrant.emulator.policies import AppPolicy

MINUTES = 5


@pytest.fixture
def client(emulator: Emulator, client_for: ClientFor) -> Client:
    """A connected client in an org whose edits take five minutes."""
    emulator.act("set_org", propagation_seconds=MINUTES * 60)
    made = client_for()
    made.connect()
    return made


def test_an_edited_app_policy_is_obeyed_after_the_delay_and_not_before(
    emulator: Emulator, client: Client
) -> None:
    emulator.act("set_app", app="orbit-sync", refresh_policy="zero")
    assert client.refresh().status_code == 200
    emulator.act("advance_clock", by=f"{MINUTES - 1}m")
    assert client.refresh().status_code == 200
    emulator.act("advance_clock", by="2m")
    assert client.refresh().json()["error_description"] == "expired access/refresh token"


def test_what_is_shown_is_the_new_policy_at_once(emulator: Emulator, client: Client) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    shown = next(each for each in inventory(emulator.org)["apps"] if each["name"] == "orbit-sync")
    assert shown["rotation"] is True
    assert "refresh_token" not in client.refresh().json()


def test_the_trace_says_from_when_an_edit_is_obeyed(emulator: Emulator, client: Client) -> None:
    emulator.clock.freeze()
    emulator.act("set_app", app="orbit-sync", rotation=True)
    client.refresh()
    at = emulator.trace()[-1]["at"]
    [said] = emulator.trace()[-1]["pending"]
    assert said.startswith("policy edit of app orbit-sync takes effect at ")
    assert said > f"policy edit of app orbit-sync takes effect at {at}"
    emulator.act("advance_clock", by=f"{MINUTES}m")
    client.refresh()
    assert emulator.trace()[-1]["pending"] == []


def test_two_edits_reach_the_org_one_after_the_other(emulator: Emulator, client: Client) -> None:
    emulator.act("set_app", app="orbit-sync", secret_for_refresh=False)
    emulator.act("advance_clock", by="2m")
    emulator.act("set_app", app="orbit-sync", secret_for_refresh=True)
    assert _without_secret(client) == 400
    emulator.act("advance_clock", by="4m")
    assert _without_secret(client) == 200
    emulator.act("advance_clock", by="2m")
    assert _without_secret(client) == 400


def _without_secret(client: Client) -> int:
    return client.refresh(client_secret="").status_code


def test_a_profiles_login_ranges_take_their_time_too(emulator: Emulator, client: Client) -> None:
    elsewhere = [["203.0.113.0", "203.0.113.255"]]
    emulator.act("set_profile", profile="Integration User", login_ranges=elsewhere)
    assert client.refresh().status_code == 200
    emulator.act("advance_clock", by="6m")
    assert client.refresh().json()["error_description"] == "ip restricted or invalid login hours"


def test_so_do_settings_of_the_whole_org(emulator: Emulator, client: Client) -> None:
    emulator.act("set_org", api_access_control=True)
    assert (client.refresh().status_code, client.call().status_code) == (200, 200)
    emulator.act("advance_clock", by="6m")
    assert client.call().status_code == 401
    assert client.refresh().status_code == 400


@pytest.mark.parametrize(("act", "words"), [
    ("block_app", {"app": "orbit-sync"}), ("delete_app", {"app": "orbit-sync"}), ("lock_org", {}),
])  # fmt: skip
def test_a_button_holds_at_once(
    emulator: Emulator, client: Client, act: str, words: dict[str, str]
) -> None:
    emulator.act(act, **words)
    assert client.refresh().status_code == 400


def test_a_button_holds_while_an_edit_is_under_way(emulator: Emulator, client: Client) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    emulator.act("block_app", app="orbit-sync")
    assert client.refresh().json()["error"] == "app_blocked"


def test_a_new_app_is_not_known_for_some_minutes(emulator: Emulator, client: Client) -> None:
    with emulator.org.changing():
        add(emulator.org, _new_app(client), "s" * 64)
    app = next(each for each in inventory(emulator.org)["apps"] if each["name"] == "fresh")
    form = {"grant_type": "client_credentials", "client_id": app["consumer_key"],
            "client_secret": app["consumer_secret"]}  # fmt: skip
    assert client.token(**form).json() == {
        "error": "invalid_client_id", "error_description": "client identifier invalid",
    }  # fmt: skip
    emulator.act("advance_clock", by="6m")
    assert client.token(**form).json()["access_token"]


def _new_app(client: Client) -> AppPolicy:
    return AppPolicy(
        id="0H4000000000001AAA", name="fresh", label="Fresh", owner="Orbit Data, Inc.",
        kind="connected_app", consumer_key="3MVG9" + "f" * 80, callbacks=(client.callback,),
        scopes=("api",), client_credentials=True, run_as=client.user["username"],
    )  # fmt: skip


def test_a_snapshot_keeps_edits_that_are_under_way(emulator: Emulator, client: Client) -> None:
    emulator.act("set_app", app="orbit-sync", refresh_policy="zero")
    emulator.stage.save("under way")
    emulator.act("advance_clock", by="6m")
    assert client.refresh().status_code == 400
    emulator.stage.restore("under way")
    assert client.refresh().status_code == 200


def test_an_edit_that_changes_nothing_is_not_under_way(emulator: Emulator, client: Client) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=False)
    client.refresh()
    assert emulator.trace()[-1]["pending"] == []


def test_without_the_knob_an_edit_is_obeyed_at_once(
    emulator: Emulator, client_for: ClientFor
) -> None:
    client = client_for()
    client.connect()
    emulator.act("set_app", app="orbit-sync", refresh_policy="zero")
    assert client.refresh().status_code == 400


@pytest.fixture
def setup_page(emulator: Emulator) -> Iterator[httpx2.Client]:
    """Speaks to the control port."""
    with httpx2.Client(base_url=emulator.control_url) as client:
        yield client


def test_the_knob_is_turned_from_the_control_port(
    setup_page: httpx2.Client, emulator: Emulator
) -> None:
    setup_page.post("/act", json={"do": "set_org", "propagation_seconds": 120})
    assert inventory(emulator.org)["org"]["policy"]["propagation_seconds"] == 120
