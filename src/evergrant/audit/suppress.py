"""Suppressions: findings that somebody answers for, with a reason, until a day.

A TOML file holds them::

    [[suppress]]
    rule = "refresh-policy-infinite"     # id or code; `*` for all that the other members name
    app = "Orbit *"                      # label or name; `*` and `?` as in a shell
    file = "force-app/**/Orbit.*"        # either may be left out, not both
    owner = "integrations@acme.example"
    reason = "moves to an external client app in January"
    until = 2027-01-31                   # the last day on which it counts
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import tomli

from evergrant.catalog.entry import Entry, Page
from evergrant.catalog.lines import line_in_message
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.audit.model import Finding

_KEYS = ("rule", "app", "file", "owner", "reason", "until")
_SHAPE = "each [[suppress]] needs rule, owner, reason, until, and app or file"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Leave to have a finding, for as long as somebody answers for it."""

    rule: str
    owner: str
    """Who answers for it."""
    reason: str
    until: date
    """The last day on which it counts."""
    app: str = ""
    file: str = ""

    def is_over(self, today: date) -> bool:
        """Whether its last day has gone by."""
        return self.until < today

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of this finding, whatever the day."""
        return (
            self.rule in ("*", finding.rule, finding.code)
            and _fits(self.app, (finding.app, finding.name))
            and _fits(self.file, (finding.file,))
        )

    def __str__(self) -> str:
        where = " in ".join(each for each in (self.app, self.file) if each)
        return f"{self.rule} of {where}, {self.owner}, until {self.until}"


def _fits(pattern: str, texts: Iterable[str]) -> bool:
    return not pattern or any(fnmatchcase(each, pattern) for each in texts)


def read_suppressions(name: str, text: str, known: Collection[str]) -> tuple[Suppression, ...]:
    """The suppressions of a file; `known` are the ids and codes of all rules.

    Raises `BadInput` naming file and line for what is missing, unknown or misspelt.
    """
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        line = line_in_message(str(error))
        raise _refused(f"{name}, line {line}: {error}") from error
    try:
        return tuple(_read(Page(name, text), data, known))
    except BadInput as error:
        raise _refused(error.what) from error


def _read(page: Page, data: dict[str, Any], known: Collection[str]) -> Iterable[Suppression]:
    whole = Entry(page, data)
    whole.only(("suppress",))
    for entry in whole.entries("suppress"):
        entry.only(_KEYS)
        rule = entry.choice("rule", {"*", *known}) if entry.data.get("rule") else entry.text("rule")
        app, file = entry.text("app", ""), entry.text("file", "")
        if not app and not file:
            entry.refuse("neither app nor file: it would hide the rule everywhere", "rule")
        owner, reason = entry.text("owner"), entry.text("reason")
        yield Suppression(rule, owner, reason, entry.day("until"), app, file)


def _refused(what: str) -> BadInput:
    return BadInput(what, next_step=_SHAPE, whose="you")
