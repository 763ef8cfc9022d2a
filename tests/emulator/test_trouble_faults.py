"""Faults: named ones do what the table says to those they are laid for; chance is repeatable."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.acts import BadAct
from evergrant.emulator.trouble.fault import Asking, Fault, Faults
from evergrant.emulator.trouble.presets import PRESETS, REST, TOKEN

ANSWERS = [each for each in PRESETS.values() if "status" in each.words]
CUTS = [each.id for each in PRESETS.values() if "drop" in each.words]


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A connected client of Orbit Sync."""
    made = client_for()
    made.connect()
    return made


@pytest.fixture
def control(emulator: Emulator) -> Iterator[httpx2.Client]:
    """Speaks to the control port."""
    with httpx2.Client(base_url=emulator.control_url) as client:
        yield client


@pytest.mark.parametrize("preset", ANSWERS, ids=lambda each: each.id)
def test_a_named_answer_comes_once_with_its_status_and_words(
    client: Client, emulator: Emulator, preset: object
) -> None:
    found = next(each for each in ANSWERS if each is preset)
    emulator.act("lay_fault", preset=found.id)
    ask = client.call if found.words["path"] == REST else client.refresh
    first, second = ask(), ask()
    assert (first.status_code, first.text) == (found.words["status"], found.words["body"])
    assert first.headers["content-type"] == found.words["content_type"]
    assert second.status_code == 200


