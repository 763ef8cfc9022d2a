"""Is it Salesforce, or is it us: what the status page says, and what it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.clock import ManualClock, SystemClock
from evergrant.emulator import Emulator
from evergrant.errors import NotSent, WireError
from evergrant.evidence import ask_status_page
from evergrant.model import Fact, Unknown
from evergrant.wire import Reply, Request, rehearse, run

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ACME = "https://acme.my.salesforce.com"


def asked(url: str, reply: Reply | WireError | None, **words: str) -> tuple[list[Request], Fact]:
    """What was sent, and what was learned."""
    script = () if reply is None else (reply,)
    rehearsal = rehearse(ask_status_page(url, ManualClock(AT), **words), *script)
    return list(rehearsal.requests), rehearsal.result


def page(state: object, status: int = 200) -> Reply:
    body = json.dumps({"key": "USA694", "status": state}).encode()
    return Reply(status, {"content-type": "application/json"}, body, "https://status")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (ACME, "/v1/instanceAliases/acme/status"),
        ("https://acme--uat.sandbox.my.salesforce.com/", "/v1/instanceAliases/acme--uat/status"),
        ("https://na139.salesforce.com", "/v1/instances/NA139/status"),
    ],
)
def test_an_org_is_asked_for_by_its_domain_or_instance(url: str, path: str) -> None:
    sent, _ = asked(url, page("OK"))
    assert [each.url for each in sent] == [f"https://api.status.salesforce.com{path}"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://login.salesforce.com", {}),
        ("http://127.0.0.1:8400", {}),
        ("https://acme.example", {}),
        (ACME, {"page": ""}),
        ("https://login.salesforce.com", {"page": "http://127.0.0.1:9"}),
    ],
)
def test_nobody_is_asked_where_no_instance_is_named(url: str, words: dict[str, str]) -> None:
    sent, fact = asked(url, None, **words)
    assert not sent
    assert isinstance(fact.value, Unknown)


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ("OK", False),
        ("MAJOR_INCIDENT_CORE", True),
        ("MINOR_INCIDENT_CORE", True),
        ("MAINTENANCE_CORE", True),
        ("MAJOR_INCIDENT_NONCORE", False),
        ("MAINTENANCE_NONCORE", False),
        ("INFORMATIONAL_CORE", False),
    ],
)
def test_only_trouble_of_the_core_is_salesforces(state: str, value: bool) -> None:
    _, fact = asked(ACME, page(state))
    assert fact.value is value
    assert fact.quote == f"USA694 is {state}"


@pytest.mark.parametrize(
    "answer",
    [
        page("SOMETHING_NEW"),
        page(None),
        page("OK", 404),
        page("OK", 500),
        Reply(200, {}, b"<html>", "https://status"),
        NotSent("could not reach it", why="name not known"),
    ],
)
def test_what_it_does_not_say_is_not_known(answer: Reply | WireError) -> None:
    _, fact = asked(ACME, answer)
    assert isinstance(fact.value, Unknown)
    assert "https://status.salesforce.com" in fact.value.next_step


@given(st.binary(max_size=80), st.sampled_from([200, 404, 503]))
def test_any_answer_is_borne(body: bytes, status: int) -> None:
    _, fact = asked(ACME, Reply(status, {}, body, "https://status"))
    assert fact.name == "salesforce.incident"


def test_the_emulated_page_tells_of_what_befell_the_org(org: Emulator) -> None:
    def told() -> object:
        looked = ask_status_page(org.url, SystemClock(), page=org.control_url)
        return run(looked).value

    assert told() is False
    org.act("lay_fault", preset="maintenance", times=9)
    assert told() is True
    org.act("lift_faults")
    assert told() is False
