"""What the parts of a look at an org share: the question, what was found, and how to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from evergrant.catalog import load
from evergrant.errors import Refused
from evergrant.log import mask
from evergrant.model import Fact, Session, Subject, Unknown, Value
from evergrant.org.query import query, soql_text
from evergrant.wire import Conversation

SOURCE = "live_org"
_HOLDERS = (
    ("User", "Id", "Profile"),
    ("PermissionSetAssignment", "AssigneeId", "PermissionSet"),
)
"""Where permissions are held: table, its column of the user, and the parent with the booleans."""
Row = dict[str, Any]
NO_APP, NAME_APP = "nobody named the app", "name the app with --app, as Setup does"
NO_USER, NAME_USER = "nobody named the user", "name the user (username or id)"


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
    failed_at: datetime | None
    worked_at: datetime | None
    at: datetime | None
    app_id: str = ""
    viewer: str = ""
    """Id of the session's own user; empty when it could not be learned."""
    is_hearsay: bool = False
    """Whether a person named app and user just so: a name that the org lacks may be mistyped."""
    app_doubt: Unknown | None = None
    """Why nobody can say which app it is; no rows of it then mean nothing."""
    user_doubt: Unknown | None = None
    """Likewise of the user."""

    @property
    def no_app(self) -> Unknown:
        """Why the app is not known."""
        named = Unknown("the app is not known in this org", "name it as the org does")
        return self.app_doubt or (named if self.app_label else Unknown(NO_APP, NAME_APP))

    @property
    def no_user(self) -> Unknown:
        """Why the user is not known."""
        named = Unknown("the user is not known in this org", "name the user as the org does")
        is_named = bool(self.username or self.user_id)
        return self.user_doubt or (named if is_named else Unknown(NO_USER, NAME_USER))

    @property
    def ids(self) -> dict[str, str]:
        """Ids of the subjects, as far as they are known."""
        return {"user": self.user_id or self.username, "app": self.app_id or self.app_label}

    def learned(self, found: Iterable[Found]) -> Question:
        """The same question with ids that were found, and with doubts about names."""
        told = tuple(found)
        ids = {load().facts[each.name].about: each.learned for each in told if each.learned}
        doubts = {each.name: each.value for each in told if isinstance(each.value, Unknown)}
        return replace(
            self,
            user_id=ids.get("user", self.user_id),
            app_id=ids.get("app", self.app_id),
            app_doubt=doubts.get("app.in_org", self.app_doubt),
            user_doubt=doubts.get("user.exists", self.user_doubt),
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
    return not_known(names, Unknown(reason, next_step))


def not_known(names: Iterable[str], why: Unknown) -> list[Found]:
    """Facts that could not be learned for one reason."""
    return [Found(name, why) for name in names]


def rows(question: Question, soql: str, *, most: int = 200) -> Conversation[list[Row]]:
    """Ask the org; raises what `query` raises."""
    return (yield from query(question.session, soql, max_rows=most))


def sees_all(
    question: Question, table: str, user_field: str, permissions: Iterable[str]
) -> Conversation[bool]:
    """Whether "no rows" means none: the session's user holds one of the permissions that show the
    rows of all users, or is shown a row of somebody else."""
    if question.viewer and (yield from _holds(question, permissions)):
        return True
    sample = yield from rows(
        question, f"SELECT {user_field} FROM {table} WHERE {user_field} != null LIMIT 200"
    )
    users = {row.get(user_field) for row in sample}
    return bool(users - {question.viewer}) if question.viewer else len(users) > 1


def _holds(question: Question, permissions: Iterable[str]) -> Conversation[bool]:
    """By profile or by permission set."""
    names, who = list(permissions), text(question.viewer)
    for table, column, holder in _HOLDERS:
        wanted = " OR ".join(f"{holder}.Permissions{name} = true" for name in names)
        try:
            found = yield from rows(
                question, f"SELECT Id FROM {table} WHERE {column} = {who} AND ({wanted}) LIMIT 1"
            )
        except Refused:
            continue
        if found:
            return True
    return False


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


def profile_of(question: Question) -> Conversation[str]:
    """Name of the user's profile; empty where it is not shown."""
    if not question.user_id:
        return ""
    found = yield from rows(
        question, f"SELECT Profile.Name FROM User WHERE Id = {text(question.user_id)}"
    )
    return str((found[0].get("Profile") or {}).get("Name") or "") if found else ""
