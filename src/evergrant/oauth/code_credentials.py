"""Authorization code and credentials: a login page of the client's own, and no browser.

Salesforce has it for external users of Experience Cloud sites only (Salesforce Help, Authorization
Code and Credentials Flow; Headless Identity guide).
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from evergrant.errors import BadInput, Malformed
from evergrant.model import App, Credential, Password, Secret
from evergrant.oauth.answers import read_answer
from evergrant.oauth.callback import Denied, Granted, read_callback
from evergrant.oauth.formats import read
from evergrant.oauth.username_password import named
from evergrant.oauth.web_server import AUTHORIZE_PATH, exchange, pkce
from evergrant.wire import Conversation, Reply, Request, host_of, send
from evergrant.wire.conversation import Text


@dataclass(frozen=True, slots=True)
class _Visitor:
    username: str
    password: Secret
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


def grant(
    app: App, host: str, username: str, login: Password, *, now: datetime | None = None
) -> Conversation[Credential]:
    """Both steps: a code for username and password, and a credential for the code (with PKCE).

    `host` is a site.  `now` is for clients that sign assertions.  Raises `BadInput` without a
    username, `Refused` (`login_error` for a wrong password), `Malformed`, and what the network
    throws: after `OutcomeUnknown` only a new login helps.
    """
    visitor, (verifier, challenge) = _Visitor(named(username), login.password), pkce()
    form: dict[str, Text] = {
        "response_type": "code_credentials",
        "client_id": app.consumer_key,
        "redirect_uri": app.redirect_uri,
        "state": visitor.state,
        "code_challenge": challenge,
    }
    if app.scopes:
        form["scope"] = " ".join(app.scopes)
    code = _code((yield from _log_in(host, form, visitor)), visitor)
    return (yield from exchange(app, host, code, verifier, now=now))


def _log_in(host: str, form: dict[str, Text], visitor: _Visitor) -> Conversation[Reply]:
    """The credentials in a Basic header, and in the body of a second request where an app takes
    them there alone: it then ignores the header and answers with its login page."""
    url, kind = host + AUTHORIZE_PATH, {"Auth-Request-Type": "Named-User"}
    pair = f"{visitor.username}:{visitor.password.reveal()}".encode()
    basic = Secret(f"Basic {base64.b64encode(pair).decode()}")
    headers: dict[str, Text] = {**kind, "Authorization": basic}
    reply = yield from send(Request("POST", url, headers, form=form))
    if reply.status != 200 or read(reply).channel != "html":
        return reply
    own: dict[str, Text] = {"username": visitor.username, "password": visitor.password}
    return (yield from send(Request("POST", url, kind, form=form | own)))


def _code(reply: Reply, visitor: _Visitor) -> Secret:
    """The code in the redirect, which nobody follows."""
    host = host_of(reply.url)
    if not 300 <= reply.status < 400:
        read_answer(reply)
        raise Malformed(
            f"{host} answered {reply.status} instead of giving a code",
            why="the flow may be off, or the host is no site",
            next_step="check the login host, and the app's authorization code and credentials flow",
        )
    try:
        back = read_callback(reply.headers.get("location", ""))
    except BadInput:
        raise Malformed(f"{host} redirects to where neither a code nor an error is") from None
    match back:
        case Denied():
            raise back.refusal()
        case Granted(code, state) if hmac.compare_digest(state.encode(), visitor.state.encode()):
            return code
        case _:
            raise Malformed(f"{host} gave the code of another login")
