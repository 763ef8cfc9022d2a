"""Faults laid on paths: another answer, a delay, or a connection dropped before or after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from evergrant.emulator.policy_changes import fits

_HINTS: Final[dict[str, object]] = {
    "path": str, "status": int | None, "body": str, "content_type": str, "times": int,
    "delay_s": float, "drop": Literal["", "before", "after"],
}  # fmt: skip


class BadFault(ValueError):
    """The fault names no field, or gives it a value it cannot take."""


@dataclass(slots=True)
class Fault:
    """What happens to requests for a path, so many times."""

    path: str
    """The whole path, or its beginning and a star."""
    status: int | None = None
    """Answer with this and do nothing; None: only the delay or the drop."""
    body: str = ""
    content_type: str = "application/json"
    times: int = 1
    delay_s: float = 0.0
    drop: Literal["", "before", "after"] = ""
    """before: the request is not looked at; after: it is done, and the answer is lost."""

    def fits(self, path: str) -> bool:
        """Whether the fault is laid on this path and not used up."""
        if self.times <= 0:
            return False
        if self.path.endswith("*"):
            return path.startswith(self.path[:-1])
        return path == self.path


def read_fault(words: Any) -> Fault:
    """A fault from JSON; raises BadFault."""
    if not isinstance(words, dict):
        raise BadFault("a fault is a JSON object")
    if isinstance(words.get("delay_s"), int):
        words = {**words, "delay_s": float(words["delay_s"])}
    for name, value in words.items():
        if name not in _HINTS or not fits(_HINTS[name], value):
            raise BadFault(f"a fault cannot have {name} = {value!r}")
    if "path" not in words:
        raise BadFault("a fault needs a path")
    return Fault(**words)


class Faults:
    """The faults laid; the first that fits is taken and counted."""

    def __init__(self) -> None:
        self.laid: list[Fault] = []

    def take(self, path: str) -> Fault | None:
        """The fault for a request to this path, used once more; None where there is none."""
        found = next((fault for fault in self.laid if fault.fits(path)), None)
        if found is not None:
            found.times -= 1
        return found
