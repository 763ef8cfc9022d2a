"""The table of objects: every entry, its table and its rows."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest

from evergrant.emulator import state
from evergrant.emulator.objects import (
    OBJECTS,
    create_tables,
    find_object,
    insert,
    not_built,
    parse_stamp,
    stamp,
    update,
)
from evergrant.emulator.objects.not_built import NOT_BUILT
from evergrant.emulator.schema import OwnRows, SObject


@pytest.fixture
def db() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    create_tables(made)
    state.create_internal_tables(made)
    return made


@pytest.mark.parametrize("entity", OBJECTS.values(), ids=lambda entity: entity.name)
def test_every_object_has_a_table_with_its_fields(entity: SObject, db: sqlite3.Connection) -> None:
    columns = [row[1] for row in db.execute(f'PRAGMA table_info("{entity.name}")')]
    assert [one.name for one in entity.fields] == columns
    assert entity.fields[0].name == "Id"


@pytest.mark.parametrize("entity", OBJECTS.values(), ids=lambda entity: entity.name)
def test_every_object_is_sound(entity: SObject, db: sqlite3.Connection) -> None:
    assert len(entity.by_name) == len(entity.fields)
    assert find_object(entity.name.upper()) is entity
    assert not_built(entity.name) is None
    for one in entity.fields:
        assert (one.type == "reference") == bool(one.refers_to)
        assert set(one.refers_to) <= set(OBJECTS) | set(NOT_BUILT)
        assert one.relationship is None or len(one.refers_to) == 1
    if isinstance(entity.visible, OwnRows):
        own = f'SELECT * FROM "{entity.name}" WHERE {entity.visible.own}'
        assert db.execute(own, {"viewer": "005"}).fetchall() == []
    for child in entity.children:
        assert child.field.lower() in OBJECTS[child.entity].by_name


def test_prefixes_are_told_apart() -> None:
    assert len({entity.prefix for entity in OBJECTS.values()}) == len(OBJECTS)


def test_tables_can_be_made_twice(db: sqlite3.Connection) -> None:
    create_tables(db)


def test_a_row_is_stored_as_salesforce_writes_it(db: sqlite3.Connection) -> None:
    moment = datetime(2026, 1, 31, 12, 0, 0, 999_999, timezone(timedelta(hours=2)))
    insert(db, "LoginHistory", Id="0Ya000000000001AAA", LoginTime=moment, OptionsIsPost=True)
    row = db.execute('SELECT "LoginTime", "OptionsIsPost", "OptionsIsGet" FROM LoginHistory')
    assert row.fetchone() == ("2026-01-31T10:00:00.000+0000", 1, 0)


def test_a_row_can_be_changed(db: sqlite3.Connection) -> None:
    insert(db, "User", Id="005000000000001AAA", Username="a@acme.example", IsActive=True)
    update(db, "User", "005000000000001AAA", IsActive=False)
    assert db.execute('SELECT "IsActive" FROM "User"').fetchone() == (0,)


def test_a_field_that_does_not_exist_is_refused(db: sqlite3.Connection) -> None:
    with pytest.raises(KeyError):
        insert(db, "LoginHistory", Id="0Ya000000000001AAA", AppId="0H4")
    with pytest.raises(KeyError):
        insert(db, "Account", Id="001000000000001AAA")


@pytest.mark.parametrize("year", [1, 999, 2026, 9999])
def test_a_stamp_is_read_back_and_sorts_as_time_does(year: int) -> None:
    moment = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert stamp(moment).startswith(f"{year:04d}-02-03T04:05:06.000")
    assert parse_stamp(stamp(moment)) == moment


def test_login_history_has_the_filter_properties_of_its_reference() -> None:
    history = OBJECTS["LoginHistory"]
    unfilterable = {one.name for one in history.fields if not one.filterable}
    assert unfilterable == {
        "Application", "ApiType", "ApiVersion", "Browser", "ClientVersion", "Platform", "Status",
    }  # fmt: skip
    assert all(history.by_name[name.lower()].groupable for name in unfilterable)
    assert history.by_relationship == {}


def test_what_cannot_be_queried_is_no_field() -> None:
    app = OBJECTS["ConnectedApplication"]
    names = " ".join(one.name.lower() for one in app.fields)
    for secret in ("scope", "callback", "consumer", "secret", "pkce", "rotation", "blocked"):
        assert secret not in names
