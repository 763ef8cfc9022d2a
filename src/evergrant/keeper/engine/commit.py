"""Committing: what came is put in its place by compare-and-set, with its event, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from evergrant.clock import Clock
from evergrant.keeper.engine.steps import Commit, Displaced, Ended, Noted, Stored, Ticket
from evergrant.model import Credential, Event, Identity
from evergrant.store import Tx, connections, events, parts, token_requests
from evergrant.store.token_requests import State
from evergrant.vault import MAIN, Kept, Vault

RENEWED = "renewed"
_REMEMBERED = timedelta(days=30)
_TIDY_EVERY = 16


@dataclass(frozen=True, slots=True)
class Commits:
    """Commits what token requests brought."""

    vault: Vault
    clock: Clock

    def commit(self, tx: Tx, step: Commit) -> Stored | Displaced | Noted:
        """Store a credential, or write down how the request ended without one.

        The right may have ended meanwhile: an answer cannot be had again, so it counts as long as
        no newer credential is there.
        """
        ticket, came = step.ticket, step.came
        if isinstance(came, Ended):
            token_requests.end(tx, ticket.seq, came.state, self.clock.now())
            return Noted()
        kept = self._put(tx, ticket, came)
        if kept is None:
            return self._displaced(tx, ticket, came)
        self._end(tx, ticket, "done")
        text = f"new access token by {ticket.flow}"
        told = trail(ticket.kept, came) | parts.named(ticket.part)
        event = Event(self.clock.now(), RENEWED, text, told)
        events.add(tx, ticket.connection.id, event)
        return Stored(kept)

    def _put(self, tx: Tx, ticket: Ticket, came: Credential) -> Kept | None:
        if ticket.kept is not None:
            return self.vault.replace(tx, ticket.kept, came, tenant=ticket.connection.tenant)
        known = connections.by_id(tx, ticket.connection.id)
        part, is_newer = ticket.part, known.epoch != ticket.connection.epoch
        if is_newer or self.vault.live(tx, known.id, part) is not None:
            return None
        whose = known.identity or Identity("", "")
        if part != MAIN:
            whose = Identity(whose.org_id, "")  # its user may be another, and was not asked for
        return self.vault.keep(tx, known.id, came, identity=whose, epoch=known.epoch, part=part)

    def _displaced(self, tx: Tx, ticket: Ticket, came: Credential) -> Displaced:
        """Somebody was faster, authorized anew, or took the connection away.

        Of one approval nothing is revoked: its refresh tokens end together, the one in use with
        them.
        """
        live, before = self.vault.live(tx, ticket.connection.id, ticket.part), ticket.kept
        is_of_old = before is None or live is None or live.id != before.id
        orphan = came if is_of_old and not _shares(live, came) else None
        self._end(tx, ticket, "orphaned" if orphan else "displaced")
        return Displaced(live, orphan)

    def _end(self, tx: Tx, ticket: Ticket, state: State) -> None:
        now = self.clock.now()
        token_requests.end(tx, ticket.seq, state, now)
        if ticket.seq % _TIDY_EVERY == 0:
            token_requests.forget(tx, ticket.connection.id, now - _REMEMBERED)


def _shares(live: Kept | None, came: Credential) -> bool:
    """Whether the credential in use holds the same token: Salesforce may give one twice."""
    if live is None:
        return False
    token = came.refresh_token or came.access_token
    return token in (live.credential.refresh_token, live.credential.access_token)


def trail(kept: Kept | None, fresh: Credential) -> dict[str, Any]:
    """Which token was spent and which came: fingerprints, so that a replay can be seen later."""
    spent = kept.credential.refresh_token if kept else None
    came = fresh.refresh_token
    return {
        "spent": spent.fingerprint if spent else "",
        "refresh_token": came.fingerprint if came else "",
        "given": came.fingerprint if came else "",
        "rotated": bool(spent and came and spent != came),
        "answer_lost": False,
    }
