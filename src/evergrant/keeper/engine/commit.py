"""Committing: what came is put in its place by compare-and-set, with its event, in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
class _End:
    """How one token request ends, and what its engine is told."""

    ticket: Ticket
    state: State
    answer: Stored | Displaced | Noted
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Commits:
    """Commits what token requests brought."""

    vault: Vault
    clock: Clock

    def commit_each(self, tx: Tx, steps: Sequence[Commit]) -> list[Stored | Displaced | Noted]:
        """Store each credential, or write down how its request ended without one.

        The right may have ended meanwhile: an answer cannot be had again, so it counts as long as
        no newer credential is there.
        """
        renewed, now = iter(self._renewed(tx, steps)), self.clock.now()
        return self._closed(tx, [self._one(tx, each, renewed, now) for each in steps], now)

    def _renewed(self, tx: Tx, steps: Sequence[Commit]) -> list[Kept | None]:
        """Put the renewed credentials in the place of those that were sent."""
        came = (
            (before, step.came, step.ticket.connection.tenant)
            for step in steps
            if (before := step.ticket.kept) and isinstance(step.came, Credential)
        )
        return self.vault.replace_each(tx, list(came))

    def _one(self, tx: Tx, step: Commit, renewed: Iterator[Kept | None], now: datetime) -> _End:
        ticket, came = step.ticket, step.came
        if isinstance(came, Ended):
            return _End(ticket, came.state, Noted())
        kept = next(renewed) if ticket.kept else self._first(tx, ticket, came)
        if kept is None:
            return self._displaced(tx, ticket, came)
        text = f"new access token by {ticket.flow}"
        told = trail(ticket.kept, came) | parts.named(ticket.part)
        return _End(ticket, "done", Stored(kept), Event(now, RENEWED, text, told))

    def _first(self, tx: Tx, ticket: Ticket, came: Credential) -> Kept | None:
        """Keep the first credential of a part, if none has come meanwhile."""
        known = connections.by_id(tx, ticket.connection.id)
        part, is_newer = ticket.part, known.epoch != ticket.connection.epoch
        if is_newer or self.vault.live(tx, known.id, part) is not None:
            return None
        whose = known.identity or Identity("", "")
        if part != MAIN:
            whose = Identity(whose.org_id, "")  # its user may be another, and was not asked for
        return self.vault.keep(tx, known.id, came, identity=whose, epoch=known.epoch, part=part)

    def _displaced(self, tx: Tx, ticket: Ticket, came: Credential) -> _End:
        """Somebody was faster, authorized anew, or took the connection away.

        Of one approval nothing is revoked: its refresh tokens end together, the one in use with
        them.
        """
        live, before = self.vault.live(tx, ticket.connection.id, ticket.part), ticket.kept
        is_of_old = before is None or live is None or live.id != before.id
        orphan = came if is_of_old and not _shares(live, came) else None
        return _End(ticket, "orphaned" if orphan else "displaced", Displaced(live, orphan))

    def _closed(
        self, tx: Tx, ends: Sequence[_End], now: datetime
    ) -> list[Stored | Displaced | Noted]:
        """Close the requests, write the histories, and now and then forget what is long over."""
        token_requests.end_each(tx, [(each.ticket.seq, each.state) for each in ends], now)
        told = [(each.ticket.connection.id, each.event) for each in ends]
        events.add_each(tx, [(whose, event) for whose, event in told if event is not None])
        for ticket in (each.ticket for each in ends):
            if ticket.seq % _TIDY_EVERY == 0:
                whose = ticket.connection.id, ticket.part
                token_requests.forget(tx, *whose, now - _REMEMBERED)
        return [each.answer for each in ends]


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
