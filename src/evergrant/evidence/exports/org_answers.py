"""Answers of queries about app, user and org: rows as `sf data query` gives them, JSON or CSV.

They show what a look of ours shows, where they are of the app and user that fail.  A row that
names its user by id alone is theirs where the answer holds no other user's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from evergrant.evidence import org_rows
from evergrant.evidence.exports.csv_rows import Counted, header_in, rows
from evergrant.evidence.exports.objects import KNOWN, object_of
from evergrant.evidence.exports.sheets import records_in
from evergrant.evidence.gathered import Gathered, Reading, Wanted, fact, is_id
from evergrant.evidence.given.document import Document
from evergrant.evidence.live_question import Found, Row
from evergrant.model import Fact

SOURCE = "org_rows"
_USERS = {
    "User": ("Id", ""),
    "UserLogin": ("UserId", "User"),
    "OauthToken": ("UserId", "User"),
    "PermissionSetAssignment": ("AssigneeId", "Assignee"),
    "AuthSession": ("UsersId", "Users"),
}
"""Object → its field of the user's id, and the relationship that has the username."""
_LABELS = {
    "ConnectedApplication": "Name",
    "ExternalClientApplication": "MasterLabel",
    "OauthToken": "AppName",
}
_NUMBERS = frozenset({"NumSecondsValid", "RefreshTokenValidityPeriod"})
MOST = 20_000
"""Rows of one document that are kept."""


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """What the rows show of app, user and org in question."""
    tables: dict[str, list[Row]] = {}
    readings: list[Reading] = []
    for document in documents:
        found, skipped = _rows_of(document)
        readings.append(Reading(SOURCE, document.name, len(found), "rows", skipped))
        for object_, row in found:
            tables.setdefault(object_, []).append(row)
    ours = _Ours(tables, wanted)
    told = [each for shown in SHOWN for each in shown(ours)]
    notes = tuple(dict.fromkeys(ours.notes))
    readings[0] = Reading(
        SOURCE, readings[0].name, readings[0].read, "rows", readings[0].skipped, notes
    )
    return Gathered(tuple(_fact(each, wanted) for each in told), readings=tuple(readings))


def _fact(found: Found, wanted: Wanted) -> Fact:
    at = found.at or wanted.now
    return fact(found.name, found.value, SOURCE, quote=found.quote, at=at, mark=found.mark)


# --- rows ----------------------------------------------------------------------------------------


def _rows_of(document: Document) -> tuple[list[tuple[str, Row]], int]:
    header = header_in(document.begin, KNOWN)
    if header is not None and (object_ := object_of(header.columns)):
        counted = Counted()
        cells = islice(rows(document.lines(), header, counted), MOST)
        return [(object_, _of_cells(header.columns, row)) for _, row in cells], counted.skipped
    records, broken = records_in(document.text()[0])
    typed = [(str((each.get("attributes") or {}).get("type")), dict(each))  # type: ignore[attr-defined]
             for each in records[:MOST] if isinstance(each.get("attributes"), Mapping)]  # fmt: skip
    return typed, broken + len(records) - len(typed)


def _of_cells(columns: Sequence[str], cells: Sequence[str]) -> Row:
    """A row of CSV as REST would give it: relationships apart, booleans and numbers as such."""
    row: Row = {}
    for column, cell in zip(columns, cells, strict=True):
        *parents, name = column.strip().split(".")
        into = row
        for parent in parents:
            into = into.setdefault(parent, {})
        into[name] = _value(name, cell.strip())
    return row


def _value(name: str, cell: str) -> Any:
    if name in _NUMBERS and cell.isdigit():
        return int(cell)
    return {"true": True, "false": False, "": None}.get(cell.casefold(), cell)


