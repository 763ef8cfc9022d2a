"""Rows of logs wait before they are written; nobody who looks can tell."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.emulator.database import MEMORY, Database, is_apart

ADD = "INSERT INTO x_issued (secret, kind) VALUES (?, ?)"
COUNT = 'UPDATE "OauthToken" SET "UseCount" = "UseCount" + 1 WHERE "Id" = ?'
USE = "UPDATE x_refresh SET used_at = ? WHERE token = ?"
LOOK = (
    "SELECT secret, kind FROM x_issued",
    'SELECT "Id", "UseCount" FROM "OauthToken"',
    "SELECT token, used_at FROM x_refresh",
    "SELECT used_at FROM x_code",
)
APART = "UPDATE x_code SET used_at = used_at + 1"
STEPS = ("begin", "commit", "rollback", "add", "count", "use", "look", "glance", "apart")


def opened(path: str = MEMORY) -> Database:
    db = sqlite3.connect(path, isolation_level=None, factory=Database)
    db.execute("CREATE TABLE x_issued (secret TEXT, kind TEXT)")
    db.execute('CREATE TABLE "OauthToken" ("Id" TEXT, "UseCount" INTEGER)')
    db.execute("CREATE TABLE x_refresh (token TEXT, used_at INTEGER)")
    db.execute("CREATE TABLE x_code (used_at INTEGER)")
    db.execute("""INSERT INTO "OauthToken" VALUES ('a', 0), ('b', 0)""")
    db.execute("INSERT INTO x_refresh VALUES ('a', 0), ('b', 0)")
    db.execute("INSERT INTO x_code VALUES (0)")
    return db


def seen(db: Database) -> list[list[tuple[object, ...]]]:
    return [db.execute(each).fetchall() for each in LOOK]


def play(db: Database, step: str, number: int, *, waits: bool) -> None:
    """One step, on a database whose rows wait or on one that writes each at once."""
    write = db.defer if waits else db.execute
    match step:
        case "begin" if not db.in_transaction:
            db.begin()
        case "commit" | "rollback" if db.in_transaction:
            db.commit() if step == "commit" else db.rollback()
        case "add":
            write(ADD, (f"s{number}", "access_token"))
        case "count":
            write(COUNT, ("ab"[number % 2],))
        case "use":
            (db.overwrite if waits else db.execute)(USE, (number, "ab"[number % 2]))
        case "glance":
            assert db.execute(LOOK[-1]).fetchone() is not None
        case "look":
            seen(db)
        case "apart":
            db.execute(APART)


@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_what_waits_is_seen_as_if_it_had_been_written_at_once(steps: list[str]) -> None:
    waiting, plain = opened(), opened()
    for number, step in enumerate(steps):
        play(waiting, step, number, waits=True)
        play(plain, step, number, waits=False)
        if step == "look":
            assert seen(waiting) == seen(plain)
    assert seen(waiting) == seen(plain)
    waiting.close()
    plain.close()


def test_of_many_uses_of_a_token_the_latest_alone_is_written() -> None:
    db, written = opened(), list[str]()
    for number in range(100):
        db.overwrite(USE, (number, "ab"[number % 2]))
    db.set_trace_callback(written.append)
    found = db.execute(LOOK[2]).fetchall()
    db.close()
    assert found == [("a", 98), ("b", 99)]
    assert sum(each.startswith("UPDATE") for each in written) == 2


def test_a_transaction_that_only_reads_is_none_to_sqlite() -> None:
    db, told = opened(), list[str]()
    db.set_trace_callback(told.append)
    db.begin()
    db.execute(LOOK[3])
    assert db.in_transaction
    db.commit()
    db.close()
    assert told == [LOOK[3]]


def test_a_transaction_that_writes_can_be_undone_whatever_was_read_before() -> None:
    db = opened()
    db.begin()
    db.execute(LOOK[3])
    db.execute(APART)
    db.rollback()
    found = db.execute(LOOK[3]).fetchall()
    db.close()
    assert found == [(0,)]


def test_more_than_a_thousand_rows_do_not_wait() -> None:
    db = opened()
    for number in range(3000):
        db.defer(ADD, (f"s{number}", "kind"))
    held = sqlite3.Connection.execute(db, "SELECT count(*) FROM x_issued").fetchone()[0]
    db.close()
    assert 1000 < held < 3000


def test_a_copy_holds_what_waited() -> None:
    db, copy = opened(), sqlite3.connect(MEMORY)
    db.defer(ADD, ("s", "kind"))
    db.backup(copy)
    held = copy.execute("SELECT count(*) FROM x_issued").fetchone()[0]
    db.close()
    copy.close()
    assert held == 1


def test_in_a_file_nothing_waits(tmp_path: object) -> None:
    db = opened(f"{tmp_path}/org.sqlite")
    db.defer(ADD, ("s", "kind"))
    held = sqlite3.Connection.execute(db, "SELECT count(*) FROM x_issued").fetchone()[0]
    db.close()
    assert held == 1


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM x_code WHERE code = ?", True),
        ("SELECT scopes, flow FROM x_device WHERE user_id = ? AND state = 'live' LIMIT 1", True),
        ("SELECT * FROM x_refresh WHERE token = ?", False),
        ("SELECT * FROM x_session WHERE token = ?", False),
        ("SELECT secret FROM x_issued", False),
        ('SELECT "Id" FROM "LoginHistory"', False),
        ("SELECT Id FROM LoginHistory", False),
        ("SELECT f.token FROM x_code f JOIN AuthSession s ON s.Id = f.family", False),
    ],
)
def test_a_statement_is_apart_when_it_names_no_object_and_no_late_table(
    sql: str, expected: bool
) -> None:
    assert is_apart(sql) is expected
