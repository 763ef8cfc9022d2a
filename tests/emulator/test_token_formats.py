"""The forms of an answer of the token endpoint: format, then Accept, then JSON (1.7)."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator

Read = Callable[[str], dict[str, Any]]


def from_xml(text: str) -> dict[str, Any]:
    return {each.tag: each.text for each in ElementTree.fromstring(text)}  # our own


FORMS: dict[str, tuple[str, Read]] = {
    "json": ("application/json", json.loads),
    "urlencoded": ("application/x-www-form-urlencoded", lambda text: dict(parse_qsl(text))),
    "xml": ("application/xml", from_xml),
}


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    made = client_for()
    made.connect()
    return made


@pytest.mark.parametrize("form", FORMS)
def test_every_leg_of_the_token_endpoint_answers_in_the_form_asked_for(
    client: Client, emulator: Emulator, form: str
) -> None:
    emulator.act("set_app", app="orbit-sync", device_flow=True)
    kind, read = FORMS[form]
    code = client.code()
    asked: list[dict[str, str]] = [
        {"grant_type": "refresh_token", "refresh_token": client.credential["refresh_token"]},
        {"grant_type": "refresh_token", "refresh_token": "never given"},
        {"response_type": "device_code"},
        {"grant_type": "device", "code": "never given"},
        {"grant_type": "client_credentials"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"},
        {"grant_type": "password", "username": "x", "password": "y"},
        {"grant_type": "dance"},
    ]
    redeemed = client.redeem(code, format=form)
    answers = [redeemed, *(client.token(**words, format=form) for words in asked)]
    for answer in answers:
        assert answer.headers["content-type"].partition(";")[0] == kind, answer.text
        said = read(answer.text)
        assert {"access_token", "error", "device_code"} & set(said)


def test_the_parameter_beats_the_accept_header_and_json_is_the_rest(client: Client) -> None:
    url = f"{client.emulator.url}/services/oauth2/token"
    form = {
        "grant_type": "refresh_token", "client_id": client.app["consumer_key"],
        "client_secret": client.app["consumer_secret"],
        "refresh_token": client.credential["refresh_token"],
    }  # fmt: skip
    for sent, accept, kind in (
        ({"format": "urlencoded"}, "application/xml", "application/x-www-form-urlencoded"),
        ({}, "application/xml", "application/xml"),
        ({}, "*/*", "application/json"),
        ({"format": "yaml"}, "*/*", "application/json"),
    ):
        answer = client.http.post(url, data={**form, **sent}, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(kind), (sent, accept)


def test_what_needs_escaping_survives_every_form(client: Client, emulator: Emulator) -> None:
    emulator.act(
        "set_token_handler", name="h", apps=["orbit-sync"], subjects={"good": "x"},
        message='<no> & "never" %20',
    )  # fmt: skip
    emulator.act("set_app", app="orbit-sync", token_exchange=True)
    for form, (_, read) in FORMS.items():
        answer = client.token(
            grant_type="urn:ietf:params:oauth:grant-type:token-exchange", subject_token="bad",
            subject_token_type="urn:ietf:params:oauth:token-type:access_token", format=form,
        )  # fmt: skip
        assert read(answer.text)["error_description"] == '<no> & "never" %20'
