"""Tenants as rows: made, counted, required; and what was there before there were any others."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import postgres_kit
from evergrant.errors import BadInput, NotFound
from evergrant.store import Store, connections, integrations, migrations, tenants
from evergrant.store.integrations import LONGEST_ID, id_in
from evergrant.store.scope import FIRST, Only
from evergrant.store.tables import metadata
from store_kit import NOW, connection, each_database_fixture, fresh, integration, seed  # noqa: F401

pytestmark = pytest.mark.usefixtures("each_database")
BEFORE = "0012"
"""The last revision without tenants everywhere."""
ROWS = {
    "outbox": "'n', 'log', '{}', 0, NULL, NULL, ''",
    "reading": "'r', '2026-11-22T09:00:00Z', '', '[]', ''",
    "examination": "'e', '2026-11-22T09:00:00Z', '', '{}'",
    "sign_in": "'t', '2026-11-22T09:00:00Z', 'viewer'",
    "operator_session": "'s', '2026-11-22T09:00:00Z', '2026-11-22T09:00:00Z', 'viewer'",
}
"""A row of each table that had no tenant, as its columns stood then."""


def test_a_tenant_is_made_once_and_counted_with_what_it_has(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            seed(tx, "acme", "birch")
            tenants.add(tx, "rival", NOW)
            with pytest.raises(BadInput, match="already"):
                tenants.add(tx, "rival", NOW)
        with store.read() as tx:
            told = [(each.name, each.integrations, each.connections) for each in tenants.every(tx)]
            assert told == [(FIRST, 1, 2), ("rival", 0, 0)]
            assert [each.made_at for each in tenants.every(tx)] == [None, NOW]
        with store.read(Only("rival")) as tx:
            assert [each.name for each in tenants.every(tx)] == ["rival"]
            with pytest.raises(NotFound) as met:
                tenants.require(tx, FIRST)
            assert FIRST not in met.value.why


def test_the_same_name_stands_in_two_tenants_and_twice_in_none(tmp_path: Path) -> None:
    with fresh(tmp_path) as store, store.write() as tx:
        tenants.add(tx, "rival", NOW)
        for tenant in (FIRST, "rival"):
            row = integration(id_in(tenant, "sync"), "Sync")
            values = {each: getattr(row, each) for each in row.__dataclass_fields__}
            integrations.save(tx, type(row)(**{**values, "tenant": tenant}))
            made = connection(f"con_{tenant}", "Acme", integration=row.id, tenant=tenant)
            connections.add(tx, made)
        with pytest.raises(BadInput, match="2 connections are named"):
            connections.get(tx, "Acme")
        with pytest.raises(BadInput, match="2 integrations are named"):
            integrations.get(tx, "Sync")
        with pytest.raises(BadInput, match="already"):
            connections.add(
                tx, connection("con_2", "Acme", integration="sync@rival", tenant="rival")
            )


def test_each_tenant_calls_its_integration_by_the_word_of_its_own_file(tmp_path: Path) -> None:
    with fresh(tmp_path) as store:
        with store.write() as tx:
            tenants.add(tx, "rival", NOW)
            for tenant in (FIRST, "rival"):
                row = integration(id_in(tenant, "sync"), f"Sync of {tenant}")
                values = {each: getattr(row, each) for each in row.__dataclass_fields__}
                integrations.save(tx, type(row)(**{**values, "tenant": tenant}))
        for tenant in (FIRST, "rival"):
            with store.read(Only(tenant)) as tx:
                assert integrations.get(tx, "sync").name == f"Sync of {tenant}"


def test_an_id_that_could_be_another_tenants_is_refused() -> None:
    for word in ("sync@rival", "x" * (LONGEST_ID + 1)):
        with pytest.raises(BadInput):
            id_in(FIRST, word)
    with pytest.raises(BadInput, match="too long"):
        id_in("rival", "x" * LONGEST_ID)


def test_what_was_there_before_belongs_to_the_first_tenant(
    tmp_path: Path, each_database: str
) -> None:
    at = f"sqlite:///{tmp_path / 'old.db'}"
    if each_database == "postgresql":
        at = postgres_kit.empty("tenants").replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(at)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, BEFORE)
        for table, row in ROWS.items():
            tx.exec_driver_sql(f"INSERT INTO {table} VALUES ({row})")
    engine.dispose()
    with Store.open(at.replace("+psycopg", "")) as store, store.read(Only(FIRST)) as tx:
        for name in ROWS:
            whose = sa.select(metadata.tables[name].c.tenant)
            assert tx.execute(whose).scalars().all() == [FIRST], name
