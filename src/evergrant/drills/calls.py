"""Calls of the API by a client with one thing wrong: its header, or the token it calls with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evergrant import wire
from evergrant.errors import OurBug
from evergrant.model import Secret, Session
from evergrant.oauth.callback import Granted, read_callback
from evergrant.oauth.web_server import Authorization, exchange, pkce
from evergrant.org.resources import good_call
from evergrant.org.rest import read_json
from evergrant.testing.robot import browser, walk
from evergrant.wire import Conversation, Request, send

if TYPE_CHECKING:
    from evergrant.drills.client import Broken
    from evergrant.model import Credential

NARROW = ("id", "openid", "refresh_token")
"""Scopes of a token that no API takes."""
FLAW = "malformed authorization header"
"""What `request.flaw` calls a header without its first word."""


def call(client: Broken) -> None:
    """One call of the API."""
    clock = client.stage.keeper.clock
    if client.mutation == "no-bearer":
        client.trail.sent(request_flaw=FLAW)
        wire.run(_bare(client.credential), clock=clock)
        return
    is_narrow = client.mutation == "narrow-token"
    client.trail.sent(api_scope=not is_narrow)
    token = _narrow(client) if is_narrow else client.credential
    wire.run(good_call(Session(token.instance_url, token.access_token)), clock=clock)


def _bare(credential: Credential) -> Conversation[None]:
    token = Secret(credential.access_token.reveal())
    url = f"{credential.instance_url.rstrip('/')}/services/data/v66.0/limits"
    read_json((yield from send(Request("GET", url, {"Authorization": token}))))


def _narrow(client: Broken) -> Credential:
    """A token of a new authorization with too few scopes."""
    verifier, challenge = pkce()
    app, person = replace(client.app, scopes=NARROW), client.stage.person()
    url = Authorization(app, client.host).url("state-of-a-drill", challenge)
    with browser() as profile:
        sight = walk(url, person, app.redirect_uri, browser=profile, follow=False)
    back = read_callback(sight.url) if sight.called_back else None
    if not isinstance(back, Granted):
        raise OurBug(f"the drill's client got no code for a narrow token: {sight.pasted()[:200]}")
    talk = exchange(app, client.host, back.code, verifier)
    return wire.run(talk, clock=client.stage.keeper.clock)
