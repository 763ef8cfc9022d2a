"""How a client proves itself at the token endpoint, and the one way to ask it.

A confidential client sends its secret or, without one, an assertion signed with its private key;
a public client sends its consumer key alone (Salesforce Help, OAuth 2.0 Web Server Flow and OAuth
2.0 Refresh Token Flow).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from evergrant.errors import OurBug
from evergrant.model import App, Credential
from evergrant.oauth.answers import read_token
from evergrant.oauth.assertions import signed
from evergrant.wire import Conversation, Request, send
from evergrant.wire.conversation import Text

TOKEN_PATH = "/services/oauth2/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = timedelta(seconds=180)


def ask(host: str, app: App, form: dict[str, Text]) -> Conversation[Credential]:
    """Post a form to the token endpoint of a login host and read what it gives.

    Raises `Refused`, `Malformed`, and what the network throws.
    """
    reply = yield from send(Request("POST", host + TOKEN_PATH, form=form))
    return read_token(reply, app.consumer_secret)


def proof(app: App, host: str, now: datetime | None) -> dict[str, Text]:
    """The form fields that say which client this is.

    `now` is only needed, and then must be given, where a private key stands for the secret.
    """
    fields: dict[str, Text] = {"client_id": app.consumer_key}
    if app.consumer_secret:
        return fields | {"client_secret": app.consumer_secret}
    if not app.private_key:
        return fields
    if now is None:
        raise OurBug("a client assertion cannot be signed without the time")
    # RFC 7523 §3: issuer and subject are the client, the audience is the token endpoint; that
    # Salesforce wants exactly this audience is inferred from the RFC.
    claims = {
        "iss": app.consumer_key,
        "sub": app.consumer_key,
        "aud": host + TOKEN_PATH,
        "exp": int((now + LIFETIME).timestamp()),
        "jti": secrets.token_urlsafe(16),
    }
    assertion: dict[str, Text] = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed(claims, app.private_key),
    }
    return fields | assertion
