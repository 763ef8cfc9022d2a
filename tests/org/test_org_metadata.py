"""Retrieving metadata: asked, waited for, unpacked; refusals and strange answers told apart."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pytest

from evergrant.errors import Malformed, Refused
from evergrant.model import Secret, Session
from evergrant.org.metadata import manifest, retrieve
from evergrant.org.metadata_call import POLLS
from evergrant.wire import Pause, Reply, rehearse

SESSION = Session("https://acme.example/", Secret("00Dx!planted&token"))
MEMBERS: Mapping[str, Sequence[str]] = {"ConnectedApp": ("*",), "Profile": ("A & B",)}


def soap(inner: str, status: int = 200) -> Reply:
    text = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns="http://soap.sforce.com/2006/04/metadata">'
        f"<e:Body>{inner}</e:Body></e:Envelope>"
    )
    return Reply(status, {"content-type": "text/xml"}, text.encode(), url="https://acme.example/x")


def result(inner: str) -> Reply:
    return soap(f"<r><result>{inner}</result></r>")


ASKED = result("<done>false</done><id>09S1</id>")
WAITING = result("<done>false</done><id>09S1</id>")
ZIP = base64.b64encode(b"PK rest").decode()
DONE = result(f"<done>true</done><id>09S1</id><zipFile>{ZIP}</zipFile>")


def test_a_package_is_asked_for_waited_for_and_unpacked() -> None:
    told = rehearse(retrieve(SESSION, MEMBERS), ASKED, WAITING, DONE)
    assert told.result == b"PK rest"
    first = told.requests[0]
    assert first.url == "https://acme.example/services/Soap/m/66.0"
    body = (first.content or b"").decode()
    assert "<members>A &amp; B</members><name>Profile</name>" in body
    assert "<sessionId>00Dx!planted&amp;token</sessionId>" in body
    assert any(isinstance(step, Pause) for step in told.asked)
    assert "planted" not in repr(told.asked)


def test_a_fault_is_a_refusal_in_salesforces_words() -> None:
    fault = (
        "<e:Fault><faultcode>sf:INSUFFICIENT_ACCESS</faultcode>"
        "<faultstring>INSUFFICIENT_ACCESS: no</faultstring></e:Fault>"
    )
    with pytest.raises(Refused) as refused:
        rehearse(retrieve(SESSION, MEMBERS), soap(fault, 500))
    assert refused.value.error == "INSUFFICIENT_ACCESS"
    assert refused.value.channel == "soap"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>sign in",
        b"",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_envelope_is_malformed_and_no_entity_is_expanded(body: bytes) -> None:
    with pytest.raises(Malformed, match="no SOAP envelope"):
        rehearse(retrieve(SESSION, MEMBERS), Reply(200, {}, body, url="https://acme.example/"))


@pytest.mark.parametrize("zipped", ["", "not base64!", "<zipFile></zipFile>"])
def test_a_retrieve_without_a_zip_says_so(zipped: str) -> None:
    inner = f"<zipFile>{zipped}</zipFile>" if zipped and "<" not in zipped else zipped
    answer = result(f"<done>true</done>{inner}<errorMessage>no such thing</errorMessage>")
    with pytest.raises(Malformed, match="no zip") as refused:
        rehearse(retrieve(SESSION, MEMBERS), ASKED, answer)
    assert refused.value.why == "no such thing"


def test_a_retrieve_that_never_ends_is_given_up() -> None:
    with pytest.raises(Malformed, match=f"within {POLLS} polls"):
        rehearse(retrieve(SESSION, MEMBERS), ASKED, *[WAITING] * POLLS)


def test_the_manifest_names_what_was_asked_for() -> None:
    assert "<members>*</members><name>ConnectedApp</name>" in manifest(MEMBERS)
