"""The ways to a new access token: which conversation renews the credential of which flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from evergrant.clock import Clock
from evergrant.errors import BadInput, Refused
from evergrant.model import App, Credential, FlowId, Integration, Password
from evergrant.oauth import client_credentials, jwt_bearer, saml_bearer, username_password
from evergrant.oauth.code_credentials import grant
from evergrant.oauth.refresh_token import refresh
from evergrant.vault import Kept
from evergrant.wire import Conversation

OWN = "own"
"""Channel of a refusal that came from nobody but us."""

Renewal = Callable[[Integration, str, Kept | None, Clock], Conversation[Credential]]


def _refresh(
    integration: Integration, host: str, kept: Kept | None, clock: Clock
) -> Conversation[Credential]:
    token = kept.credential.refresh_token if kept else None
    if token is None:
        raise Refused("no refresh token", "this authorization never gave one", channel=OWN)
    return refresh(integration.app, host, token, now=clock.now())


def _jwt_bearer(
    integration: Integration, host: str, _: Kept | None, clock: Clock
) -> Conversation[Credential]:
    who, at = integration.subject, clock.now()
    return (yield from jwt_bearer.mint(integration.app, host, who, now=at))


def _saml_bearer(
    integration: Integration, host: str, _: Kept | None, clock: Clock
) -> Conversation[Credential]:
    who, at = integration.subject, clock.now()
    return (yield from saml_bearer.mint(integration.app, host, who, now=at))


def _client_credentials(
    integration: Integration, host: str, _: Kept | None, clock: Clock
) -> Conversation[Credential]:
    return (yield from client_credentials.mint(integration.app, host, now=clock.now()))


def _username_password(
    integration: Integration, host: str, _: Kept | None, clock: Clock
) -> Conversation[Credential]:
    app, who, login = integration.app, integration.subject, _password(integration)
    return (yield from username_password.mint(app, host, who, login, now=clock.now()))


def code_credentials(
    integration: Integration, host: str, kept: Kept | None, clock: Clock
) -> Conversation[Credential]:
    """Refresh where that is possible; else log in again, which needs no person."""
    if kept is not None and kept.credential.refresh_token is not None:
        return (yield from _refresh(integration, host, kept, clock))
    app, who, login = integration.app, integration.subject, _password(integration)
    return (yield from grant(app, host, who, login, now=clock.now()))


def _password(integration: Integration) -> Password:
    if isinstance(integration.means, Password):
        return integration.means
    raise BadInput(
        f"{integration.name} has no password",
        next_step="give the integration one; its file names it by variable or file",
        whose="integration",
    )


RENEWALS: dict[FlowId, Renewal] = {
    "web_server": _refresh,
    "device": _refresh,
    "token_exchange": _refresh,
    "code_credentials": code_credentials,
    "jwt_bearer": _jwt_bearer,
    "saml_bearer": _saml_bearer,
    "client_credentials": _client_credentials,
    "username_password": _username_password,
}
"""Flow of an integration → how its credential is renewed."""


def needs_person(flow: FlowId) -> bool:
    """Whether only a new authorization gives a credential where there is none."""
    return RENEWALS[flow] is _refresh


def wire_flow(integration: Integration, kept: Kept | None) -> FlowId:
    """The flow that a renewal speaks on the wire."""
    has_token = kept is not None and kept.credential.refresh_token is not None
    if RENEWALS[integration.flow] is _refresh or (
        RENEWALS[integration.flow] is code_credentials and has_token
    ):
        return "refresh_token"
    return integration.flow


def renewal(
    integration: Integration, host: str, kept: Kept | None, clock: Clock
) -> Conversation[Credential]:
    """The conversation that renews a credential, or gets the first where that is the same.

    While a consumer secret is being rotated, the next one is tried when the first is refused: a
    client that is not known has spent nothing.  A connection that tries the next one is renewed
    with it alone.
    """
    renew, app = RENEWALS[integration.flow], integration.app
    if kept is not None and app.staged is not None and app.staged.trial == kept.connection:
        return (yield from renew(_with_second(integration), host, kept, clock))
    try:
        return (yield from renew(integration, host, kept, clock))
    except Refused as refused:
        if app.next_secret is None or refused.error not in NOT_THE_CLIENT:
            raise
    return (yield from renew(_with_second(integration), host, kept, clock))


def _with_second(integration: Integration) -> Integration:
    return replace(integration, app=_second(integration.app))


def _second(app: App) -> App:
    """The app as it proves itself with its second key and secret; without a secret by key alone."""
    key = app.staged.key if app.staged else app.consumer_key
    secret = app.next_secret if app.consumer_secret is not None else None
    return replace(app, consumer_key=key, consumer_secret=secret)


NOT_THE_CLIENT = frozenset({"invalid_client", "invalid_client_credentials", "invalid_client_id"})
"""What a wrong secret or key is refused with (Salesforce CLI guide; the second is documented in the
Mobile SDK and never witnessed)."""
