"""The words of the engine: what it asks to be done, what it is answered, and what comes of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from evergrant.errors import EvergrantError
from evergrant.keeper.engine.failures import Kind
from evergrant.model import Connection, Credential, FlowId, Integration, Secret
from evergrant.store.token_requests import State
from evergrant.vault import MAIN, Kept


@dataclass(frozen=True, slots=True)
class Want:
    """Another access token than this one."""

    connection: str
    not_token: str = ""
    """Fingerprint of the access token at hand; '' when there is none."""
    refused: bool = False
    """Whether Salesforce refused that token; otherwise it may still be alive."""
    urgent: bool = False
    """Asked for by a person or by the watch: waits of earlier failures do not hold it back."""
    sends: int = 1
    """How many token requests may be sent, when the token is in use elsewhere."""
    part: str = MAIN


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to send one token request; written down as an intent."""

    seq: int
    connection: Connection
    integration: Integration
    kept: Kept | None
    """What is renewed; None where a flow mints its first."""
    flow: FlowId
    ends: float
    """By the ticks of this process: after it the request may not be sent any more."""
    replay: bool = False
    """Whether nobody knows what came of the request before this one."""
    part: str = MAIN

    def written(self, seq: int, *, replay: bool) -> Ticket:
        """The same, once its intent is a row."""
        what = self.connection, self.integration, self.kept, self.flow, self.ends
        return Ticket(seq, *what, replay, self.part)


# --- what the engine asks for --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """Look at the rows; take the right and write the intent, if it is ours to take."""

    want: Want


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Send:
    """Send the token request; its raw answer is stored before it is read."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Commit:
    """Store what came: a credential by compare-and-set, or how the request ended without one."""

    ticket: Ticket
    came: Credential | Ended


@dataclass(frozen=True, slots=True)
class Orphan:
    """A token that came too late: it is revoked, so that it does not count as an approval."""

    seq: int
    """The token request that brought it."""
    connection: Connection
    token: Secret


@dataclass(frozen=True, slots=True)
class Publish:
    """Let everybody see the outcome who waits for it, and give back what nobody will use."""

    outcome: Outcome
    orphan: Orphan | None = None


Step: TypeAlias = Claim | Wait | Send | Commit | Publish


# --- what it is answered -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Current:
    """Another token is in use already, or the one at hand is to be used up first."""

    kept: Kept
    doubtful: bool = False
    """The outcome of the last token request is not known."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another worker has the right."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right is ours, and the intent is on the disk."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Recovered:
    """An answer that came earlier and was never committed: nothing needs to be sent."""

    ticket: Ticket
    came: Credential | Ended


@dataclass(frozen=True, slots=True)
class Ended:
    """A token request that gave no token."""

    state: State
    """`refused`, `not sent` or `unknown`."""
    failure: EvergrantError
    slept: bool = False
    """Not sent because the right had ended before."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The credential is in its place."""

    kept: Kept


@dataclass(frozen=True, slots=True)
class Displaced:
    """A newer credential, or nothing, stands where this answer would have gone."""

    live: Kept | None
    orphan: Credential | None
    """What nobody uses and is to be revoked; None where revoking it would end the one in use."""


@dataclass(frozen=True, slots=True)
class Noted:
    """The end of a request without a token is written down."""


# --- what comes of it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fresh:
    """A credential that is stored and in use."""

    kept: Kept
    sent: bool
    """Whether this attempt spoke to Salesforce."""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A token request was answered without a token, or not at all."""

    failure: EvergrantError
    kind: Kind
    used: Kept | None
    """What was spent: the failure speaks of nothing else."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another worker is at it; nothing is wrong with the credential."""

    retry_after_s: float


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Nothing was sent: too much would be asked of the host or the org, or it just failed."""

    retry_after_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nothing to renew: the connection, or its credential, was taken away."""


Outcome: TypeAlias = Fresh | Failed | Busy | HeldBack | Gone
Answer: TypeAlias = (
    Current | Elsewhere | HeldBack | Claimed | Recovered | Gone | Credential | Stored | Displaced
    | Noted | None
)  # fmt: skip
Refreshing: TypeAlias = Generator[Step, Answer, Outcome]
