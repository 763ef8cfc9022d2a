"""Whose rows a transaction sees: a tenant's own, in every table and by every function of the store.

Each table holds rows of two tenants.  Whoever adds a table, or a function that reads one, has it
looked at here without writing a line: what it cannot call it names.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from evergrant import store as room
from evergrant.errors import EvergrantError, NotFound, OurBug
from evergrant.store import Store, Tx, connections
from evergrant.store.scope import All, Only, parent_of, tenant_of
from evergrant.store.tables import metadata
from store_kit import NOW, fresh, playing_on

MINE, THEIRS, NOBODY = "mine", "theirs", "nobody"
TABLES = [pytest.param(each, id=each.name) for each in metadata.sorted_tables]
_WORDS = {"state": "connected", "status": "live", "role": "viewer", "kind": "credential"}
_SEALED = b"\x01" * 20


def cell(column: sa.Column[Any], tenant: str) -> Any:
    """Something that may stand there, and leads to the tenant where the column says whose."""
    if column.name == "tenant":
        return tenant
    if column.primary_key and column.table.name == "tenant":
        return tenant
    if column.name in ("connection", "integration", "flow", "key") or column.name == "id":
        word = {"flow": "flow", "key": "api_key"}.get(column.name, column.name)
        return f"{column.table.name if word == 'id' else word}_{tenant}"
    if isinstance(column.type, sa.Integer) and column.primary_key:
        return None
    kinds: Mapping[str, Any] = {
        "Moment": NOW, "Json": [], "Masked": "", "Boolean": True, "Integer": 1,
        "LargeBinary": _SEALED,
    }  # fmt: skip
    return kinds.get(type(column.type).__name__, _WORDS.get(column.name, f"{column.name} {tenant}"))


@pytest.fixture(name="store", scope="module", params=["sqlite", "postgresql"])
def store_fixture(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Every table has one row of each of two tenants; whatever a test does is undone."""
    with playing_on(request.param), fresh(tmp_path_factory.mktemp("scope")) as opened:
        with opened.write() as tx:
            for tenant in (MINE, THEIRS):
                for table in metadata.sorted_tables:
                    row = {each.name: cell(each, tenant) for each in table.c}
                    given = {name: value for name, value in row.items() if value is not None}
                    tx.execute(sa.insert(table).values(given))
        yield opened


def rows(store: Store, table: sa.Table, scope: Only | All) -> list[tuple[Any, ...]]:
    with store.read(scope) as tx:
        return [tuple(row) for row in tx.execute(sa.select(table).order_by(*table.primary_key))]


