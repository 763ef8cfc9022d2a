"""The client credentials flow: the app itself, as its run-as user.

(Salesforce Help, OAuth 2.0 Client Credentials Flow.)
"""

from __future__ import annotations

from datetime import datetime

from evergrant.model import App, Credential
from evergrant.oauth.answers import complete
from evergrant.oauth.client import ask, proof
from evergrant.wire import Conversation


def mint(app: App, host: str, *, now: datetime | None = None) -> Conversation[Credential]:
    """A new access token for the run-as user; no refresh token comes with it.

    `host` must be the org's My Domain: Salesforce refuses the generic hosts in its own words.
    `now` is for clients that sign assertions.  Raises `Refused`, `Malformed`, and what the network
    throws.
    """
    form = {"grant_type": "client_credentials", **proof(app, host, now)}
    return complete((yield from ask(host, app, form)))