def test_contention_speaks_with_the_very_words_of_the_gate(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("lay_fault", preset="contention")
    assert client.refresh().json() == {
        "error": "invalid_grant", "error_description": "token request is already being processed",
    }  # fmt: skip
    assert client.refresh().status_code == 200


def test_an_answer_cut_midway_began_and_its_token_was_rotated(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    emulator.act("lay_fault", preset="reset-midway")
    form = {
        "grant_type": "refresh_token", "refresh_token": client.credential["refresh_token"],
        "client_id": client.app["consumer_key"], "client_secret": client.app["consumer_secret"],
    }  # fmt: skip
    got = bytearray()
    with client.http.stream("POST", f"{emulator.url}{TOKEN}", data=form) as answer:
        status, promised = answer.status_code, int(answer.headers["content-length"])
        with pytest.raises(httpx2.RemoteProtocolError):
            b"".join(_reading(answer, got))
    assert status == 200
    assert 0 < len(got) < promised
    assert b"access_token" in got
    assert client.refresh().json()["error_description"] == "expired access/refresh token"


def _reading(answer: httpx2.Response, got: bytearray) -> Iterator[bytes]:
    for part in answer.iter_raw():
        got += part
        yield b""


@pytest.mark.parametrize("preset", CUTS)
def test_a_cut_loses_the_answer_and_only_the_named_ones_spend_the_token(
    client: Client, emulator: Emulator, preset: str
) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    emulator.act("lay_fault", preset=preset)
    with pytest.raises(httpx2.TransportError):
        client.refresh()
    is_spent = client.refresh().status_code != 200
    assert is_spent == (PRESETS[preset].words["drop"] != "before")


def test_a_slow_answer_is_the_right_answer(client: Client, emulator: Emulator) -> None:
    emulator.act("lay_fault", preset="slow", delay_s=0.3)
    answer = client.refresh()
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() > 0.29
    assert PRESETS["slow"].words["delay_s"] == 5.0


def test_a_server_may_say_when_to_come_back(client: Client, emulator: Emulator) -> None:
    emulator.act("lay_fault", preset="token-429", retry_after_s=7)
    assert client.refresh().headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("words", "is_met"),
    [
        ({"grant_type": "refresh_token"}, True),
        ({"grant_type": "client_credentials"}, False),
        ({"app": "orbit-sync"}, True),
        ({"app": "orbit-server"}, False),
        ({"user": "integration@acme.example"}, True),
        ({"user": "integration"}, True),
        ({"user": "sam"}, False),
        ({"app": "orbit-sync", "user": "sam"}, False),
        ({"path": "/services/oauth2/*"}, True),
        ({"path": "/services/oauth2"}, False),
    ],
)
def test_a_fault_meets_only_those_it_is_laid_for(
    client: Client, emulator: Emulator, words: dict[str, str], is_met: bool
) -> None:
    emulator.act("lay_fault", preset="server-error", **words)
    assert (client.refresh().status_code == 500) == is_met


def test_a_call_is_known_by_its_access_token(client: Client, emulator: Emulator) -> None:
    emulator.act("lay_fault", preset="request-limit", app="orbit-sync", user="sam")
    assert client.call().status_code == 200
    emulator.act("lay_fault", preset="request-limit", app="orbit-sync", user="integration")
    assert client.call().json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_chance_meets_the_same_requests_of_the_same_seed() -> None:
    fates = [_fate(seed) for seed in (3, 3, 4)]
    assert fates[0] == fates[1] != fates[2]
    assert 20 < sum(fates[0]) < 80


def _fate(seed: int) -> list[bool]:
    faults = Faults()
    faults.laid.append(Fault("/x", chance=0.5, times=100, seed=seed))
    return [faults.take(Asking("/x")) is not None for _ in range(100)]


def test_dice_are_not_drawn_for_requests_that_a_fault_does_not_meet() -> None:
    plain, mixed = Faults(), Faults()
    for each in (plain, mixed):
        each.laid.append(Fault("/x", chance=0.5, times=100))
    alone = [plain.take(Asking("/x")) is not None for _ in range(20)]
    among = []
    for _ in range(20):
        assert mixed.take(Asking("/y")) is None
        among.append(mixed.take(Asking("/x")) is not None)
    assert alone == among


def test_the_second_fault_has_its_turn_when_the_first_is_used_up(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("lay_fault", preset="server-error", times=2)
    emulator.act("lay_fault", preset="login-rate")
    assert [client.refresh().status_code for _ in range(4)] == [500, 500, 400, 200]
    assert emulator.act("lift_faults") == {"lifted": 2}


@pytest.mark.parametrize(
    "words",
    [
        {"preset": "none"},
        {},
        {"preset": "slow", "delay_s": -1.0},
        {"path": "/", "status": 99},
        {"path": "/", "chance": 1.5},
        {"path": "/", "drop": "sideways"},
        {"path": "/", "times": "x"},
    ],
)
def test_a_fault_that_cannot_be_is_refused(emulator: Emulator, words: dict[str, object]) -> None:
    with pytest.raises(BadAct):
        emulator.act("lay_fault", **words)


def test_a_reset_lifts_every_fault(client: Client, emulator: Emulator) -> None:
    emulator.act("lay_fault", preset="maintenance", times=9)
    emulator.stage.reset()
    assert emulator.org.faults.laid == []
    assert client.call().status_code == 401


def test_the_control_port_lists_the_presets_and_lays_them_by_name(
    control: httpx2.Client, client: Client
) -> None:
    listed = control.get("/fault-presets").json()
    assert [each["id"] for each in listed] == list(PRESETS)
    laid = control.post("/faults", json=[{"preset": "unavailable", "times": 2}]).json()
    assert (laid[0]["preset"], laid[0]["status"], laid[0]["times"]) == ("unavailable", 503, 2)
    assert client.call().json()[0]["errorCode"] == "SERVER_UNAVAILABLE"
    assert control.get("/faults").json()[0]["times"] == 1


@pytest.mark.parametrize("preset", ANSWERS, ids=lambda each: each.id)
def test_a_preset_that_answers_json_answers_json_a_client_can_read(preset: object) -> None:
    found = next(each for each in ANSWERS if each is preset)
    if "json" in found.words["content_type"]:
        assert json.loads(found.words["body"])
    assert found.mark is not None
    assert found.source


def test_what_was_lost_is_in_the_history_with_the_status_it_had(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("lay_fault", preset="reset-after")
    with pytest.raises(httpx2.TransportError):
        client.refresh()
    assert emulator.stage.history()[-1]["status"] == 200
    assert emulator.trace()[-1]["outcome"] == "issued"


def test_an_answer_of_a_fault_is_traced_as_such_and_a_cut_is_not(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("lay_fault", preset="login-rate")
    client.refresh()
    seen = emulator.trace()[-1]
    assert (seen["outcome"], seen["gate"], seen["app"]) == ("fault", "limits", "orbit-sync")
    emulator.act("lay_fault", preset="reset-before")
    with pytest.raises(httpx2.TransportError):
        client.refresh()
    assert emulator.trace()[-1]["id"] == seen["id"]


def test_too_many_logins_are_written_down_with_the_documented_status(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("lay_fault", preset="login-rate")
    client.refresh()
    with emulator.org.lock:
        row = emulator.org.db.execute(
            'SELECT * FROM "LoginHistory" ORDER BY rowid DESC LIMIT 1'
        ).fetchone()
    assert row["Status"] == "Failed: Get Access Token Limit Exceeded"
    assert (row["LoginSubType"], row["Application"]) == ("OauthRefreshToken", "Orbit Sync")
