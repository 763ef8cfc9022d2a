"""A new access token for a connection, by whichever way its flow has."""

from __future__ import annotations

from collections.abc import Callable

from evergrant.clock import Clock
from evergrant.errors import OutcomeUnknown, Refused
from evergrant.keeper.classify import OWN
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.live import give_back
from evergrant.keeper.record import note
from evergrant.model import Connection, Credential, FlowId, Identity, Integration
from evergrant.oauth import client_credentials, jwt_bearer
from evergrant.oauth.refresh_token import refresh
from evergrant.store import Tx, events
from evergrant.vault import Kept
from evergrant.wire import Conversation

SENT = "renewal sent"
_ENDS = frozenset({"renewed", "connected", "reauthorized", "refused"})
"""Kinds of events: a refresh token was sent; and what ends the time in which its answer is due."""

Renewal = Callable[[Integration, str, Kept | None, Clock], Conversation[Credential]]


class Overtaken(Exception):
    """The credential at hand is no longer the one in use: whoever holds it looks again."""


def _refresh(
    integration: Integration, host: str, kept: Kept | None, clock: Clock
) -> Conversation[Credential]:
    token = kept.credential.refresh_token if kept else None
    if token is None:
        raise Refused("no refresh token", "this authorization never gave one", channel=OWN)
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


def renew_now(
    keeper: Keeper,
    connection: Connection,
    integration: Integration,
    kept: Kept | None,
    *,
    flow: FlowId,
) -> Kept:
    """Renew a credential and store the answer; nobody sees it before it is stored.

    Raises what the conversation raises, and `Overtaken` when a newer authorization, or a removal,
    came meanwhile: what was got is then given back.
    """
    _intend(keeper, connection, kept)
    fresh = keeper.say(renewal(integration, connection.login_host, kept, keeper.clock))
    with keeper.writing() as tx:
        stored = _stored(keeper, tx, connection, kept, fresh)
        theirs = keeper.vault.live(tx, connection.id)
        if stored is not None:
            text = f"new access token by {flow}"
            note(keeper, tx, connection.id, "renewed", text, **_trail(kept, fresh))
            return stored
    give_back(keeper, connection, fresh, unlike=theirs.credential if theirs else None)
    raise Overtaken


def _stored(
    keeper: Keeper, tx: Tx, connection: Connection, kept: Kept | None, fresh: Credential
) -> Kept | None:
    if kept is not None:
        return keeper.vault.replace(tx, kept, fresh)
    whose = connection.identity or Identity("", "")
    return keeper.vault.keep(tx, connection.id, fresh, identity=whose, epoch=connection.epoch)


def _intend(keeper: Keeper, connection: Connection, kept: Kept | None) -> None:
    """Write down that a refresh token is about to be spent: an answer that never comes is known
    by it, and a store that cannot be written is found before the token is gone.

    Raises `Overtaken` for a token that is not the one in use: whoever slept through the end of its
    lease would spend what was rotated away, and Salesforce would revoke what came of it.
    """
    if kept is None or kept.credential.refresh_token is None:
        return
    with keeper.writing() as tx:
        live = keeper.vault.live(tx, connection.id)
        if live is None or (live.id, live.generation) != (kept.id, kept.generation):
            raise Overtaken
        note(
            keeper,
            tx,
            connection.id,
            SENT,
            "the refresh token is on its way",
            answer_lost=_is_answer_lost(tx, connection.id),
        )


def _is_answer_lost(tx: Tx, connection_id: str) -> bool:
    """Whether the renewal before this one was sent and its answer never stored."""
    for event in events.recent(tx, connection_id):
        if event.kind == SENT:
            return True
        # Only Salesforce's word, or proof that nothing was sent, ends a renewal.
        if event.kind in _ENDS and event.data.get("error") != OutcomeUnknown.__name__:
            return False
    return False


def _trail(kept: Kept | None, fresh: Credential) -> dict[str, str | bool]:
    """Which token was spent and which came: fingerprints, so that a replay can be seen later."""
    spent = kept.credential.refresh_token if kept else None
    came = fresh.refresh_token
    return {
        "spent": spent.fingerprint if spent else "",
        "refresh_token": came.fingerprint if came else "",
        "rotated": bool(spent and came and spent != came),
        "answer_lost": False,
    }
