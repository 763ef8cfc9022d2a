"""What the engine's steps do, whichever way they are driven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evergrant.clock import Clock
from evergrant.errors import EvergrantError, Malformed, Refused, WireError
from evergrant.keeper.engine import raw
from evergrant.keeper.engine.claim import Claims
from evergrant.keeper.engine.commit import Commits
from evergrant.keeper.engine.gates import Gates
from evergrant.keeper.engine.heart import Heart
from evergrant.keeper.engine.refreshing import SleptThrough
from evergrant.keeper.engine.rules import Rules
from evergrant.keeper.engine.spill import Spill
from evergrant.keeper.engine.steps import Claim, Commit, Orphan, Ticket
from evergrant.keeper.renew import renewal
from evergrant.log import logger
from evergrant.model import Connection, Credential, Event, Secret
from evergrant.oauth.formats import read
from evergrant.oauth.revoke import revoke
from evergrant.store import Tx, events, token_requests
from evergrant.store.group import Group, Share
from evergrant.telemetry import span
from evergrant.vault import Vault
from evergrant.wire import Conversation, Reply

Trace = Callable[[str], None]
"""Told of every moment: `before Claim`, `after Claim`, …, `answer came`, `answer stored`."""


@dataclass(frozen=True, slots=True)
class Hands:
    """The resources of one process's engine, and what is done with them."""

    vault: Vault
    clock: Clock
    say: Callable[..., Any]
    rules: Rules
    group: Group
    spill: Spill
    gates: Gates
    claims: Claims
    commits: Commits
    heart: Heart
    ticks: Callable[[], float]
    trace: Trace | None

    def work(self, step: Claim | Commit) -> Callable[[Tx], Any]:
        """What a step does in one transaction, together with others."""
        if isinstance(step, Claim):
            return Share(self.claims.claim_each, step.want)
        return Share(self.commits.commit_each, step)

    @contextmanager
    def sending(self, ticket: Ticket) -> Iterator[None]:
        """While a request is on its way: the lease is kept, and the host is judged by the end."""
        with self.heart.beating(ticket.seq), span("token request"):
            try:
                yield
            except (WireError, Malformed) as failure:
                if not isinstance(failure, SleptThrough):
                    self.gates.failed(ticket.connection.login_host)
                raise
            except Refused:
                self.gates.answered(ticket.connection.login_host)
                raise
            self.gates.answered(ticket.connection.login_host)

    def asked(self, ticket: Ticket) -> Conversation[Credential]:
        """The token request, sent only while the right to it lasts."""
        if self.ticks() >= ticket.ends:
            raise SleptThrough("the right to this token request ended before it was sent")
        return renewal(ticket.integration, ticket.connection.login_host, ticket.kept, self.clock)

    # --- the raw answer --------------------------------------------------------------------------

    def sealed(self, ticket: Ticket, reply: Reply) -> bytes:
        """The raw answer, sealed for its row."""
        return raw.seal(self.vault, ticket, reply)

    def keeping(self, ticket: Ticket, sealed: bytes) -> Callable[[Tx], Any]:
        """What stores a raw answer, together with others."""
        answer = token_requests.RawAnswer(ticket.seq, sealed, self.clock.now())
        return Share(token_requests.keep_each, answer)

    def spilled(self, ticket: Ticket, sealed: bytes, trouble: Exception) -> None:
        """Keep in a file what the store would not take."""
        log = logger("engine")
        try:
            self.spill.keep(ticket.seq, sealed)
        except OSError as error:
            # It is still in memory: the commit is tried again and again before it is given up.
            log.error("an answer lies neither in the store nor in a file: %s", error.strerror)
            return
        log.warning("an answer lies in a file until the store takes it: %s", trouble)

    # --- what nobody will use --------------------------------------------------------------------

    def give_back(self, orphan: Orphan) -> None:
        """Revoke a token that came too late; one that cannot be is left for the next check."""
        told = ""
        try:
            self.say(revoke(orphan.connection.login_host, orphan.token))
        except (Refused, Malformed, WireError) as failure:
            told = f"a token out of use: {failure.what}"
        try:
            self.group.do(lambda tx: self._given_back(tx, orphan, told))
        except EvergrantError as trouble:
            logger("engine").warning("a revocation was not written down: %s", trouble.what)

    def _given_back(self, tx: Tx, orphan: Orphan, told: str) -> None:
        if told:
            event = Event(self.clock.now(), "not revoked", told)
            events.add(tx, orphan.connection.id, event)
        else:
            token_requests.end(tx, orphan.seq, "displaced", self.clock.now())

    def orphans(self, tx: Tx, connection: Connection) -> list[Orphan]:
        """Tokens that came too late and were not revoked yet, as their answers still lie here."""
        found = []
        for row in token_requests.orphans(tx, connection.id):
            reply = raw.unseal(self.vault, connection.id, row.seq, row.sealed or b"")
            told = read(reply).members
            if token := told.get("refresh_token") or told.get("access_token"):
                found.append(Orphan(row.seq, connection, Secret(token)))
        return found