# --- whose they are ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ours:
    """The rows of app and user in question; what was left out is noted."""

    tables: Mapping[str, Sequence[Row]]
    wanted: Wanted
    notes: list[str] = field(default_factory=list)

    def of(self, object_: str) -> list[Row]:
        """The rows of this object that are of the app and user."""
        found = list(self.tables.get(object_, ()))
        return self._of_user(object_, self._of_app(object_, found))

    def _of_app(self, object_: str, found: list[Row]) -> list[Row]:
        name = _LABELS.get(object_)
        if name is None or not found:
            return found
        labels = sorted({str(row[name]) for row in found if row.get(name)})
        if not self.wanted.app and len(labels) > 1:
            return self._nothing(object_, labels, "--app")
        ours = [row for row in found if not row.get(name) or self.wanted.is_app(str(row[name]))]
        return ours or self._nothing(object_, labels, "--app")

    def _of_user(self, object_: str, found: list[Row]) -> list[Row]:
        where = _USERS.get(object_)
        if where is None or not found:
            return found
        named = [(_names(row, *where), row) for row in found]
        people = sorted({names[-1] for names, _ in named if names})
        if not self._is_comparable(names for names, _ in named) or not self.wanted.user:
            return found if len(people) <= 1 else self._nothing(object_, people, "--user")
        ids = {*self._ids(), self.wanted.user}
        ours = [row for names, row in named if not names or _is_one_of(names, ids)]
        return ours or self._nothing(object_, people, "--user")

    def _ids(self) -> Iterator[str]:
        """The id of the username, where a row of User tells it."""
        for row in self.tables.get("User", ()):
            if self.wanted.is_user(*_names(row, *_USERS["User"])):
                yield from _names(row, *_USERS["User"])

    def _is_comparable(self, rows_: Iterable[Sequence[str]]) -> bool:
        kinds = {is_id(each) for each in (self.wanted.user, *self._ids())}
        return any(is_id(name) in kinds for names in rows_ for name in names)

    def _nothing(self, object_: str, names: Sequence[str], option: str) -> list[Row]:
        shown = ", ".join(names[:5]) or "nobody"
        self.notes.append(f"rows of {object_} are of {shown}; {option} names the one meant")
        return []


def _names(row: Row, id_field: str, relation: str) -> list[str]:
    """Id and username that a row names its user by."""
    inner = row.get(relation) if relation else row
    username = inner.get("Username") if isinstance(inner, Mapping) else None
    return [str(each) for each in (row.get(id_field), username) if each]


def _is_one_of(names: Iterable[str], wanted: Iterable[str]) -> bool:
    ours = {_folded(each) for each in wanted}
    return any(_folded(each) in ours for each in names)


def _folded(name: str) -> str:
    return name[:15] if is_id(name) else name.strip().casefold()


# --- what they show ------------------------------------------------------------------------------


def _apps(ours: _Ours) -> Iterator[Found]:
    failed = ours.wanted.at or ours.wanted.now
    for row in ours.of("ConnectedApplication")[:1]:
        yield from org_rows.connected_app(row, failed)
    for row in ours.of("ExternalClientApplication")[:1]:
        yield from org_rows.external_app(row, failed)
    policies = ours.of("ExtlClntAppOauthPlcyCnfg")
    for row in policies if len(policies) == 1 else ():
        yield from org_rows.external_policy(row)


def _people(ours: _Ours) -> Iterator[Found]:
    for row in ours.of("User")[:1]:
        yield from org_rows.user(row, None)
    for row in ours.of("UserLogin")[:1]:
        yield from org_rows.user_login(row)
    profiles = [row.get("Profile") for row in ours.of("User")]
    profile = next((each for each in profiles if isinstance(each, dict)), {})
    yield from org_rows.held_permissions(profile, ours.of("PermissionSetAssignment"))


def _access(ours: _Ours) -> Iterator[Found]:
    """Who is on the app's list, against what the user holds: it takes both answers."""
    listed, held = ours.of("SetupEntityAccess"), ours.of("PermissionSetAssignment")
    sets = {str(row["PermissionSetId"]) for row in held if row.get("PermissionSetId")}
    apps = {str(row.get("Id")) for row in ours.of("ConnectedApplication") if row.get("Id")}
    of_app = [row for row in listed if not apps or row.get("SetupEntityId") in apps]
    if sets and of_app and len({row.get("SetupEntityId") for row in of_app}) == 1:
        yield org_rows.preauthorized(of_app, sets)


def _grants(ours: _Ours) -> Iterator[Found]:
    label = ours.wanted.app
    if found := ours.of("OauthToken"):
        yield from org_rows.tokens(found, label or str(found[0].get("AppName")), None)
    found, now = ours.of("AuthSession"), ours.wanted.now
    if found and now is not None:
        yield org_rows.sessions(found, now)


def _org(ours: _Ours) -> Iterator[Found]:
    for row in ours.of("Organization")[:1]:
        yield from org_rows.organization(row, ours.wanted.now)


SHOWN: tuple[Callable[[_Ours], Iterator[Found]], ...] = (_apps, _people, _access, _grants, _org)
