"""Claiming: in one short transaction, see what is known and take the right, if it is free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from evergrant.clock import Clock
from evergrant.health import LIVE
from evergrant.keeper.engine import raw
from evergrant.keeper.engine.gates import Gates
from evergrant.keeper.engine.rules import Rules
from evergrant.keeper.engine.spill import Spill
from evergrant.keeper.engine.steps import (
    Claimed,
    Current,
    Elsewhere,
    Gone,
    HeldBack,
    Recovered,
    Ticket,
    Want,
)
from evergrant.keeper.renew import wire_flow
from evergrant.model import Connection, Event
from evergrant.store import Tx, events, parts, standing, token_requests
from evergrant.store.integrations import IntegrationRow
from evergrant.store.standing import Renewable
from evergrant.store.token_requests import OPEN, RESTORED, TokenRequest
from evergrant.vault import MAIN, Kept, Vault

SENT = "renewal sent"
LOST_SIGHT = "renewal unknown"
"""Kinds of events: a refresh token was sent; and whoever sent one never said what came of it."""
ONE_AT_A_TIME = "credentials from a backup are tried one at a time"
_CLOSED_BADLY = frozenset({"refused", "unknown", "not sent"})

Found = Current | Elsewhere | HeldBack | Claimed | Recovered | Gone


@dataclass(frozen=True, slots=True)
class _Intent:
    """A token request that is ours to send, once it is written down."""

    ticket: Ticket
    row: TokenRequest
    failed: TokenRequest | None
    """The request before it, with the same token."""

    @property
    def is_replay(self) -> bool:
        """Whether nobody knows what came of the request before."""
        return self.failed is not None and self.failed.state == "unknown"

    @property
    def event(self) -> Event:
        """What the history says of it."""
        row = self.row
        told = {"answer_lost": self.is_replay, "spends": row.spent, "worker": row.owner}
        told |= parts.named(row.part)
        return Event(row.began_at, SENT, "the refresh token is on its way", told)


@dataclass(slots=True)
class Claims:
    """Takes the right to a refresh token; one for each process."""

    vault: Vault
    clock: Clock
    rules: Rules
    gates: Gates
    spill: Spill
    owner: str
    """Unique in the world: two workers of one name are still two."""
    ticks: Callable[[], float]
    mine: set[int] = field(default_factory=set)
    """Requests of this process that are on their way."""
    seen: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Requests of others → the sign of life seen last, and since when it stands still."""

    def claim_each(self, tx: Tx, wants: Sequence[Want]) -> list[Found]:
        """What there is to do for each want; an intent is written for what is ours to send."""
        known = standing.to_renew(tx, [(want.connection, want.part) for want in wants])
        begun: list[_Intent] = []
        found, now = [], self.clock.now()
        for want, stands in zip(wants, known, strict=True):
            each = self._found(tx, want, stands, begun, now)
            begun += [each] if isinstance(each, _Intent) else []
            found.append(each)
        claimed = iter(self._claimed(tx, begun))
        return [next(claimed) if isinstance(each, _Intent) else each for each in found]

    def _found(
        self, tx: Tx, want: Want, known: Renewable, begun: Sequence[_Intent], now: datetime
    ) -> Found | _Intent:
        connection, last = known.connection, known.last
        live = self.vault.open_credential(known.live) if known.live else None
        if connection.state not in LIVE or (live is None and want.not_token):
            return Gone()
        if live is not None and live.credential.access_token.fingerprint != want.not_token:
            return Current(live)
        if last is not None and last.state in OPEN and not self._is_dead(last):
            return Elsewhere(self.rules.look_every_s)
        ticket = self._ticket(tx, want, connection, known.integration, live)
        if last is not None and (found := self._recovered(tx, ticket, last)):
            return found
        if last is not None and last.state in OPEN:
            last = self._closed(tx, last)
        return self._sends(tx, want, ticket, last, begun, now)

    # --- what others left ------------------------------------------------------------------------

    def _is_dead(self, row: TokenRequest) -> bool:
        """Whether the owner of an open request gives no sign of life any more.

        Clocks jump, so no wall clock is asked: the row must be seen to stand still for a whole
        lease, by the ticks of this process.
        """
        if row.owner == self.owner:
            return row.seq not in self.mine
        now, (beat, since) = self.ticks(), self.seen.get(row.seq, (-1, 0.0))
        if beat != row.beat:
            self.seen = {row.seq: (row.beat, now), **dict(list(self.seen.items())[:1000])}
            return False
        return now - since >= self.rules.lease_s

    def _recovered(self, tx: Tx, ticket: Ticket, last: TokenRequest) -> Recovered | None:
        """An answer that came and was never committed, in the store or in a file."""
        live = ticket.kept
        row, sealed = last, last.sealed or self.spill.find(last.seq)
        if sealed is None and live is not None:
            late = token_requests.late_answer(tx, live.id, live.epoch, live.generation)
            row, sealed = (late, late.sealed) if late else (last, None)
        if sealed is None or not _renews(row, live):
            return None
        if row.state in OPEN:
            until = self.clock.now() + timedelta(seconds=self.rules.lease_s)
            token_requests.take_over(tx, row.seq, owner=self.owner, until=until)
        ticket = replace(ticket, seq=row.seq)
        reply = raw.unseal(self.vault, ticket.connection.id, row.seq, sealed)
        return Recovered(ticket, raw.read_again(ticket, reply, self.clock))

    def _closed(self, tx: Tx, row: TokenRequest) -> TokenRequest:
        """Close what a dead worker left: nobody knows what came of it, or nobody needs it."""
        now = self.clock.now()
        if row.state == "answered":
            token_requests.end(tx, row.seq, "orphaned", now)
            return replace(row, state="orphaned", ended_at=now)
        token_requests.end_open(tx, row.seq, "unknown", now)
        text = f"{row.owner} sent a token request at {row.began_at:%H:%M:%S} UTC and died"
        told = {"worker": row.owner, "began_at": row.began_at, "spent": row.spent}
        told |= parts.named(row.part)
        events.add(tx, row.connection, Event(now, LOST_SIGHT, text, told))
        return replace(row, state="unknown", ended_at=now)

    # --- what is ours to do ----------------------------------------------------------------------

    def _sends(
        self,
        tx: Tx,
        want: Want,
        ticket: Ticket,
        last: TokenRequest | None,
        begun: Sequence[_Intent],
        now: datetime,
    ) -> Found | _Intent:
        live, connection = ticket.kept, ticket.connection
        failed = last if last and _renews(last, live) and last.state in _CLOSED_BADLY else None
        if failed and failed.state == "unknown" and live and not want.refused and failed.spent:
            return Current(live, doubtful=True)
        if failed and not want.urgent and (wait_s := self._wait_s(failed)):
            return HeldBack(wait_s, f"the last token request ended {failed.state}")
        is_restored = failed is not None and failed.owner == RESTORED
        if is_restored and _is_restored_under_way(tx, begun):
            return HeldBack(self.rules.first_wait_s, ONE_AT_A_TIME)
        org = connection.identity.org_id if connection.identity else ""
        wait_s, why = self.gates.enter(connection.login_host, org)
        if wait_s:
            return HeldBack(wait_s, why)
        return _Intent(ticket, self._row(ticket, failed, now), failed)

    def _row(self, ticket: Ticket, failed: TokenRequest | None, now: datetime) -> TokenRequest:
        live, connection = ticket.kept, ticket.connection
        token = live.credential.refresh_token if live else None
        spent = token.fingerprint if token and ticket.flow == "refresh_token" else ""
        return TokenRequest(
            seq=0,
            connection=connection.id,
            part=ticket.part,
            credential=live.id if live else "",
            epoch=live.epoch if live else connection.epoch,
            generation=live.generation if live else 0,
            spent=spent,
            flow=ticket.flow,
            owner=self.owner,
            beat=0,
            leased_until=now + timedelta(seconds=self.rules.lease_s),
            state="under way",
            tries=failed.tries + 1 if failed else 0,
            began_at=now,
        )

    def _claimed(self, tx: Tx, begun: Sequence[_Intent]) -> list[Claimed]:
        """Write the intents, and that a refresh token is on its way."""
        seqs = token_requests.add_each(tx, [each.row for each in begun])
        spending = (each for each in begun if each.row.spent)
        events.add_each(tx, [(each.row.connection, each.event) for each in spending])
        return [
            Claimed(each.ticket.written(seq, replay=each.is_replay))
            for seq, each in zip(seqs, begun, strict=True)
        ]

    def _ticket(
        self, tx: Tx, want: Want, connection: Connection, row: IntegrationRow, live: Kept | None
    ) -> Ticket:
        integration = self.vault.open_integration(row)
        if want.part != MAIN and (part := parts.of_connection(tx, connection.id, want.part)):
            integration = part.view(integration)
        ends, flow = self.ticks() + self.rules.start_s, wire_flow(integration, live)
        return Ticket(0, connection, integration, live, flow, ends, part=want.part)

    def _wait_s(self, failed: TokenRequest) -> float:
        """What is left of the wait after a request that failed."""
        doubled = self.rules.first_wait_s * 2.0 ** min(failed.tries, 20)
        wait_s = min(doubled, self.rules.longest_wait_s)
        ended: datetime = failed.ended_at or failed.began_at
        # A clock that was put back must not make anybody wait longer than the longest wait.
        passed = max(0.0, (self.clock.now() - ended).total_seconds())
        return max(0.0, wait_s - passed)


def _is_restored_under_way(tx: Tx, begun: Sequence[_Intent]) -> bool:
    """Whether the refresh token of a restored credential is tried just now, or is about to be."""
    is_begun = any(each.failed and each.failed.owner == RESTORED for each in begun)
    return is_begun or token_requests.is_restored_under_way(tx)


def _renews(row: TokenRequest, live: Kept | None) -> bool:
    """Whether a request is about the credential that is in use."""
    if live is None:
        return row.credential == ""
    known = row.credential, row.epoch, row.generation
    return known == (live.id, live.epoch, live.generation)