def whole(tx: Tx, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a tenant has, as a transaction of another one leaves it."""
    whose = tenant_of(tx)
    tx.execution_options(tenant=tenant)
    found = {
        table.name: [
            tuple(row) for row in tx.execute(sa.select(table).order_by(*table.primary_key))
        ]
        for table in metadata.sorted_tables
    }
    tx.execution_options(tenant=whose)
    return found


# --- tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_of_every_table_a_tenant_sees_its_own_row_and_nothing_else(
    store: Store, table: sa.Table
) -> None:
    mine, theirs = rows(store, table, Only(MINE)), rows(store, table, Only(THEIRS))
    assert len(mine) == len(theirs) == 1
    assert mine != theirs
    assert rows(store, table, Only(NOBODY)) == []
    assert len(rows(store, table, All())) == 2 + (table.name == "tenant")


@pytest.mark.parametrize("table", TABLES)
def test_a_tenant_changes_and_deletes_only_its_own_rows(store: Store, table: sa.Table) -> None:
    column = next(each for each in table.c if not each.primary_key)
    changed = sa.update(table).values({column: column})
    with store.write(Only(NOBODY)) as tx:
        assert tx.execute(changed).rowcount == 0
        assert tx.execute(sa.delete(table)).rowcount == 0
    if table.name != "audit_log":  # nobody changes a line of it
        with store.write(Only(MINE)) as tx:
            assert tx.execute(changed).rowcount == 1


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_written_for_another_tenant_or_for_what_belongs_to_it(
    store: Store, table: sa.Table
) -> None:
    row = {each.name: cell(each, THEIRS) for each in table.c if cell(each, THEIRS) is not None}
    for scope in (Only(MINE), Only(NOBODY)):
        with pytest.raises(OurBug), store.write(scope) as tx:
            tx.execute(sa.insert(table).values(row))
    assert len(rows(store, table, All())) == 2 + (table.name == "tenant")


def test_a_table_of_which_nobody_could_say_whose_its_rows_are_is_refused() -> None:
    lost = sa.Table("lost", sa.MetaData(), sa.Column("id", sa.String, primary_key=True))
    with pytest.raises(OurBug, match="nobody knows whose"):
        parent_of(lost)


# --- ways to name a table ------------------------------------------------------------------------


def test_a_table_is_the_tenants_own_in_joins_subqueries_aliases_and_unions(store: Store) -> None:
    told, other = metadata.tables["event"], metadata.tables["event"].alias("other")
    held = metadata.tables["connection"]
    count, theirs = sa.func.count(), f"connection_{THEIRS}"
    ways = [
        sa.select(count).select_from(told.join(held, held.c.id == told.c.connection)),
        sa.select(count).select_from(sa.select(told.c.seq).subquery()),
        sa.select(count).select_from(other),
        sa.select(count).select_from(sa.select(told.c.seq).cte("seen")),
        sa.select(count).select_from(sa.union_all(sa.select(told.c.seq)).subquery()),
        sa.select(count).where(sa.exists().where(told.c.connection == theirs)),
        sa.select(sa.select(count).select_from(told).scalar_subquery()),
    ]
    with store.read(Only(MINE)) as tx:
        assert [tx.execute(each).scalar_one() for each in ways] == [1, 1, 1, 1, 1, 0, 1]
    with store.read(Only(MINE)) as tx:
        left = sa.select(held.c.id, told.c.seq).select_from(
            held.outerjoin(told, told.c.connection == theirs)
        )
        assert [tuple(row) for row in tx.execute(left)] == [(f"connection_{MINE}", None)]


def test_one_process_serves_tenants_in_turn_with_statements_that_are_kept(store: Store) -> None:
    for tenant in (MINE, THEIRS, MINE, NOBODY, THEIRS):
        with store.read(Only(tenant)) as tx:
            found = [each.tenant for each in connections.every(tx)]
            assert found == ([] if tenant == NOBODY else [tenant])
            for other in {MINE, THEIRS} - {tenant}:
                with pytest.raises(NotFound):
                    connections.by_id(tx, f"connection_{other}")


def test_two_transactions_at_once_each_see_their_own(store: Store) -> None:
    with store.read(Only(MINE)) as one, store.read(Only(THEIRS)) as two, store.read() as every:
        assert [each.tenant for each in connections.every(one)] == [MINE]
        assert [each.tenant for each in connections.every(two)] == [THEIRS]
        assert [each.tenant for each in connections.every(every)] == [MINE, THEIRS]
        assert [each.tenant for each in connections.every(one)] == [MINE]


def test_a_statement_in_words_is_refused_where_it_would_see_everybodys(store: Store) -> None:
    with store.read(Only(MINE)) as tx, pytest.raises(OurBug, match="in words"):
        tx.execute(sa.text("SELECT id FROM connection"))


def test_a_hostile_name_of_a_tenant_is_a_name_and_no_statement(store: Store) -> None:
    for name in ("' OR '1'='1", "mine' --", "%", "no tenant", ""):
        assert rows(store, metadata.tables["connection"], Only(name)) == []


# --- every function of the store -----------------------------------------------------------------

HOUSE = {
    "backup": "files",
    "group": "how work is committed",
    "holding": "locks",
    "prepared": "how statements are compiled",
    "scope": "the scope itself",
    "sealed": "rotating the master key, for everybody",
    "upsert": "any table: who calls it is looked at here",
}
"""Modules that are no nouns, or that no verb calls for a tenant."""
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "connections.update": {"name": "taken over", "epoch": 7},
    "flows.update": {"status": "done", "outcome": {"taken": "over"}},
}
"""What is given to functions that take any change."""
IDS = {"flow": "flow", "link": "reconnect_link", "key": "api_key", "only": "revocation"}
"""Parameters and fields whose name is not that of the table."""


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of the store's nouns that works in a transaction."""
    for found in pkgutil.iter_modules(room.__path__):
        if found.ispkg or found.name in HOUSE:
            continue
        module = importlib.import_module(f"{room.__name__}.{found.name}")
        for name, each in inspect.getmembers(module, inspect.isfunction):
            is_own = each.__module__ == module.__name__ and not name.startswith("_")
            if is_own and next(iter(inspect.signature(each).parameters), "") == "tx":
                yield f"{found.name}.{name}", each


FUNCTIONS = dict(functions())


def made(kind: Any, name: str, noun: str, whose: str) -> Any:
    """Something of a type; what names a row names one of that tenant."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in (UnionType, Union):
        return made(inner[0], name, noun, whose)
    if origin in (tuple, list, Sequence, Iterable, Collection):
        several = [each for each in inner if each is not Ellipsis]
        items = tuple(made(each, name, noun, whose) for each in several)
        return list(items) if origin is list else items
    if origin is not None:
        key, value = (made(each, name, noun, whose) for each in inner)
        return {key: value}
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        given = {each.name: made(hints[each.name], each.name, noun, whose) for each in fields(kind)}
        of: Any = kind
        return of(**given)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return simple(kind, name, noun, whose)


def simple(kind: Any, name: str, noun: str, whose: str) -> Any:
    if kind is str:
        return word(name, noun, whose)
    known: dict[Any, Any] = {
        int: 2 if whose == THEIRS else 999, bool: True, float: 1.0, bytes: _SEALED,
        datetime: NOW, timedelta: timedelta(1), Any: [], type(None): None,
    }  # fmt: skip
    return known[kind]


def word(name: str, noun: str, whose: str) -> str:
    """A text; the id of a row where one is meant."""
    bare = name.removesuffix("_id")
    if name in ("id", "id_", "key") and noun in metadata.tables:
        return f"{noun}_{whose}"
    if bare in metadata.tables or bare in IDS:
        return f"{IDS.get(bare, bare)}_{whose}"
    if name == "ids":
        return f"{noun}_{whose}"
    return whose if name in ("tenant", "seq") else f"{name} {whose}"


def noun_of(function: str) -> str:
    """The table that a module is about, as far as its name tells."""
    module = function.partition(".")[0]
    singular = {"listing": "connection", "integrations": "integration", "links": "reconnect_link"}
    return singular.get(module, module.removesuffix("s"))


def called(store: Store, function: str, whose: str) -> str:
    """What a function tells one tenant that is asked for what belongs to another; all is undone."""
    each, noun = FUNCTIONS[function], noun_of(function)
    hints = get_type_hints(each)
    given = {
        name: made(hints[name], name, noun, whose)
        for name, one in inspect.signature(each).parameters.items()
        if name != "tx" and one.kind is not inspect.Parameter.VAR_KEYWORD
    }
    try:
        with store.write(Only(MINE)) as tx:
            before = whole(tx, THEIRS) if whose == THEIRS else {}
            found = repr(each(tx, **given, **CHANGES.get(function, {})))
            assert not before or whole(tx, THEIRS) == before
            tx.rollback()
    except EvergrantError as error:
        found = f"{type(error).__name__}: {error} {error.why}"
    except IntegrityError as error:
        found = type(error).__name__
    return found.replace(whose, "…").replace("999", "2")


def test_the_functions_of_the_store_are_all_looked_at() -> None:
    assert len(FUNCTIONS) > 100
    assert {"connections.get", "incidents.get", "audit_log.after", "api_keys.find"} <= {*FUNCTIONS}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_another_tenant_has_is_what_nobody_has(store: Store, function: str) -> None:
    nobodys, theirs = called(store, function, NOBODY), called(store, function, THEIRS)
    # An id that is taken is refused by the database; nobody chooses ids, or guesses them.
    assert theirs in (nobodys, "IntegrityError")
