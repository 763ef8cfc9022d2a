"""The refresh token flow (Salesforce Help, OAuth 2.0 Refresh Token Flow; RFC 6749 §6)."""

from __future__ import annotations

from datetime import datetime

from evergrant.model import App, Credential, Secret
from evergrant.oauth.client import ask, proof
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text


def refresh(
    app: App, host: str, refresh_token: Secret, *, now: datetime | None = None
) -> Conversation[Credential]:
    """One refresh, asked once.

    The answer is what Salesforce said and no more: `merge` it with the credential in force.  A new
    refresh token in it means that the old one is dead already (rotation).  `scope` is never sent:
    the endpoint refuses it.  `now` is for clients that sign assertions.
    Raises `Refused`, `Malformed`, and what the network throws: after `OutcomeUnknown` a rotated
    token may be lost.
    """
    form: dict[str, Text] = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return ask(host, app, form | proof(app, host, now))
