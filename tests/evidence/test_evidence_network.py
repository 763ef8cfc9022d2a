"""The way to Salesforce: what each answer of the network is called."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from evergrant.clock import ManualClock, SystemClock
from evergrant.emulator import Emulator
from evergrant.errors import NotSent, OutcomeUnknown, WireError
from evergrant.evidence import look_at_network
from evergrant.model import Fact
from evergrant.wire import Probed, Reply, rehearse, run

HOST = "https://acme.my.salesforce.com"
WELL = Probed(ok=True, addresses=("192.0.2.1",))
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    told = {"date": format_datetime(AT, usegmt=True), "content-type": "application/json"}
    return Reply(status, told | headers, body, f"{HOST}/.well-known/openid-configuration")


def seen(*script: Reply | Probed | WireError, proxy: str = "") -> dict[str, Fact]:
    environ = {"HTTPS_PROXY": proxy} if proxy else {}
    looked = look_at_network(HOST, ManualClock(AT), environ=environ)
    return {fact.name: fact for fact in rehearse(looked, *script).result}


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ((WELL, WELL, reply()), "none"),
        ((Probed(ok=False, error="Name or service not known"),), "dns"),
        ((WELL, Probed(ok=False, error="certificate verify failed")), "tls"),
        ((WELL, Probed(ok=False, error="[Errno 111] Connection refused")), "refused"),
        ((WELL, Probed(ok=False, error="timed out")), "timeout"),
        ((WELL, WELL, OutcomeUnknown("no whole answer", why="read timeout")), "timeout"),
        ((WELL, WELL, reply(301, location="https://other.my.salesforce.com/")), "redirected"),
        ((WELL, WELL, reply(200, b"<html>Data Not Available</html>")), "html instead of json"),
        ((WELL, WELL, reply(407)), "proxy"),
    ],
)  # fmt: skip
def test_the_first_thing_that_fails_is_named(
    script: tuple[Reply | Probed | WireError, ...], value: str
) -> None:
    assert seen(*script)["network.failure"].value == value


def test_behind_a_proxy_names_are_not_ours_to_resolve() -> None:
    found = seen(NotSent("could not reach it", why="refused"), proxy="http://user:pw1234567@p:8080")
    assert found["network.failure"].value == "proxy"
    assert "pw1234567" not in repr(found)
    assert "HTTPS_PROXY" in found["network.failure"].quote


def test_the_clock_is_compared_with_the_date_header() -> None:
    early = format_datetime(AT.replace(hour=11, minute=50), usegmt=True)
    assert seen(WELL, WELL, reply(date=early))["own.clock_off_s"].value == 600
    assert "own.clock_off_s" not in seen(WELL, WELL, reply(date="yesterday"))


def test_a_served_org_is_reached(org: Emulator) -> None:
    found = {f.name: f for f in run(look_at_network(org.url, SystemClock(), environ={}))}
    assert found["network.failure"].value == "none"
