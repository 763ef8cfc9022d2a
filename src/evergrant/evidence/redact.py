"""Evidence made fit for other eyes: no secrets, no people, no addresses; what is one stays one.

Names are replaced by numbered ones (`user-1`), so that a timeline can still be followed.  Words of
Salesforce's vocabulary, labels of apps and times stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from evergrant.log import mask

SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("user", re.compile(r"[\w.+%'-]+(?:@[\w-]+(?:\.[\w-]+)*)+")),
    ("domain", re.compile(
        r"(?i)\b[a-z0-9][a-z0-9-]*(?=(?:\.(?:sandbox|scratch|develop|trailblaze|demo|patch))?"
        r"\.(?:my\.salesforce|my\.site|lightning\.force|my\.salesforce-setup|vf\.force)\.com)")),
    ("address", re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")),
    ("address", re.compile(r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b")),
    ("address", re.compile(r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4})?(?![\w:])")),
    ("user", re.compile(r"\b005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b")),
    ("org", re.compile(r"\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b")),
    ("id", re.compile(r"\b(?=[A-Za-z0-9]*\d)(?:0[0-9A-Za-z]{2}|[1-9][0-9A-Za-z]{2})"
                      r"[A-Za-z0-9]{2}0[A-Za-z0-9]{9}(?:[A-Za-z0-9]{3})?\b")),
    ("key", re.compile(r"\b3MVG[A-Za-z0-9._]{8,}")),
)  # fmt: skip
"""Kind of name, and its shape; the first that fits names it."""
KEPT = frozenset({"name", "kind", "source", "mark", "schema", "unit", "what", "act", "at",
                  "observed_at", "made_at"})  # fmt: skip
"""Members that hold words of ours, or times."""
ROUNDS = 20
"""A name may stand where it makes another with what is beside it: so often it is looked again."""
LEAST = 3
"""Characters of a name below which it is replaced by its shape only."""


@dataclass(slots=True)
class Redactor:
    """Replaces what should not be seen, the same by the same."""

    people: tuple[str, ...] = ()
    """Names that are known to be people's, whatever their shape."""
    names: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """The text without secrets, people, orgs and addresses."""
        text = mask(text)
        for person in self.people:
            if len(person) >= LEAST:
                text = re.sub(rf"(?<!\w){re.escape(person)}(?!\w)", self._user(person), text)
        for _ in range(ROUNDS):
            before = text
            for kind, shape in SHAPES:
                text = shape.sub(partial(self._found, kind), text)
            if text == before:
                break
        return text

    def whole(self, value: Any, member: str = "") -> Any:
        """A JSON value with every text in it redacted, but for members of our own words."""
        if isinstance(value, str):
            return value if member in KEPT else self.text(value)
        if isinstance(value, Mapping):
            return {key: self.whole(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.whole(inner, member) for inner in value]
        return value

    def _found(self, kind: str, found: re.Match[str]) -> str:
        return self._named(kind, found[0])

    def _user(self, person: str) -> str:
        return self._named("user", person).replace("\\", "")

    def _named(self, kind: str, name: str) -> str:
        key = name.casefold()[:15] if kind in ("org", "id") else name.casefold()
        if re.fullmatch(rf"{kind}-\d+", key):
            return name
        if key not in self.names:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.names[key] = f"{kind}-{self.counts[kind]}"
        return self.names[key]


def redactor(people: Iterable[str]) -> Redactor:
    """A redactor that knows these people; longer names are looked for first."""
    known = {each.strip() for each in people if each.strip()}
    return Redactor(tuple(sorted(known, key=lambda each: (-len(each), each))))
