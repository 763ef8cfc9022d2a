"""A fault: which requests it meets, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Final, Literal, get_args, get_type_hints

from evergrant.emulator.policy_changes import fits

Drop = Literal["", "before", "after", "midway"]
"""before: the request is not looked at; after: it is done and not a byte is answered; midway: it
is done and the answer breaks off."""


class BadFault(ValueError):
    """The fault names no field or no preset, or gives a field a value it cannot take."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a fault may look at in a request."""

    path: str
    grant_type: str = ""
    """At the token endpoint; `device_code` for the device flow's first leg."""
    app: str = ""
    """API name of the app that asks; empty where none can be told."""
    user: str = ""
    """Username behind the token or the form; empty where none can be told."""
    host: str = ""
    """As the Host header names it, without the port."""


@dataclass(slots=True)
class Fault:
    """What happens to some requests, so many times."""

    path: str
    """The whole path, or its beginning and a star."""
    grant_type: str = ""
    """Only this grant; empty: any request."""
    app: str = ""
    """Only this app, by API name."""
    user: str = ""
    """Only this user, by username or the part before the @."""
    status: int | None = None
    """Answer with this and do nothing; None: only the delay or the drop."""
    body: str = ""
    content_type: str = "application/json"
    retry_after_s: int | None = None
    """Value of a Retry-After header; None: no header."""
    times: int = 1
    """How often it still happens."""
    chance: float = 1.0
    """How likely it happens to a request that it meets, from 0 to 1."""
    seed: int = 7
    """Of the dice: the same seed and the same requests meet the same fate."""
    delay_s: float = 0.0
    drop: Drop = ""
    preset: str = ""
    """The preset it was made from."""
    dice: Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the dice of this fault alone."""
        self.dice = Random(self.seed)  # noqa: S311  # chance must be repeatable

    def meets(self, asking: Asking) -> bool:
        """Whether the request is one of those; draws no dice."""
        return (
            self.times > 0
            and _is_on(self.path, asking.path)
            and self.grant_type in ("", asking.grant_type)
            and self.app in ("", asking.app)
            and self.user in ("", asking.user, asking.user.partition("@")[0])
        )

    def happens(self) -> bool:
        """Whether it happens this time, which counts."""
        if self.chance < 1 and self.dice.random() >= self.chance:
            return False
        self.times -= 1
        return True


FIELDS: Final = tuple(each.name for each in fields(Fault) if each.init)
"""What a fault is told by."""


def _is_on(laid: str, path: str) -> bool:
    return path.startswith(laid[:-1]) if laid.endswith("*") else path == laid


def told(fault: Fault) -> dict[str, Any]:
    """A fault as JSON, in the words it is laid by."""
    return {name: getattr(fault, name) for name in FIELDS}


def read(words: Any) -> Fault:
    """A fault from JSON; raises BadFault."""
    if not isinstance(words, dict):
        raise BadFault("a fault is a JSON object")
    hints = get_type_hints(Fault)
    floats = [name for name in FIELDS if hints[name] is float]
    words = {k: float(v) if k in floats and type(v) is int else v for k, v in words.items()}
    for name, value in words.items():
        if name not in FIELDS or not fits(hints[name], value):
            raise BadFault(f"a fault cannot have {name} = {value!r}")
    if "path" not in words:
        raise BadFault("a fault needs a path or a preset")
    _look_closer(words)
    return Fault(**words)


def _look_closer(words: dict[str, Any]) -> None:
    if not 0 <= words.get("chance", 1.0) <= 1:
        raise BadFault("chance is from 0 to 1")
    if words.get("delay_s", 0.0) < 0:
        raise BadFault("delay_s is not negative")
    if words.get("status") is not None and not _LOWEST <= words["status"] <= _HIGHEST:
        raise BadFault(f"status is from {_LOWEST} to {_HIGHEST}")


_LOWEST, _HIGHEST = 200, 599
DROPS: Final[tuple[str, ...]] = get_args(Drop)


class Faults:
    """The faults laid; the first that meets a request and happens is taken."""

    def __init__(self) -> None:
        self.laid: list[Fault] = []

    def take(self, asking: Asking) -> Fault | None:
        """The fate of a request, counted; None where nothing happens to it."""
        met = (fault for fault in self.laid if fault.meets(asking))
        return next((fault for fault in met if fault.happens()), None)

    def is_live(self) -> bool:
        """Whether any fault is left to happen."""
        return any(fault.times > 0 for fault in self.laid)
