"""The username-password flow: legacy, for what cannot be changed yet.

Orgs made since Summer '23 block it, external client apps do not offer it, and Salesforce announced
its end for connected apps with Winter '27 (Salesforce Help, OAuth 2.0 Username-Password Flow and
Username-Password Flow Retirement).
"""

from __future__ import annotations

from datetime import datetime

from evergrant.errors import BadInput
from evergrant.model import App, Credential, Password, Secret
from evergrant.oauth.answers import complete
from evergrant.oauth.client import ask, proof
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

GRANT_TYPE = "password"


def mint(
    app: App, host: str, username: str, login: Password, *, now: datetime | None = None
) -> Conversation[Credential]:
    """A new access token for the user; no refresh token comes with it.

    `now` is for clients that sign assertions.  Salesforce says *authentication failure* for a dozen
    causes; Login History tells them apart.  Raises `BadInput` without a username, `Refused`,
    `Malformed`, and what the network throws.
    """
    form: dict[str, Text] = {
        "grant_type": GRANT_TYPE,
        "username": named(username),
        "password": sent(login),
        **proof(app, host, now),
    }
    return complete((yield from ask(host, app, form)))


def sent(login: Password) -> Secret:
    """The password as Salesforce wants it: the security token, if any, right behind it."""
    token = login.security_token
    return Secret(login.password.reveal() + (token.reveal() if token else ""))


def named(username: str) -> str:
    """The username.  Raises `BadInput` where there is none."""
    if not username:
        raise BadInput(
            "a password needs a username",
            next_step="give the integration a subject: the username",
            whose="integration",
        )
    return username
