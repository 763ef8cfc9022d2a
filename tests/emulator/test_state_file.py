"""A state file: rows, time and address outlive a restart; what cannot be gone on with is told."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from evergrant.emulator import Emulator, Fleet
from evergrant.emulator.connected import connect
from evergrant.emulator.state_file import BadState


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file in which an org was kept."""
    made = str(tmp_path / "org.db")
    Emulator(state=made).stop()
    return made


def test_the_time_and_the_callers_address_outlive_a_restart(path: str) -> None:
    first = Emulator(state=path)
    before = first.clock.now()
    first.act("advance_clock", by="91d")
    first.act("set_ip", ip="203.0.113.7")
    first.stop()
    second = Emulator(state=path)
    assert second.clock.now() - before >= timedelta(days=91)
    assert second.org.ip == "203.0.113.7"
    second.stage.reset()
    second.stop()
    third = Emulator(state=path)
    assert third.clock.offset == timedelta()
    assert third.org.ip != "203.0.113.7"
    third.stop()


def test_nothing_has_to_be_closed_for_the_time_to_be_kept(path: str) -> None:
    killed = Emulator(state=path)
    killed.clock.advance(days=3)
    again = Emulator(state=path)
    assert again.clock.offset == timedelta(days=3)
    again.stop()
    killed.stop()


def test_a_token_given_before_a_restart_is_dead_of_age_after_it(path: str) -> None:
    first = Emulator(state=path)
    first.act("set_app", app="orbit-sync", refresh_policy="specific_lifetime:30:DAYS")
    connect(first.org, "orbit-sync")
    first.act("advance_clock", by="31d")
    first.stop()
    second = Emulator(state=path)
    with second.org.lock:
        row = second.org.db.execute("SELECT issued_at FROM x_refresh").fetchone()
    assert second.clock.now().timestamp() - row["issued_at"] > 30 * 86400
    second.stop()


def test_orgs_side_by_side_go_on_at_the_one_time_they_share(tmp_path: Path) -> None:
    path = str(tmp_path / "orgs.db")
    first = Fleet(("production", "sandbox"), state=path)
    first.clock.advance(days=12)
    first["sandbox"].act("set_ip", ip="203.0.113.9")
    first.stop()
    second = Fleet(("production", "sandbox"), state=path)
    assert second.clock.offset == timedelta(days=12)
    assert second["sandbox"].org.clock is second["production"].org.clock
    assert second["sandbox"].org.ip == "203.0.113.9"
    assert second["production"].org.ip != "203.0.113.9"
    second.stop()


CHANGES = {
    "x_session lacks level": "ALTER TABLE x_session DROP COLUMN level",
    "x_refresh has mood": "ALTER TABLE x_refresh ADD COLUMN mood TEXT",
    "LoginHistory lacks Platform": 'ALTER TABLE "LoginHistory" DROP COLUMN "Platform"',
    "a policy has moods": "UPDATE x_policy SET value = json_set(value, '$.moods', 1)",
}


@pytest.mark.parametrize("told", list(CHANGES))
def test_a_file_of_another_version_is_refused_and_left_as_it_was(path: str, told: str) -> None:
    with sqlite3.connect(path) as db:
        db.executescript("PRAGMA foreign_keys = OFF")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
            db.execute(f'DROP VIEW "{name}"')
        db.execute(CHANGES[told])
    db.close()
    held = Path(path).read_bytes()
    with pytest.raises(BadState, match=f"another version of the emulator: {told}"):
        Emulator(state=path)
    assert Path(path).read_bytes() == held


def test_a_file_that_lacks_a_table_or_a_knob_is_gone_on_with(path: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE x_staged")
        db.execute("UPDATE x_policy SET value = json_remove(value, '$.strict_knob', '$.rotation')")
    db.close()
    again = Emulator(state=path)
    again.act("set_app", app="orbit-sync", rotation=True)
    again.stop()


def test_somebody_elses_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "customers.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE customer (id INTEGER)")
    db.close()
    held = path.read_bytes()
    with pytest.raises(BadState, match="not an emulated org's"):
        Emulator(state=str(path))
    assert path.read_bytes() == held


def test_a_production_is_not_served_as_a_sandbox(path: str) -> None:
    with pytest.raises(BadState, match="it holds the org production, not sandbox"):
        Emulator(state=path, kind="sandbox")
