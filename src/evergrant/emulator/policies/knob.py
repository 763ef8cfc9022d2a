"""A knob: one thing that can be set, with its default, effect, source and mark."""

from dataclasses import dataclass, field, fields
from typing import Final, Literal, TypeVar

from evergrant.emulator.schema import Mark

Range = tuple[str, str]
"""First and last address, both inside."""
Hours = tuple[int, int, int]
"""A weekday (Monday is 0) and the first and last minute of the day, UTC, last excluded."""
SessionLevel = Literal["", "LOW", "STANDARD", "HIGH_ASSURANCE"]
"""SessionSecurityLevel; empty: nothing is asked."""
Where = Literal["app", "profile", "org"]

T = TypeVar("T")
_NOTES: Final = ("effect", "source", "mark")


def knob(default: T, effect: str, source: str, mark: Mark) -> T:
    """A field of a policy that tells what it is for."""
    noted: T = field(default=default, metadata={"effect": effect, "source": source, "mark": mark})
    return noted


@dataclass(frozen=True, slots=True)
class Knob:
    """One line of the reference: what can be set, where, and why we believe it."""

    where: Where
    name: str
    default: object
    effect: str
    source: str
    mark: Mark


def knobs_of(where: Where, policy: type) -> tuple[Knob, ...]:
    """The knobs of a policy's dataclass, in its order."""
    return tuple(
        Knob(where, each.name, each.default, *(each.metadata[key] for key in _NOTES))
        for each in fields(policy)
        if each.metadata
    )
