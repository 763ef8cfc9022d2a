"""A new access token for a connection, by whichever way its flow has."""

from __future__ import annotations

from collections.abc import Callable

from evergrant.clock import Clock
from evergrant.errors import Refused
from evergrant.model import Credential, FlowId, Integration
from evergrant.oauth import client_credentials, jwt_bearer
from evergrant.oauth.refresh_token import refresh
from evergrant.vault import Kept
from evergrant.wire import Conversation

Renewal = Callable[[Integration, str, Kept | None, Clock], Conversation[Credential]]


def _refresh(
    integration: Integration, host: str, kept: Kept | None, clock: Clock
) -> Conversation[Credential]:
    token = kept.credential.refresh_token if kept else None
    if token is None:
        raise Refused("no refresh token", "this authorization never gave one", channel="own")
    return (yield from refresh(integration.app, host, token, now=clock.now()))


def _jwt_bearer(
    integration: Integration, host: str, _: Kept | None, clock: Clock
) -> Conversation[Credential]:
    who, at = integration.subject, clock.now()
    return (yield from jwt_bearer.mint(integration.app, host, who, now=at))


def _client_credentials(
    integration: Integration, host: str, _: Kept | None, clock: Clock
) -> Conversation[Credential]:
    return (yield from client_credentials.mint(integration.app, host, now=clock.now()))


RENEWALS: dict[FlowId, Renewal] = {
    "web_server": _refresh,
    "jwt_bearer": _jwt_bearer,
    "client_credentials": _client_credentials,
}
"""Flow of an integration → how its credential is renewed."""

WIRE_FLOW: dict[FlowId, FlowId] = {"web_server": "refresh_token"}
"""The flow that a renewal speaks on the wire, where it is not the integration's own."""


def renewal(
    integration: Integration, host: str, kept: Kept | None, clock: Clock
) -> Conversation[Credential]:
    """The conversation that renews a credential, or gets the first where no person is needed."""
    return RENEWALS[integration.flow](integration, host, kept, clock)
