"""Flows that no integration of a drill lives on: passwords, SOAP login() and device, by our clients
with one named thing wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from evergrant import wire
from evergrant.drills.stage import WHO
from evergrant.errors import OurBug, Refused
from evergrant.model import Password, Secret
from evergrant.oauth import device as device_flow
from evergrant.oauth import saml_bearer
from evergrant.oauth import soap_login as soap
from evergrant.oauth import username_password as passwords
from evergrant.testing.robot import browser, walk

if TYPE_CHECKING:
    from datetime import datetime

    from evergrant.drills.client import Broken
    from evergrant.drills.control import Control
    from evergrant.oauth.device import DeviceCode
    from evergrant.wire import Reply


class _Moving:
    """A clock whose waiting moves the emulated org's clock, and takes no time."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> datetime:
        return self._control.clock.now()

    def sleep(self, seconds: float) -> None:
        self._control.advance(timedelta(seconds=seconds))

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


def _user(client: Broken) -> dict[str, Any]:
    for each in client.stage.control.world()["users"]:
        if each["username"].startswith(f"{WHO}@"):
            return dict(each)
    raise OurBug(f"the world has no user {WHO}")


def _login(client: Broken, user: dict[str, Any]) -> Password:
    """The password as this client knows it: with the security token, if it is whole."""
    word = "notThePassword" if client.mutation == "wrong-password" else user["password"]
    is_bare = client.mutation == "no-security-token"
    return Password(Secret(word), None if is_bare else Secret(user["security_token"]))


def username_password(client: Broken) -> None:
    """The username-password flow."""
    user = _user(client)
    login = _login(client, user)
    talk = passwords.mint(client.app, client.host, user["username"], login)
    wire.run(talk, clock=client.stage.keeper.clock)


def soap_login(client: Broken) -> str | None:
    """SOAP login(); answers the fault as a person would paste it."""
    user = _user(client)
    heard: list[Reply] = []
    talk = soap.login(client.host, user["username"], _login(client, user))
    try:
        wire.run(talk, clock=client.stage.keeper.clock, seen=heard.append)
    except Refused:
        return heard[-1].text()
    return None


def device(client: Broken) -> None:
    """The device flow; two at once where the client is broken so, of which the first is fetched."""
    count = 2 if client.mutation == "two-devices-at-once" else 1
    app, host, clock = client.app, client.host, _Moving(client.stage.control)
    begun = [wire.run(device_flow.begin(app, host), clock=clock) for _ in range(count)]
    for each in begun:
        _approve(client, each)
    wire.run(device_flow.poll(app, host, begun[0]), clock=clock)


def _approve(client: Broken, begun: DeviceCode) -> None:
    url = f"{begun.verification_uri}?{urlencode({'user_code': begun.user_code.reveal()})}"
    with browser() as profile:
        walk(url, client.stage.person(), client.app.redirect_uri, browser=profile)


def saml(client: Broken) -> None:
    """The SAML bearer flow, with the key of the app's certificate."""
    audience = "https://test.salesforce.com" if client.mutation == "wrong-audience" else ""
    now, subject = client.stage.keeper.clock.now(), client.integration.subject
    talk = saml_bearer.mint(client.app, client.host, subject, now=now, audience=audience)
    wire.run(talk, clock=client.stage.keeper.clock)
