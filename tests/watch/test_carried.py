"""The tables of the jobs are made, kept, and brought up to what is installed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import procrastinate
import psycopg
import pytest
from sqlalchemy.engine import make_url

import postgres_kit
from evergrant.store import Store
from evergrant.watch.carried import bring_up

OLDER = "03.03.00_01_pre_priority_lock_fetch_job.sql"
"""Where Procrastinate 3.3 left its tables."""


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def steps() -> list[Path]:
    folder = Path(procrastinate.__file__).parent / "sql" / "migrations"
    return sorted(folder.glob("*.sql"))


def look(url: str) -> None:
    """What a worker does when it starts, and then one job through the tables."""

    async def looked() -> None:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=plain(url)))
        done: list[int] = []
        app.task(name="one")(lambda: done.append(1))
        async with app.open_async():
            with Store.open(url) as store, store.write() as tx:
                await bring_up(app, tx)
            await app.configure_task("one").defer_async()
            await app.run_worker_async(wait=False, install_signal_handlers=False)
        assert done == [1]

    asyncio.run(looked())


def account(url: str) -> str:
    with psycopg.connect(plain(url)) as raw:
        row = raw.execute("SELECT obj_description('procrastinate_jobs'::regclass)").fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture
def url() -> str:
    return postgres_kit.empty("carried")


def older(url: str, upto: str, *, noted: bool) -> None:
    """Tables as an older Procrastinate left them."""
    with psycopg.connect(plain(url), autocommit=True) as raw:
        for step in steps():
            if step.name <= upto:
                raw.execute(step.read_bytes())
        if noted:
            raw.execute(f"COMMENT ON TABLE procrastinate_jobs IS 'evergrant: up to {upto}'")


def test_new_tables_are_made_at_the_last_step(url: str) -> None:
    look(url)
    assert account(url) == f"evergrant: up to {steps()[-1].name}"


def test_tables_of_an_older_procrastinate_get_the_steps_they_lack(url: str) -> None:
    older(url, OLDER, noted=True)
    look(url)
    assert account(url) == f"evergrant: up to {steps()[-1].name}"
    with psycopg.connect(plain(url)) as raw:
        found = raw.execute("SELECT 1 FROM pg_proc WHERE proname ~ 'retry_job'").fetchall()
    assert found, "the step that adds retrying was not taken"


def test_tables_without_an_account_are_those_of_the_first_version(url: str) -> None:
    older(url, steps()[-1].name, noted=False)
    look(url)


def test_tables_of_a_newer_procrastinate_are_left_alone(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    look(url)
    with psycopg.connect(plain(url), autocommit=True) as raw:
        raw.execute("COMMENT ON TABLE procrastinate_jobs IS 'evergrant: up to 99.00.00_01_x.sql'")
    look(url)
    assert account(url) == "evergrant: up to 99.00.00_01_x.sql"
    assert "newer Procrastinate" in caplog.text
