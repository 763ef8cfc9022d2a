"""The engine's mind, as a generator that yields `Claim`, `Send`, `Commit` and `Publish`.

**The invariant.**
For one connection, credential epoch and refresh token, at most one token request is ever in flight,
and a second is sent only when the first provably did not reach Salesforce, or was answered without
a token, or after an unknown outcome has been recorded; every answer received is durably stored
before anyone sees it; a connection is declared dead only on evidence about its current token.

Each yield is a point at which the process may die.  What then holds:

- before and after `Claim`: nothing was sent; an intent that nobody beats for becomes *unknown*
  when it is found, although Salesforce never saw it: then the token still works;
- in `Send`: Salesforce may have rotated the token.  Between its rotation and the stored answer lies
  the one window in which a refresh token can be lost; the access token at hand is used up first,
  then the old refresh token is tried once, and a refusal is named as a loss in that window;
- after `Send`: the raw answer is on the disk, and whoever claims next commits it;
- after `Commit`: all is done but the telling.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from random import Random
from typing import TypeAlias, assert_never

from evergrant.errors import Malformed, Misuse, NotSent, OurBug, Refused, StoreTrouble, WireError
from evergrant.keeper.engine.failures import kind_of
from evergrant.keeper.engine.rules import Rules
from evergrant.keeper.engine.steps import (
    Answer,
    Busy,
    Claim,
    Claimed,
    Commit,
    Current,
    Displaced,
    Elsewhere,
    Ended,
    Failed,
    Fresh,
    Gone,
    HeldBack,
    Noted,
    Orphan,
    Outcome,
    Publish,
    Recovered,
    Refreshing,
    Send,
    Step,
    Stored,
    Ticket,
    Wait,
    Want,
)
from evergrant.model import Credential

Turn: TypeAlias = Claimed | Recovered | Fresh | Busy | HeldBack | Gone


class SleptThrough(NotSent):
    """The right ended before the request was sent: nothing was sent."""


def refreshing(want: Want, rules: Rules, chance: Random) -> Refreshing:
    """Get another access token than the one that is at hand; at most `want.sends` requests.

    Never raises for what Salesforce or the network do: the outcome says it.  Raises `StoreTrouble`
    when the store cannot be written, before anything is sent, or with the answer kept in a file.
    """
    outcome: Outcome = Busy(rules.look_every_s)
    left, orphan = want.sends, None
    for _ in range(rules.looks):
        turn = yield from _turn(want, rules)
        if not isinstance(turn, (Claimed, Recovered)):
            outcome = turn
            break
        came = turn.came if isinstance(turn, Recovered) else (yield from _asked(turn.ticket))
        committed = yield from _committed(turn.ticket, came, rules)
        outcome = _outcome(turn.ticket, came, committed)
        if isinstance(committed, Displaced) and committed.orphan:
            late = committed.orphan
            token = late.refresh_token or late.access_token
            orphan = Orphan(turn.ticket.seq, turn.ticket.connection, token)
        if isinstance(came, Ended) and came.slept:
            continue
        left -= 1
        if not left or not _is_contended(outcome):
            break
        yield Wait(chance.uniform(*rules.contended_s), "the token is in use elsewhere")
        want = replace(want, urgent=True)
    yield Publish(outcome, orphan)
    return outcome


def _turn(want: Want, rules: Rules) -> Generator[Step, Answer, Turn]:
    """Come to one's turn, however long others take within bounds."""
    wait_s = rules.look_every_s
    for _ in range(rules.looks):
        found = yield Claim(want)
        match found:
            case Claimed() | Recovered() | HeldBack() | Gone():
                return found
            case Current(kept, doubtful):
                return Fresh(kept, sent=False, doubtful=doubtful)
            case Elsewhere(wait_s):
                yield Wait(min(wait_s, rules.look_every_s), "another worker has the right")
            case _:
                raise OurBug(f"a claim was answered with {type(found).__name__}")
    return Busy(wait_s)


def _asked(ticket: Ticket) -> Generator[Step, Answer, Credential | Ended]:
    """Send the one request; whatever happens is an end that can be written down."""
    try:
        came = yield Send(ticket)
    except SleptThrough as failure:
        return Ended("not sent", failure, slept=True)
    except (NotSent, Misuse) as failure:
        return Ended("not sent", failure)
    except (Refused, Malformed, WireError) as failure:
        return ended(failure)
    if not isinstance(came, Credential):
        raise OurBug(f"a request was answered with {type(came).__name__}")
    return came


def ended(failure: Refused | Malformed | WireError) -> Ended:
    """How a request ended that reached Salesforce, or may have.

    An answer that nobody can read says nothing about the token: its outcome is not known.
    """
    return Ended("refused" if isinstance(failure, Refused) else "unknown", failure)


def _committed(
    ticket: Ticket, came: Credential | Ended, rules: Rules
) -> Generator[Step, Answer, Stored | Displaced | Noted]:
    """Commit, and again while the store fails: the answer cannot be had a second time."""
    for left in reversed(range(rules.commit_tries)):
        try:
            done = yield Commit(ticket, came)
        except StoreTrouble:
            if not left:
                raise
            wait_s = rules.commit_wait_s * 2 ** (rules.commit_tries - 1 - left)
            yield Wait(wait_s, "the store failed")
            continue
        if isinstance(done, (Stored, Displaced, Noted)):
            return done
        raise OurBug(f"a commit was answered with {type(done).__name__}")
    raise OurBug("the rules allow no try to commit")


def _outcome(
    ticket: Ticket, came: Credential | Ended, committed: Stored | Displaced | Noted
) -> Outcome:
    match committed:
        case Stored(kept):
            return Fresh(kept, sent=True)
        case Displaced(live, _):
            return Fresh(live, sent=False) if live else Gone()
        case Noted():
            assert isinstance(came, Ended)  # noqa: S101 (a credential is stored or displaced)
            spends = ticket.flow == "refresh_token"
            kind = kind_of(came.failure, of_refresh_token=spends, replayed=ticket.replay)
            return Failed(came.failure, kind, ticket.kept)
        case _:
            assert_never(committed)


def _is_contended(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.kind.retry == "adopt"
