"""The user-agent flow and its hybrid sister, rehearsed: what an address is taken for or not."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import BadCallback, BadInput, Malformed, Refused
from evergrant.model import App, Credential, Secret
from evergrant.oauth.user_agent import take
from evergrant.wire import Reply, rehearse

HOST = "https://acme.my.salesforce.com"
CALLBACK = "https://vendor.example/cb"
APP = App("3MVG9key", Secret("plantedCONSUMER"))
PUBLIC = App("3MVG9key")
GIVEN = {
    "access_token": "00Dx!plantedACCESS",
    "refresh_token": "5AepplantedREFRESH",
    "instance_url": HOST,
    "id": f"{HOST}/id/00D5f000000IZ3ZEAW/0055f000007QgTaAAK",
    "issued_at": "1763802000123",
    "signature": "plantedSIGNATURE",
    "scope": "api web lightning refresh_token",
    "token_type": "Bearer",
    "state": "s1",
}
HYBRID = {
    "lightning_domain": "acme.lightning.force.com",
    "lightning_sid": "00Dx!plantedLIGHTNING",
    "visualforce_sid": "00Dx!plantedVF",
    "content_sid": "00Dx!plantedCONTENT",
    "csrf_token": "plantedCSRF",
    "cookie-clientSrc": "plantedSRC",
    "cookie-sid_Client": "plantedCLIENT",
    "sidCookieName": "sid",
    "parent_sid": "00Dx!plantedPARENT",
}


def known(**said: object) -> Reply:
    return Reply(200, {}, json.dumps({"active": True, "client_id": "3MVG9key", **said}).encode())


def address(**change: str) -> str:
    said = {name: value for name, value in (GIVEN | change).items() if value}
    return f"{CALLBACK}#{urlencode(said)}"


def test_a_fragment_becomes_a_credential_once_introspection_knows_it_for_this_app() -> None:
    played = rehearse(take(APP, HOST, address(), "s1"), known())
    assert [each.url for each in played.requests] == [f"{HOST}/services/oauth2/introspect"]
    found = played.result
    assert isinstance(found, Credential)
    assert found.access_token == Secret("00Dx!plantedACCESS")
    assert found.refresh_token == Secret("5AepplantedREFRESH")
    assert found.scopes == ("api", "web", "lightning", "refresh_token")
    assert found.identity_url == GIVEN["id"]


def test_of_a_public_client_nothing_is_asked() -> None:
    assert rehearse(take(PUBLIC, HOST, address(), "s1")).requests == []


@pytest.mark.parametrize(
    "reply", [Reply(200, {}, b'{"active": false}'), known(client_id="3MVG9other")]
)
def test_a_token_that_has_ended_or_is_another_apps_is_not_taken(reply: Reply) -> None:
    with pytest.raises(Malformed, match="not one that works for this app"):
        rehearse(take(APP, HOST, address(), "s1"), reply)


@pytest.mark.parametrize("state", ["", "s2", "s1 "])
def test_an_address_with_another_state_is_not_taken(state: str) -> None:
    with pytest.raises(BadCallback):
        rehearse(take(APP, HOST, address(state=state), "s1"))


@pytest.mark.parametrize(
    "instance", ["https://evil.example", "https://acme.my.salesforce.com.evil.example"]
)
def test_no_token_is_taken_for_an_instance_that_is_not_salesforces(instance: str) -> None:
    with pytest.raises(Malformed, match="no token may be sent"):
        rehearse(take(APP, HOST, address(instance_url=instance), "s1"))


def test_an_address_must_name_an_instance() -> None:
    with pytest.raises(Malformed, match="which instance"):
        rehearse(take(APP, HOST, address(instance_url=""), "s1"))


def test_the_sessions_and_cookies_of_the_hybrid_flow_are_dropped() -> None:
    found = rehearse(take(APP, HOST, address(**HYBRID), "s1"), known()).result
    kept = json.dumps(dict(found.extras))
    assert "planted" not in kept
    assert "lightning.force.com" in kept
    assert "planted" not in repr(found)


def test_a_person_who_said_no_is_told_in_salesforces_words() -> None:
    words = "error=access_denied&error_description=end-user+denied+authorization&state=s1"
    with pytest.raises(Refused) as met:
        rehearse(take(APP, HOST, f"{CALLBACK}#{words}", "s1"))
    assert (met.value.error, met.value.description) == (
        "access_denied", "end-user denied authorization",
    )  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        f"{CALLBACK}?{urlencode(GIVEN)}",
        f"{CALLBACK}?code=aPrxplanted&state=s1",
        f"{address()}&access_token=planted2",
        f"{CALLBACK}#{urlencode(GIVEN | {'error': 'x'})}&code=y",
        f"{CALLBACK}#{urlencode([('a', 'b')] * 200)}",
        "https://[",
        "",
    ],
    ids=["in the query", "a code", "twice", "yes and no", "too long", "no address", "nothing"],
)
def test_an_address_that_holds_no_token_behind_its_hash_is_no_answer(url: str) -> None:
    with pytest.raises(BadInput) as met:
        rehearse(take(APP, HOST, url, "s1"))
    assert "planted" not in met.value.diagnostics()


@given(st.text() | st.builds(lambda text: f"{CALLBACK}#{text}", st.text()))
def test_any_other_text_is_an_error_of_ours_that_does_not_repeat_it(text: str) -> None:
    with pytest.raises((BadInput, BadCallback, Malformed, Refused)) as met:
        rehearse(take(PUBLIC, HOST, f"{text}&planted=1", "s1"))
    assert "planted" not in met.value.diagnostics() or isinstance(met.value, Refused)
