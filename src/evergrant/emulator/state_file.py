"""An org's database as a file: whether this emulator can go on with it, and the time in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

if TYPE_CHECKING:
    from evergrant.emulator.database import Database
    from evergrant.emulator.org import Org

_KNOBS: Final = {
    each.__name__: frozenset(field.name for field in fields(each))
    for each in (AppPolicy, OrgPolicy, ProfilePolicy)
}
_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_OFFSET: Final = "clock_offset_s"
_IP: Final = "ip"


class BadState(ValueError):
    """The file is no org's, another kind of org's, or an org's of another version."""


def check(db: Database, make_tables: Callable[[Database], None]) -> None:
    """Raise BadState unless the database is new, or holds what this version would write.

    A table that is missing is made later and knobs that are missing stand at their defaults; a
    column that is missing, or one too many, cannot be made up.
    """
    held = _columns(db)
    if not held:
        return
    if "x_meta" not in held:
        raise BadState("it is a database, but not an emulated org's")
    fresh = state.connect(":memory:")
    make_tables(fresh)
    found = [*_differences(held, _columns(fresh)), *_strange_knobs(db)]
    fresh.close()
    if found:
        raise BadState(f"it was written by another version of the emulator: {found[0]}")


def _columns(db: sqlite3.Connection) -> dict[str, frozenset[str]]:
    tables = [str(row["name"]) for row in db.execute(_TABLES)]
    return {
        each: frozenset(row["name"] for row in db.execute(f'PRAGMA table_info("{each}")'))
        for each in tables
    }


def _differences(
    held: dict[str, frozenset[str]], wanted: dict[str, frozenset[str]]
) -> Iterator[str]:
    for table, columns in sorted(wanted.items()):
        if table not in held:
            continue
        if missing := columns - held[table]:
            yield f"{table} lacks {', '.join(sorted(missing))}"
        if strange := held[table] - columns:
            yield f"{table} has {', '.join(sorted(strange))}, which this version does not know"


def _strange_knobs(db: sqlite3.Connection) -> Iterator[str]:
    for row in db.execute("SELECT kind, value FROM x_policy"):
        if strange := set(state.policy_words(row["value"])) - _KNOBS.get(row["kind"], frozenset()):
            yield f"a policy has {', '.join(sorted(strange))}, which this version does not know"


def expect(org: Org) -> None:
    """Raise BadState where the file holds another kind of org than is asked for."""
    held = _noted(org, "home")
    if held and held != org.home.name:
        raise BadState(f"it holds the org {held}, not {org.home.name}")


def keep(org: Org) -> None:
    """Write down the time and where callers come from, so that the next run begins there."""
    with org.lock:
        state.note(org.db, _OFFSET, repr(org.clock.offset.total_seconds()))
        state.note(org.db, _IP, org.ip)


def resume(org: Org) -> None:
    """Go on at the time, and with the callers' address, that were written down.

    A clock that orgs share is kept by the first of them, in its file.
    """
    offset, ip = _noted(org, _OFFSET), _noted(org, _IP)
    if org.clock.keeper is None:
        org.clock.offset = timedelta(seconds=float(offset or 0))
        org.clock.keeper = org.remember
    org.ip = ip or org.ip


def _noted(org: Org, key: str) -> str:
    row = state.one(org.db, "SELECT value FROM x_meta WHERE key = ?", key)
    return "" if row is None else str(row["value"])
