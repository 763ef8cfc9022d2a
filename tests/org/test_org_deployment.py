"""Deploying metadata: handed over, waited for, told of piece by piece."""

from __future__ import annotations

import base64

import pytest

from evergrant.errors import Malformed, Refused
from evergrant.model import Secret, Session
from evergrant.org.deployment import Component, deploy
from evergrant.org.metadata_call import POLLS
from evergrant.wire import Pause, Reply, rehearse

SESSION = Session("https://acme.example/", Secret("00Dx!planted&token"))


def soap(inner: str, status: int = 200) -> Reply:
    text = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns="http://soap.sforce.com/2006/04/metadata">'
        f"<e:Body>{inner}</e:Body></e:Envelope>"
    )
    return Reply(status, {"content-type": "text/xml"}, text.encode(), url="https://acme.example/x")


def result(inner: str) -> Reply:
    return soap(f"<r><result>{inner}</result></r>")


def message(kind: str, **words: str) -> str:
    return f"<{kind}>{''.join(f'<{n}>{v}</{n}>' for n, v in words.items())}</{kind}>"


ASKED = result("<done>false</done><id>0Af1</id>")
WAITING = result("<details/><done>false</done><id>0Af1</id><success>false</success>")


def test_a_package_is_handed_over_whole_and_stops_at_warnings() -> None:
    done = result("<done>true</done><status>Succeeded</status><success>true</success>")
    told = rehearse(deploy(SESSION, b"PK", check_only=True), ASKED, WAITING, done)
    body = (told.requests[0].content or b"").decode()
    assert f"<ZipFile>{base64.b64encode(b'PK').decode()}</ZipFile>" in body
    for option in ("<checkOnly>true<", "<ignoreWarnings>false<", "<rollbackOnError>true<"):
        assert option in body
    assert any(isinstance(step, Pause) for step in told.asked)
    assert told.result.is_done
    assert "planted" not in repr(told.asked)


def test_success_of_a_piece_is_not_success_of_the_whole() -> None:
    good = message("componentSuccesses", fullName="A", componentType="ConnectedApp",
                   changed="true", success="true", fileName="a")  # fmt: skip
    manifest = message("componentSuccesses", fullName="package.xml", fileName="package.xml",
                       success="true", changed="true")  # fmt: skip
    bad = message("componentFailures", fullName="B", componentType="ConnectedApp", lineNumber="7",
                  problem="no such thing", success="false", fileName="b")  # fmt: skip
    end = "<done>true</done><status>Failed</status><success>false</success>"
    told = rehearse(
        deploy(SESSION, b"PK"), ASKED, result(f"<details>{good}{manifest}{bad}</details>{end}")
    )
    assert not told.result.is_done
    assert told.result.status == "Failed"
    assert told.result.failures == (Component("ConnectedApp", "B", "failed", "no such thing", 7),)
    assert [each.name for each in told.result.components] == ["B", "A"]


def test_a_fault_is_a_refusal_in_salesforces_words() -> None:
    fault = (
        "<e:Fault><faultcode>sf:INSUFFICIENT_ACCESS</faultcode>"
        "<faultstring>INSUFFICIENT_ACCESS: no</faultstring></e:Fault>"
    )
    with pytest.raises(Refused) as refused:
        rehearse(deploy(SESSION, b"PK"), soap(fault, 500))
    assert refused.value.error == "INSUFFICIENT_ACCESS"


def test_a_deployment_that_does_not_end_says_where_to_look() -> None:
    with pytest.raises(Malformed, match="0Af1") as seen:
        rehearse(deploy(SESSION, b"PK"), ASKED, *[WAITING] * POLLS)
    assert "Deployment Status" in seen.value.next_step
