"""The flows beside web server, JWT bearer and client credentials, against a local Salesforce org,
over sockets, through both drivers."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from evergrant.emulator.server import Emulator
from evergrant.errors import BadCallback, Malformed, Refused
from evergrant.model import App, Credential, Exchange, Password, Secret
from evergrant.oauth import (
    code_credentials,
    device,
    saml_bearer,
    soap_login,
    token_exchange,
    user_agent,
    username_password,
)
from evergrant.oauth.identity import userinfo
from evergrant.oauth.refresh_token import refresh
from evergrant.oauth.revoke import revoke
from evergrant.org import good_call
from evergrant.wire import Conversation, run
from oauth_kit import (
    CALLBACK,
    Browser,
    Moving,
    Play,
    app_of,
    ask,
    in_a_loop,
    oauth_org_fixture,  # noqa: F401 (a fixture)
    play_fixture,  # noqa: F401 (a fixture)
    served_fixture,  # noqa: F401 (a fixture)
    session_of,
    user_row,
)

WHO = "integration"


def works_for(org: Emulator, credential: Credential, play: Play, who: str = WHO) -> bool:
    """Whether it is that user's, and a call with it is good."""
    named = play(userinfo(session_of(credential))).username == user_row(org, who)["username"]
    return named and "resources" in play(good_call(session_of(credential)))


def login_of(org: Emulator, *, security_token: bool = True) -> Password:
    row = user_row(org, WHO)
    token = Secret(row["security_token"]) if security_token else None
    return Password(Secret(row["password"]), token)


# --- device --------------------------------------------------------------------------------------


@pytest.fixture
def device_app(org: Emulator) -> App:
    org.act("set_app", app="orbit-sync", device_flow=True)
    return app_of(org, scopes=("api", "refresh_token"))


def at_the_page(org: Emulator, begun: device.DeviceCode, decision: str = "allow") -> None:
    query = urlencode({"user_code": begun.user_code.reveal()})
    Browser(org, decision=decision).visit(f"{begun.verification_uri}?{query}")


class Person(Moving):
    """Goes to the page while the device waits for the n-th time."""

    def __init__(self, org: Emulator, begun: device.DeviceCode, turn: int, decision: str) -> None:
        super().__init__(org)
        self._go = partial(at_the_page, org, begun, decision)
        self._turn = turn

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.waited) == self._turn:
            self._go()


def test_a_device_waits_for_the_person_and_then_lives_on_its_refresh_token(
    org: Emulator, device_app: App, play: Play
) -> None:
    begun = play(device.begin(device_app, org.url))
    clock = Person(org, begun, 3, "allow")
    credential = play(device.poll(device_app, org.url, begun), clock=clock)
    assert clock.waited == [5, 5, 5]
    assert works_for(org, credential, play)
    assert credential.scopes == ("api", "refresh_token")
    assert credential.refresh_token
    assert works_for(org, play(refresh(device_app, org.url, credential.refresh_token)), play)


def test_a_person_who_denies_the_device_ends_its_waiting(
    org: Emulator, device_app: App, play: Play
) -> None:
    begun = play(device.begin(device_app, org.url))
    with pytest.raises(Refused) as met:
        play(device.poll(device_app, org.url, begun), clock=Person(org, begun, 2, "deny"))
    assert met.value.error == "access_denied"


def test_a_device_that_polls_faster_than_the_org_likes_slows_down_and_succeeds(
    org: Emulator, device_app: App, play: Play
) -> None:
    begun = play(device.begin(device_app, org.url))
    hasty = device.DeviceCode(begun.device_code, begun.user_code, begun.verification_uri, 2)
    clock = Person(org, begun, 4, "allow")
    assert works_for(org, play(device.poll(device_app, org.url, hasty), clock=clock), play)
    assert clock.waited == [2, 2, 7, 7]


def test_a_code_that_nobody_enters_ends_after_ten_minutes(
    org: Emulator, device_app: App, play: Play
) -> None:
    org.act("set_org", device_interval_seconds=60)
    begun = play(device.begin(device_app, org.url))
    clock = Moving(org)
    with pytest.raises(Refused) as met:
        play(device.poll(device_app, org.url, begun), clock=clock)
    assert sum(clock.waited) == 600
    assert met.value.error in ("authorization_pending", "invalid_grant")


