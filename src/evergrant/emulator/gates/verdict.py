"""What a gate can say of an attempt, and how a gate is written."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from evergrant.emulator.gates.attempt import Attempt, UserFacts
from evergrant.emulator.policies import AppPolicy


@dataclass(frozen=True, slots=True)
class Passed:
    """The gate lets the attempt through."""

    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The gate does not; `refusal` names the row of the table of refusals."""

    refusal: str
    detail: str
    words: str = ""
    """What the description reads instead, where a handler has words of its own."""


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The gate has nothing to look at."""

    detail: str


Verdict = Passed | Refused | NotApplicable
Judge = Callable[[Attempt], Verdict]


def on_app(judge: Callable[[Attempt, AppPolicy], Verdict]) -> Judge:
    """A judge that has nothing to say while the app is not known."""

    def ask(attempt: Attempt) -> Verdict:
        if attempt.app is None:
            return NotApplicable("the app is not known")
        return judge(attempt, attempt.app)

    return ask


def on_user(judge: Callable[[Attempt, AppPolicy, UserFacts], Verdict]) -> Judge:
    """A judge that has nothing to say while the app or the user is not known."""

    def ask(attempt: Attempt) -> Verdict:
        if attempt.app is None or attempt.user is None:
            return NotApplicable("nobody is signed in, or the user is not known")
        return judge(attempt, attempt.app, attempt.user)

    return ask


def unless(refused: bool, refusal: str, why: str, passed: str) -> Verdict:
    """Refused with the reason when so, else passed."""
    return Refused(refusal, why) if refused else _passed(passed)


_passed: Final = lru_cache(maxsize=1024)(Passed)
"""Most gates let most attempts through, in the same words."""
