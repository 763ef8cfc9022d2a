"""What the parts of a look at an org share: the question, what was found, and how to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from evergrant.catalog import load
from evergrant.log import mask
from evergrant.model import Fact, Session, Subject, Unknown, Value
from evergrant.org.query import query, soql_text
from evergrant.wire import Conversation

SOURCE = "live_org"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One fact in the making."""

    name: str
    value: Value
    quote: str = ""
    mark: Literal["seen", "derived", "inferred"] = "seen"
    at: datetime | None = None
    learned: str = ""
    """An id that later parts need (the user's or the app's)."""

    def as_fact(self, question: Question) -> Fact:
        """The fact, about the subject that the vocabulary gives it."""
        kind = load().facts[self.name].about
        subject = Subject(kind, question.ids.get(kind, ""))
        quote = mask(self.quote)[:300]
        at = self.at or question.at
        return Fact(self.name, self.value, subject, SOURCE, at, self.mark, quote)


@dataclass(frozen=True, slots=True)
class Question:
    """Whose app, whose user, since when; ids are filled in as they are learned."""

    session: Session
    app_label: str
    consumer_key: str
    user_id: str
    username: str
    since: datetime
    authorized_at: datetime | None
    at: datetime | None
    app_id: str = ""

    @property
    def ids(self) -> dict[str, str]:
        """Ids of the subjects, as far as they are known."""
        return {"user": self.user_id or self.username, "app": self.app_id or self.app_label}

    def learned(self, found: Iterable[Found]) -> Question:
        """The same question with ids that were found."""
        ids = {load().facts[each.name].about: each.learned for each in found if each.learned}
        return replace(
            self, user_id=ids.get("user", self.user_id), app_id=ids.get("app", self.app_id)
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to ask, the facts it makes known, and the permission it needs."""

    check: str
    ask: Callable[[Question], Conversation[list[Found]]]
    names: tuple[str, ...] = field(default=())
    permission: str = ""

    def nothing(self, reason: str, *, next_step: str = "") -> list[Found]:
        """All facts of the part, unknown."""
        step = next_step or f"look with a session that has {self.permission}"
        return [Found(name, Unknown(mask(reason)[:200], step)) for name in self.names]


def unknown(names: Iterable[str], reason: str, next_step: str) -> list[Found]:
    """Facts that could not be learned, and why."""
    return [Found(name, Unknown(reason, next_step)) for name in names]


def rows(question: Question, soql: str, *, most: int = 200) -> Conversation[list[Row]]:
    """Ask the org; raises what `query` raises."""
    return (yield from query(question.session, soql, max_rows=most))


def sees_others(question: Question, table: str, user_field: str) -> Conversation[bool]:
    """Whether the session is shown rows of more than one user: only then does "none" mean none."""
    sample = yield from rows(
        question, f"SELECT {user_field} FROM {table} WHERE {user_field} != null LIMIT 200"
    )
    return len({row.get(user_field) for row in sample}) > 1


def text(value: str) -> str:
    """A SOQL literal."""
    return soql_text(value)


def moment(value: object) -> datetime | None:
    """A dateTime as REST writes it; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.strptime(value.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
