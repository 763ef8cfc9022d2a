"""Rows of logs wait before they are written; nobody who looks can tell."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.emulator.database import MEMORY, Database, is_apart

ADD = "INSERT INTO x_issued (secret, kind) VALUES (?, ?)"
COUNT = 'UPDATE "OauthToken" SET "UseCount" = "UseCount" + 1 WHERE "Id" = ?'
LOOK = ("SELECT secret, kind FROM x_issued", 'SELECT "Id", "UseCount" FROM "OauthToken"')
APART = "UPDATE x_refresh SET used_at = used_at + 1"
STEPS = ("begin", "commit", "rollback", "add", "count", "look", "apart")


def opened(path: str = MEMORY) -> Database:
    db = sqlite3.connect(path, isolation_level=None, factory=Database)
    db.execute("CREATE TABLE x_issued (secret TEXT, kind TEXT)")
    db.execute('CREATE TABLE "OauthToken" ("Id" TEXT, "UseCount" INTEGER)')
    db.execute("CREATE TABLE x_refresh (used_at INTEGER)")
    db.execute("""INSERT INTO "OauthToken" VALUES ('a', 0), ('b', 0)""")
    db.execute("INSERT INTO x_refresh VALUES (0)")
    return db


def seen(db: Database) -> list[list[tuple[object, ...]]]:
    return [db.execute(each).fetchall() for each in (*LOOK, "SELECT used_at FROM x_refresh")]


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
        ("SELECT * FROM x_refresh WHERE token = ?", True),
        ("SELECT scopes, flow FROM x_refresh WHERE user_id = ? AND state = 'live' LIMIT 1", True),
        ("SELECT * FROM x_session WHERE token = ?", False),
        ("SELECT secret FROM x_issued", False),
        ('SELECT "Id" FROM "LoginHistory"', False),
        ("SELECT Id FROM LoginHistory", False),
        ("SELECT f.token FROM x_refresh f JOIN AuthSession s ON s.Id = f.family", False),
    ],
)
def test_a_statement_is_apart_when_it_names_no_object_and_no_late_table(
    sql: str, expected: bool
) -> None:
    assert is_apart(sql) is expected
