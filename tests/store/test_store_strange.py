"""Errors of a database that no table has a word for: whose they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from evergrant.errors import StoreTrouble
from evergrant.store.postgres import Postgres
from evergrant.store.trouble import translated


@pytest.mark.parametrize("code", ["XX000", "26000", "25P02", "42P05", "2D000", "F0000"])
def test_what_postgresql_says_that_is_no_mistake_of_ours_is_trouble_of_the_store(code: str) -> None:
    database = Postgres(make_url("postgresql://nobody@127.0.0.1:1/none"), 1)
    error = psycopg.errors.lookup(code)("strange words")
    with pytest.raises(StoreTrouble, match="failed") as met, database.translated():
        raise error
    assert "strange words" in met.value.why


@pytest.mark.parametrize("code", ["23505", "42P01", "42601", "0A000"])
def test_a_broken_constraint_and_a_wrong_statement_are_our_own_mistake(code: str) -> None:
    database = Postgres(make_url("postgresql://nobody@127.0.0.1:1/none"), 1)
    kind = psycopg.errors.lookup(code)
    with pytest.raises(kind), database.translated():
        raise kind("ours")


def test_what_sqlite_says_without_a_word_of_ours_is_trouble_of_the_store() -> None:
    with pytest.raises(StoreTrouble, match="failed") as met, translated(Path("x.db")):
        raise sqlite3.OperationalError("cannot commit - no transaction is active")
    assert "no transaction is active" in met.value.why
    with pytest.raises(sqlite3.IntegrityError), translated(Path("x.db")):
        raise sqlite3.IntegrityError("UNIQUE constraint failed")
