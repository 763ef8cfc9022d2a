"""Everything that can go wrong, as one tree.

    EvergrantError
    ├── Misuse                 the caller asked for what cannot be
    │   ├── BadInput           a text, file or option is not what it should be
    │   ├── NotFound           nothing has that id
    │   ├── BadCallback        state wrong, missing, replayed or expired, or another browser
    │   ├── LinkRefused        a reconnect link that leads nowhere, and why
    │   ├── HostRefused        no login host (the right one is named), or not allowed
    │   └── PortInUse          somebody else listens there
    ├── Refused                Salesforce said no, in its own words
    ├── WireError              the network, as a conversation sees it
    │   ├── NotSent            the request provably did not reach the other side (DNS, connect, TLS)
    │   └── OutcomeUnknown     it was sent, and no whole answer came back
    ├── Malformed              Salesforce answered something that nobody can read
    ├── CouldNotLook           a source of evidence could not be asked, and why
    ├── ComeBack               nothing is wrong with what was asked; later it may be had
    ├── StoreTrouble           the database is locked, read-only, damaged or of another version
    ├── VaultTrouble           a wrong master key, or a row that was swapped or damaged
    └── OurBug                 never the user's fault

Every error keeps the other side's words apart from ours and answers `diagnostics()`: what happened,
why it is likely, what to do next, whose move it is.  `exit_code` is what a command ends with.
"""

from __future__ import annotations

from typing import ClassVar


class EvergrantError(Exception):
    """Anything that Evergrant raises on purpose."""

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, why: str = "", next_step: str = "", whose: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step
        self.whose = whose

    def diagnostics(self) -> str:
        """The error as a short paragraph for a person; never holds a secret."""
        move = f"{self.whose}: {self.next_step}" if self.whose else self.next_step
        return "\n".join(line for line in (self.what, self.why, move) if line)


class Misuse(EvergrantError):
    """The caller asked for what cannot be."""

    exit_code = 2


class BadInput(Misuse):
    """A text, file or option is not what it should be."""


class NotFound(Misuse):
    """Nothing has that id."""


class BadCallback(Misuse):
    """An OAuth callback that does not belong to a flow begun in this browser."""


class LinkRefused(Misuse):
    """A reconnect link that leads nowhere.

    `reason` is one of `unknown`, `expired`, `revoked`, `used`, `ended`, and `form` for a form that
    no page of the link made; *unknown* tells nothing about what exists.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"this link cannot be used: {reason}", next_step="ask for a new one")
        self.reason = reason


class HostRefused(Misuse):
    """The host is no login host of Salesforce, or is not allowed by the operator."""


class PortInUse(Misuse):
    """Somebody else listens on that port."""


class Refused(EvergrantError):
    """Salesforce said no.

    `error` and `description` are Salesforce's words, verbatim; `status` is the HTTP status
    (no rule says when it is other than 400, so nothing may branch on it); `channel` names how the
    answer came (`json`, `form`, `xml`, `html`, `redirect`, `rest`, `soap`, `text`).
    """

    exit_code = 1

    def __init__(
        self, error: str, description: str = "", *, status: int = 400, channel: str = "json"
    ) -> None:
        words = f"{error}: {description}" if description else error
        super().__init__(f"Salesforce refused: {words}")
        self.error = error
        self.description = description
        self.status = status
        self.channel = channel


class WireError(EvergrantError):
    """The network failed; thrown into the conversation that was waiting."""

    exit_code = 4


class NotSent(WireError):
    """The request provably did not reach the other side (DNS, connect, TLS): safe to send again."""


class OutcomeUnknown(WireError):
    """The request was sent and no whole answer came back: the other side may have acted on it."""


class Malformed(EvergrantError):
    """Salesforce answered something that nobody can read."""

    exit_code = 4


class CouldNotLook(EvergrantError):
    """A source of evidence could not be asked.

    `reason` is one of `no_permission`, `unreachable`, `not_applicable`, `our_bug`.
    """

    exit_code = 4

    def __init__(self, reason: str, what: str, *, next_step: str = "", whose: str = "") -> None:
        super().__init__(what, next_step=next_step, whose=whose)
        self.reason = reason


class ComeBack(EvergrantError):
    """What was asked for cannot be had just now; `retry_after_s` says when to ask again."""

    exit_code = 4

    def __init__(self, what: str, why: str, retry_after_s: float) -> None:
        super().__init__(what, why=why, next_step=f"ask again in {max(1, round(retry_after_s))} s")
        self.retry_after_s = retry_after_s


class StoreTrouble(EvergrantError):
    """The database is locked, read-only, damaged or of another version."""

    exit_code = 4


class VaultTrouble(EvergrantError):
    """A wrong master key, or a sealed row that was swapped or damaged."""

    exit_code = 4


class OurBug(EvergrantError):
    """Something that should not be possible; never the user's fault."""
