"""Staged credentials: a second key and secret for thirty days, and thirty more for the first."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.ids import twin

PORTAL = "orbit-portal"
DAY = 86400
Ask = Callable[..., httpx2.Response]


@pytest.fixture
def portal(emulator: Emulator, client_for: ClientFor) -> Client:
    """A connected client of an external client app, in an org that shows secrets by REST."""
    emulator.act("create_app", app=PORTAL, label="Orbit Portal")
    emulator.act("set_org", client_secret_in_rest=True)
    made = client_for(PORTAL)
    made.connect()
    return made


@pytest.fixture
def ask(portal: Client, emulator: Emulator) -> Ask:
    """One call about the portal's consumer, by the admin."""

    def call(
        method: str, path: str = "", *, user: str = "admin", version: int = 66, **more: Any
    ) -> httpx2.Response:
        session = portal.http.get(f"{emulator.control_url}/session", params={"user": user}).json()
        consumer = twin("1Oc", portal.app["id"])
        url = f"{emulator.url}/services/data/v{version}.0/apps/oauth/credentials"
        return portal.http.request(
            method, f"{url}/{portal.app['id']}/{consumer}{path}",
            headers={"Authorization": f"Bearer {session['access_token']}"}, **more,
        )  # fmt: skip

    return call


def as_set(portal: Client, made: dict[str, Any]) -> int:
    """How a refresh ends with another key and secret."""
    return portal.refresh(
        client_id=made["consumerKey"], client_secret=made["consumerSecret"]
    ).status_code  # fmt: skip


@pytest.mark.parametrize(
    ("part", "members"),
    [
        ("", {"consumerKey"}),
        ("key", {"consumerKey"}),
        ("secret", {"consumerSecret"}),
        ("keyandsecret", {"consumerKey", "consumerSecret"}),
    ],
)
def test_key_and_secret_are_read_in_parts(
    ask: Ask, portal: Client, part: str, members: set[str]
) -> None:
    told = ask("GET", params={"part": part} if part else {}).json()
    own = {
        "consumerKey": portal.app["consumer_key"], "consumerSecret": portal.app["consumer_secret"],
    }  # fmt: skip
    assert told == {name: own[name] for name in members}


def test_a_staged_set_works_beside_the_first_and_takes_its_place_when_rotated(
    ask: Ask, portal: Client, emulator: Emulator
) -> None:
    made = ask("POST", "/staged").json()
    assert made["state"] == "Active"
    assert portal.refresh().status_code == as_set(portal, made) == 200
    mixed = portal.refresh(client_id=made["consumerKey"])
    assert mixed.json()["error_description"] == "invalid client credentials"
    rotated = ask("PATCH", f"/staged/{made['id']}", json={"command": "rotate"})
    assert rotated.status_code == 204
    assert ask("GET").json()["consumerKey"] == made["consumerKey"]
    assert [each["state"] for each in ask("GET", "/staged").json()["stagedCredentials"]] == [
        "Rotated"
    ]
    emulator.clock.advance(seconds=29 * DAY)
    assert portal.refresh().status_code == as_set(portal, made) == 200
    emulator.clock.advance(seconds=2 * DAY)
    assert portal.refresh().json()["error"] == "invalid_client_id"
    assert as_set(portal, made) == 200


def test_a_staged_set_that_nobody_rotates_expires(
    ask: Ask, portal: Client, emulator: Emulator
) -> None:
    made = ask("POST", "/staged").json()
    emulator.clock.advance(seconds=31 * DAY)
    assert ask("GET", f"/staged/{made['id']}").json()["state"] == "Expired"
    assert as_set(portal, made) == 400
    late = ask("PATCH", f"/staged/{made['id']}", json={"command": "rotate"})
    assert late.status_code == 400
    assert ask("POST", "/staged").status_code == 201


def test_deleting_a_set_ends_it_at_once(ask: Ask, portal: Client) -> None:
    made = ask("POST", "/staged").json()
    assert ask("DELETE", f"/staged/{made['id']}").status_code == 204
    assert as_set(portal, made) == 400
    assert ask("DELETE", f"/staged/{made['id']}").status_code == 404


def test_the_set_before_a_rotation_can_be_deleted_early(ask: Ask, portal: Client) -> None:
    made = ask("POST", "/staged").json()
    ask("PATCH", f"/staged/{made['id']}", json={"command": "rotate"})
    [before] = ask("GET", "/staged").json()["stagedCredentials"]
    ask("DELETE", f"/staged/{before['id']}")
    assert portal.refresh().json()["error"] == "invalid_client_id"


def test_a_browser_may_come_with_a_staged_key(ask: Ask, portal: Client) -> None:
    made = ask("POST", "/staged").json()
    code = portal.code(client_id=made["consumerKey"])
    given = portal.redeem(code, client_id=made["consumerKey"], client_secret=made["consumerSecret"])
    assert given.status_code == 200


def test_one_set_is_staged_at_a_time(ask: Ask) -> None:
    assert ask("POST", "/staged").status_code == 201
    assert ask("POST", "/staged").json()[0]["errorCode"] == "INVALID_INPUT"


def test_a_list_of_sets_holds_no_secret(ask: Ask) -> None:
    made = ask("POST", "/staged").json()
    assert made["consumerSecret"] not in ask("GET", "/staged").text


@pytest.mark.parametrize(
    ("change", "user", "version", "status"),
    [
        ({"client_secret_in_rest": False}, "admin", 66, 403),
        ({}, "sam", 66, 403),
        ({}, "admin", 64, 404),
    ],
)
def test_setting_permissions_and_version_must_be_right(
    ask: Ask, emulator: Emulator, change: dict[str, bool], user: str, version: int, status: int
) -> None:
    emulator.act("set_org", **change)
    assert ask("POST", "/staged", user=user, version=version).status_code == status


def test_one_permission_of_the_two_is_not_enough(ask: Ask, emulator: Emulator) -> None:
    emulator.act(
        "set_profile", profile="Standard User", permissions={"ExternalClientAppDeveloper": True}
    )
    assert ask("GET", user="sam").status_code == 403
    emulator.act("set_profile", profile="Standard User", permissions={"ViewClientSecret": True})
    assert ask("GET", user="sam").status_code == 200


def test_another_consumer_another_command_and_another_part_are_refused(ask: Ask) -> None:
    made = ask("POST", "/staged").json()
    wrong = ask("PATCH", f"/staged/{made['id']}", json={"command": "undo"})
    assert (wrong.status_code, ask("GET", params={"part": "all"}).status_code) == (400, 400)
    assert ask("GET", "/staged/none").status_code == 404
