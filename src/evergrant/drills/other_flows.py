"""Flows that no integration of a drill lives on: passwords, SOAP login() and device, by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from evergrant import wire
from evergrant.drills.robot import browser, walk
from evergrant.drills.stage import WHO
from evergrant.errors import OurBug
from evergrant.model import Secret
from evergrant.oauth.client import TOKEN_PATH, ask, proof
from evergrant.wire import Request, send

if TYPE_CHECKING:
    from evergrant.drills.client import Broken
    from evergrant.wire.conversation import Text

_LOGIN: Final = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
    '<login xmlns="urn:partner.soap.sforce.com"><username>{}</username>'
    "<password>{}</password></login></env:Body></env:Envelope>"
)


def _user(client: Broken) -> dict[str, Any]:
    for each in client.stage.control.world()["users"]:
        if each["username"].startswith(f"{WHO}@"):
            return dict(each)
    raise OurBug(f"the world has no user {WHO}")


def _password(client: Broken) -> Secret:
    """The password as this client sends it: with the security token behind it, if it is whole."""
    user = _user(client)
    token = "" if client.mutation == "no-security-token" else user["security_token"]
    word = "notThePassword" if client.mutation == "wrong-password" else user["password"]
    return Secret(word + token)


def username_password(client: Broken) -> None:
    """The username-password flow."""
    form: dict[str, Text] = {
        "grant_type": "password",
        "username": _user(client)["username"],
        "password": _password(client),
    }
    form |= proof(client.app, client.host, None)
    wire.run(ask(client.host, client.app, form), clock=client.stage.keeper.clock)


def soap_login(client: Broken) -> str | None:
    """SOAP login(); answers the fault as a person would paste it."""
    body = _LOGIN.format(
        escape(_user(client)["username"]), escape(_password(client).reveal())
    ).encode()
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
    request = Request("POST", f"{client.host}/services/Soap/u/64.0", headers, content=body)
    reply = wire.run(send(request), clock=client.stage.keeper.clock)
    return reply.text() if reply.status != 200 else None


def device(client: Broken) -> None:
    """The device flow; two at once where the client is broken so, of which the first is fetched."""
    count = 2 if client.mutation == "two-devices-at-once" else 1
    begun = [_begin(client) for _ in range(count)]
    for each in begun:
        _approve(client, each)
    client.stage.control.advance(timedelta(seconds=int(begun[0]["interval"])))
    form: dict[str, Text] = {"grant_type": "device", "code": Secret(begun[0]["device_code"])}
    form |= proof(client.app, client.host, None)
    wire.run(ask(client.host, client.app, form), clock=client.stage.keeper.clock)


def _begin(client: Broken) -> dict[str, Any]:
    form: dict[str, Text] = {"response_type": "device_code", "client_id": client.app.consumer_key}
    request = Request("POST", client.host + TOKEN_PATH, form=form)
    return dict(wire.run(send(request), clock=client.stage.keeper.clock).json())


def _approve(client: Broken, begun: dict[str, Any]) -> None:
    url = f"{begun['verification_uri']}?{urlencode({'user_code': begun['user_code']})}"
    with browser() as profile:
        walk(url, client.stage.person(), client.app.redirect_uri, browser=profile)
