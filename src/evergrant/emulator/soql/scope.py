"""What the names of a query mean for this caller: visible rows, fields, parents."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

from evergrant.emulator.ids import NO_ID
from evergrant.emulator.objects import find_object, not_built, stamp
from evergrant.emulator.schema import Everyone, Field, Needs, OwnRows, SObject
from evergrant.emulator.soql.ast import Path, Query
from evergrant.emulator.soql.errors import SoqlError

LAST_VERSION: Final = 67
"""Summer '26."""
_MOST_PARENTS: Final = 5
_KEPT: Final = timedelta(days=183)
"""How long Login History is kept: six months (security guide); the days are inferred."""

Bound = str | int | float | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, when, and through which API."""

    user_id: str
    permissions: frozenset[str]
    now: datetime
    is_tooling: bool = False
    features: frozenset[str] = frozenset()
    """What this org has beyond the ordinary."""
    version: int = LAST_VERSION
    """The API version asked for."""
    session_id: str = ""
    """The id of the caller's own AuthSession."""

    def has_any(self, permissions: frozenset[str]) -> bool:
        """Whether the caller holds one of them."""
        return bool(permissions & self.permissions)


def visible_rows(entity: SObject, caller: Caller) -> str | None:
    """The SQL for the rows this caller may see; None where the object is hidden altogether."""
    own = _own_rows(entity, caller)
    if own is None or not _is_there(entity, caller):
        return None
    test = " AND ".join(f"({each})" for each in (own, entity.kept) if each)
    return f'(SELECT * FROM "{entity.name}" WHERE {test})' if test else f'"{entity.name}"'


def _is_there(entity: SObject, caller: Caller) -> bool:
    """Whether this org and this version of its API have the object at all."""
    is_owned = entity.feature is None or entity.feature in caller.features
    return is_owned and caller.version >= entity.since and (caller.is_tooling or entity.in_data)


def _own_rows(entity: SObject, caller: Caller) -> str | None:
    """A condition on the rows a caller sees, empty for all; None where there is no object."""
    match entity.visible:
        case Everyone():
            return ""
        case Needs(permissions):
            return "" if caller.has_any(permissions) else None
        case OwnRows(own, permissions):
            return "" if caller.has_any(permissions) else own
        case _:
            assert_never(entity.visible)


def visible_object(name: str, caller: Caller, query: str = "", at: int = 0) -> SObject:
    """The object of that name; raises SoqlError where the caller has no such object."""
    if (unbuilt := not_built(name)) is not None:
        raise SoqlError("not_built", token=unbuilt)
    entity = find_object(name)
    if caller.is_tooling and (entity is None or not entity.in_tooling):
        raise SoqlError("no_tooling_object", query, at, entity=name)
    if entity is None or visible_rows(entity, caller) is None:
        raise SoqlError("no_object", query, at, entity=name)
    return entity


def visible_fields(entity: SObject, caller: Caller) -> tuple[Field, ...]:
    """The fields of the object that this caller may see."""
    return tuple(one for one in entity.fields if _sees(one, caller))


def _sees(one: Field, caller: Caller) -> bool:
    if one.feature is not None and one.feature not in caller.features:
        return False
    if caller.version < one.since or (one.in_tooling_only and not caller.is_tooling):
        return False
    return not one.needs or caller.has_any(one.needs)


class Binder:
    """The values of a statement, each bound by name: none is ever written into the SQL."""

    def __init__(self, caller: Caller) -> None:
        self.values: dict[str, Bound] = {
            "viewer": caller.user_id or NO_ID,
            "session": caller.session_id or NO_ID,
            "epoch": caller.now.timestamp(),
            "half_year_ago": stamp(caller.now - _KEPT),
        }

    def bind(self, value: Bound) -> str:
        """Keep the value and give the mark that stands for it."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"


@dataclass(frozen=True, slots=True)
class Column:
    """A field in the statement: its SQL, its field and the parents that led to it."""

    sql: str
    field: Field
    parents: tuple[str, ...]
    """Proper names of the relationships on the way."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A joined parent: its alias in the statement and its object."""

    alias: str
    entity: SObject


class Scope:
    """The FROM of one query: its object, its parents as they are named, the caller's eyes."""

    def __init__(self, query: Query, caller: Caller, prefix: str) -> None:
        self.query = query
        self.caller = caller
        self.entity = self._entity()
        self.parents: dict[tuple[str, ...], Parent] = {(): Parent(f"{prefix}0", self.entity)}
        self._prefix = prefix
        self._joins = [f"{visible_rows(self.entity, caller)} AS {prefix}0"]

    def _entity(self) -> SObject:
        if len(self.query.entity.names) > 1:
            raise SoqlError("not_built", token="FROM a relationship")
        name = self.query.entity
        return visible_object(name.text, self.caller, self.query.text, name.at)

    @property
    def source(self) -> str:
        """The FROM clause, with a join for every parent named so far."""
        return " ".join(self._joins)

    def column(self, path: Path) -> Column:
        """The column a path means; raises SoqlError where the caller has no such field."""
        names = self._without_own_name(path.names)
        if len(names) - 1 > _MOST_PARENTS:
            raise self._error("too_deep", path, field=path.text)
        parents: tuple[str, ...] = ()
        for name in names[:-1]:
            parents = self._follow(parents, name, path)
        parent = self.parents[parents]
        found = parent.entity.by_name.get(names[-1].lower())
        if found is None or not _sees(found, self.caller):
            raise self._error("no_column", path, field=names[-1], entity=parent.entity.name)
        sql = found.computed.format(row=parent.alias) or f'{parent.alias}."{found.name}"'
        return Column(sql, found, parents)

    def _without_own_name(self, names: tuple[str, ...]) -> tuple[str, ...]:
        own = (self.query.alias or self.entity.name).lower()
        is_own = len(names) > 1 and names[0].lower() == own
        return names[1:] if is_own else names

    def _follow(self, parents: tuple[str, ...], name: str, path: Path) -> tuple[str, ...]:
        here = self.parents[parents]
        link = here.entity.by_relationship.get(name.lower())
        if link is None or link.relationship is None:
            raise self._error("no_relationship", path, field=name)
        there = (*parents, link.relationship)
        if there not in self.parents:
            self._join(there, here, link, path)
        return there

    def _join(self, there: tuple[str, ...], here: Parent, link: Field, path: Path) -> None:
        target = link.refers_to[0]
        if (unbuilt := not_built(target)) is not None:
            raise SoqlError("not_built", token=unbuilt)
        entity = find_object(target)
        rows = visible_rows(entity, self.caller) if entity else None
        if entity is None or rows is None:
            raise self._error("no_relationship", path, field=there[-1])
        alias = f"{self._prefix}{len(self.parents)}"
        self.parents[there] = Parent(alias, entity)
        self._joins.append(
            f'LEFT JOIN {rows} AS {alias} ON {alias}."Id" = {here.alias}."{link.name}"'
        )

    def _error(self, key: str, path: Path, **words: str) -> SoqlError:
        return SoqlError(key, self.query.text, path.at, **words)
