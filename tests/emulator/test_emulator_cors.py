"""CORS, endpoint by endpoint: open, listed, switched on for OAuth, and never on a generic host."""

import httpx2
import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.oauth.cors import RULES, Rule, listed

PAGE = "https://app.example"
OAUTH = sorted(path for path, rule in RULES.items() if rule is Rule.OAUTH)


def allowed(answer: httpx2.Response) -> str | None:
    """The origin that may read the answer."""
    value: str | None = answer.headers.get("access-control-allow-origin")
    return value


def ask(emulator: Emulator, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    sent = {"Origin": PAGE, **{name.replace("_", "-"): word for name, word in headers.items()}}
    return httpx2.request(method, emulator.url + path, headers=sent)


@pytest.mark.parametrize("path", [path for path, rule in RULES.items() if rule is Rule.OPEN])
def test_what_anyone_may_know_any_page_may_read(emulator: Emulator, path: str) -> None:
    answer = ask(emulator, path)
    assert (answer.status_code, allowed(answer)) == (200, PAGE)


@pytest.mark.parametrize("path", OAUTH)
def test_oauth_endpoints_need_switch_and_list_and_my_domain(emulator: Emulator, path: str) -> None:
    assert allowed(ask(emulator, path, "POST")) is None
    emulator.act("set_org", cors_allowlist=[PAGE])
    assert allowed(ask(emulator, path, "POST")) is None
    emulator.act("set_org", cors_oauth=True)
    assert allowed(ask(emulator, path, "POST")) == PAGE
    assert allowed(ask(emulator, path, "POST", Host="login.salesforce.com")) is None
    emulator.act("set_org", cors_allowlist=["https://other.example"])
    assert allowed(ask(emulator, path, "POST")) is None


def test_userinfo_needs_the_list_only(emulator: Emulator) -> None:
    assert allowed(ask(emulator, "/services/oauth2/userinfo")) is None
    emulator.act("set_org", cors_allowlist=["https://*.example/", PAGE])
    assert allowed(ask(emulator, "/services/oauth2/userinfo")) == PAGE


def test_rest_refuses_a_stranger_and_serves_a_page_of_its_own(emulator: Emulator) -> None:
    assert ask(emulator, "/services/data").status_code == 403
    assert ask(emulator, "/services/data", Origin=emulator.url).status_code == 200
    emulator.act("set_org", cors_allowlist=[PAGE])
    assert allowed(ask(emulator, "/services/data")) == PAGE


def test_a_preflight_says_what_may_be_sent(emulator: Emulator) -> None:
    emulator.act("set_org", cors_allowlist=[PAGE], cors_oauth=True)
    wanted = {"Access_Control_Request_Method": "POST",
              "Access_Control_Request_Headers": "authorization"}  # fmt: skip
    answer = ask(emulator, "/services/oauth2/token", "OPTIONS", **wanted)
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert "POST" in answer.headers["access-control-allow-methods"]
    emulator.act("set_org", cors_oauth=False)
    assert ask(emulator, "/services/oauth2/token", "OPTIONS", **wanted).status_code == 403


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("https://a.app.example", True),
        ("https://b.a.app.example", True),
        ("https://app.example", False),
        ("https://.app.example", False),
        ("https://a.app.example.evil", False),
        ("http://a.app.example", False),
    ],
)
def test_a_star_stands_for_what_is_below_a_domain(origin: str, fits: bool) -> None:
    assert listed(origin, ("https://*.app.example",)) is fits