def test_an_app_without_the_device_flow_is_refused_at_the_first_leg(
    org: Emulator, play: Play
) -> None:
    with pytest.raises(Refused) as met:
        play(device.begin(app_of(org), org.url))
    assert met.value.description == "device flow is not enabled for the app"


# --- SAML bearer ---------------------------------------------------------------------------------


@pytest.fixture
def signing(org: Emulator) -> App:
    key = Secret(ask(org, "/key/orbit-jwt")["private_key"])
    return app_of(org, "orbit-jwt", private_key=key)


def test_an_assertion_of_ours_gets_a_token_for_its_user(
    org: Emulator, signing: App, play: Play
) -> None:
    user = user_row(org, WHO)["username"]
    credential = play(saml_bearer.mint(signing, org.url, user, now=org.clock.now()))
    assert credential.refresh_token is None
    assert works_for(org, credential, play)


@pytest.mark.parametrize(
    ("change", "error", "description"),
    [
        ({"audience": "https://test.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"late": timedelta(hours=1)}, "invalid_grant", "expired authorization code"),
        ({"app": {"consumer_key": "3MVG9x"}}, "invalid_client_id", "client identifier invalid"),
        ({"user": "nobody@x.example"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
def test_an_assertion_with_one_thing_wrong_is_refused_for_that(
    org: Emulator, signing: App, play: Play, change: dict[str, Any], error: str, description: str
) -> None:
    key = Secret(ask(org, "/key/orbit-jwt")["private_key"])
    app = app_of(org, "orbit-jwt", private_key=key, **change.get("app", {}))
    user = change.get("user", user_row(org, WHO)["username"])
    now = org.clock.now() - change.get("late", timedelta())
    with pytest.raises(Refused) as met:
        play(saml_bearer.mint(app, org.url, user, now=now, audience=change.get("audience", "")))
    assert (met.value.error, met.value.description) == (error, description)


def test_an_assertion_signed_with_another_key_is_refused(
    org: Emulator, signing: App, play: Play
) -> None:
    org.act("set_certificate", app="orbit-jwt")
    user = user_row(org, WHO)["username"]
    with pytest.raises(Refused) as met:
        play(saml_bearer.mint(signing, org.url, user, now=org.clock.now()))
    assert met.value.description == "invalid assertion"


# --- passwords -----------------------------------------------------------------------------------


def test_a_password_with_its_security_token_gets_a_token_where_the_org_allows_it(
    org: Emulator, play: Play
) -> None:
    app, user = app_of(org), user_row(org, WHO)["username"]
    with pytest.raises(Refused) as blocked:
        play(username_password.mint(app, org.url, user, login_of(org)))
    assert blocked.value.description == "authentication failure"
    org.act("set_org", block_username_password=False)
    credential = play(username_password.mint(app, org.url, user, login_of(org)))
    assert credential.refresh_token is None
    assert works_for(org, credential, play)
    with pytest.raises(Refused) as bare:
        play(username_password.mint(app, org.url, user, login_of(org, security_token=False)))
    assert bare.value.description == "authentication failure"


def test_a_soap_login_gets_a_session_where_the_org_allows_it(org: Emulator, play: Play) -> None:
    user = user_row(org, WHO)["username"]
    with pytest.raises(Refused) as off:
        play(soap_login.login(org.url, user, login_of(org)))
    assert (off.value.error, off.value.channel) == ("INVALID_OPERATION", "soap")
    assert off.value.description.startswith("SOAP API login() is disabled by default in this org")
    org.act("set_org", soap_login=True)
    credential = play(soap_login.login(org.url, user, login_of(org)))
    assert credential.instance_url == org.url
    assert "resources" in play(good_call(session_of(credential)))
    wrong = Password(Secret("notThePassword"))
    with pytest.raises(Refused) as met:
        play(soap_login.login(org.url, user, wrong))
    assert met.value.error == "INVALID_LOGIN"


@pytest.mark.parametrize("post_only", [False, True], ids=["in the header", "in the body"])
def test_a_headless_login_gets_a_code_and_then_a_credential(
    org: Emulator, play: Play, post_only: bool
) -> None:
    org.act("set_org", code_credentials=True)
    knobs = {"code_credentials": True, "code_credentials_post_only": post_only}
    org.act("set_app", app="orbit-sync", pkce_required=True, **knobs)
    app, user = app_of(org), user_row(org, WHO)["username"]
    credential = play(code_credentials.grant(app, org.url, user, login_of(org)))
    assert credential.refresh_token
    assert credential.extras["sfdc_community_url"] == org.url
    assert works_for(org, credential, play)
    with pytest.raises(Refused) as met:
        play(code_credentials.grant(app, org.url, user, Password(Secret("wrong"))))
    assert (met.value.error, met.value.channel) == ("login_error", "redirect")


def test_a_headless_login_is_refused_where_the_flow_is_off(org: Emulator, play: Play) -> None:
    user = user_row(org, WHO)["username"]
    with pytest.raises(Refused) as met:
        play(code_credentials.grant(app_of(org), org.url, user, login_of(org)))
    assert met.value.error == "oauth_flow_disabled"


# --- token exchange ------------------------------------------------------------------------------


def test_a_foreign_token_is_exchanged_for_one_that_lasts(org: Emulator, play: Play) -> None:
    app, user = app_of(org), user_row(org, WHO)["username"]
    ours, theirs = Exchange("id_token", "OktaHandler"), Secret("a-token-of-the-other-provider")
    with pytest.raises(Refused) as missing:
        play(token_exchange.exchange(app, org.url, theirs, ours))
    assert missing.value.description == "token handler not found"
    org.act("set_app", app="orbit-sync", token_exchange=True)
    org.act("approve", app="orbit-sync", user=WHO)
    org.act(
        "set_token_handler", name="OktaHandler", apps=["orbit-sync"],
        subjects={theirs.reveal(): user}, message="Your badge ended.",
    )  # fmt: skip
    credential = play(token_exchange.exchange(app, org.url, theirs, ours))
    assert works_for(org, credential, play)
    assert credential.refresh_token
    assert works_for(org, play(refresh(app, org.url, credential.refresh_token)), play)
    with pytest.raises(Refused) as other:
        play(token_exchange.exchange(app, org.url, Secret("another-token"), ours))
    assert other.value.description == "Your badge ended."


# --- user-agent and hybrid -----------------------------------------------------------------------


def fragment(org: Emulator, app: App, kind: str, scope: str) -> str:
    """Where the browser of a client that still uses the flow ends."""
    asked = {
        "response_type": kind, "client_id": app.consumer_key, "redirect_uri": CALLBACK,
        "state": "s1", "scope": scope,
    }  # fmt: skip
    return Browser(org).visit(f"{org.url}/services/oauth2/authorize?{urlencode(asked)}")


@pytest.mark.parametrize(
    ("kind", "scope"), [("token", "api"), ("hybrid_token", "api web lightning refresh_token")]
)
def test_what_a_browser_brought_back_is_read_and_known_for_this_app(
    org: Emulator, play: Play, kind: str, scope: str
) -> None:
    org.act("set_org", block_user_agent=False)
    scopes = ["api", "web", "lightning", "refresh_token"]
    org.act("set_app", app="orbit-sync", scopes=scopes)
    app = app_of(org)
    came = fragment(org, app, kind, scope)
    credential = play(user_agent.take(app, org.url, came, "s1"))
    assert works_for(org, credential, play)
    assert not [name for name in credential.extras if name.endswith(("_sid", "token"))]
    with pytest.raises(BadCallback):
        play(user_agent.take(app, org.url, came, "s2"))
    other = app_of(org, "pocket-charts")
    with pytest.raises(Malformed, match="not one that works for this app"):
        play(user_agent.take(other, org.url, came, "s1"))
    play(revoke(org.url, credential.access_token))
    with pytest.raises(Malformed, match="not one that works for this app"):
        play(user_agent.take(app, org.url, came, "s1"))


def test_a_blocked_user_agent_flow_is_read_as_a_refusal(org: Emulator, play: Play) -> None:
    app = app_of(org)
    with pytest.raises(Refused) as met:
        play(user_agent.take(app, org.url, fragment(org, app, "token", "api"), "s1"))
    assert met.value.error == "unsupported_response_type"


# --- together ------------------------------------------------------------------------------------


def test_both_drivers_hear_the_same_from_the_same_org(org: Emulator, signing: App) -> None:
    user = user_row(org, WHO)["username"]

    def one() -> Conversation[Credential]:
        return saml_bearer.mint(signing, org.url, user, now=org.clock.now())

    first, second = run(one()), in_a_loop(one())
    assert first.identity_url == second.identity_url
    assert first.access_token != second.access_token
