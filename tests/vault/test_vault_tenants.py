"""What is sealed for one tenant does not open as another's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from evergrant import keeper as verbs
from evergrant.errors import VaultTrouble
from evergrant.health import State
from evergrant.keeper import Keeper
from evergrant.model import App, Connection, Credential, Identity, Integration, Secret
from evergrant.store import connections, tables
from evergrant.store.integrations import id_in
from keeper_kit import KEY, settings_in

TENANTS = ("mine", "theirs")
WHO = Identity("00D5g00000ABCDEEA4", "0055g00000XYZABAA2")


@pytest.fixture(name="house")
def house_fixture(tmp_path: Path) -> Iterator[Keeper]:
    """Two tenants, each with an integration, a connection and its credential."""
    with verbs.open_for_all(settings_in(tmp_path), environ=KEY) as house:
        for tenant in TENANTS:
            verbs.add_tenant(house, tenant)
            own, host = house.of(tenant), "https://login.salesforce.com"
            app = App("3MVG9.key", consumer_secret=Secret(f"secret of {tenant}"))
            made = Integration(
                id_in(tenant, "sync"), "Sync", "Sync", "", app, "web_server", host, tenant=tenant
            )
            with own.writing() as tx:
                own.vault.save_integration(tx, made)
                key = f"con_{tenant}"
                connections.add(
                    tx, Connection(key, made.id, "Acme", State.CONNECTED, host, tenant=tenant)
                )
                token = Credential(Secret(f"token of {tenant}"), instance_url=host)
                own.vault.keep(tx, key, token, identity=WHO, epoch=1)
        yield house


def moved(house: Keeper, table: sa.Table, **more: str) -> None:
    """Somebody with the database in hand gives a row of theirs to another tenant."""
    with house.store.write() as tx:
        theirs = sa.update(table).where(table.c.tenant == "theirs")
        tx.execute(theirs.values(tenant="mine", **more))


def test_each_tenant_opens_its_own(house: Keeper) -> None:
    for tenant in TENANTS:
        own = house.of(tenant)
        with own.reading() as tx:
            opened = own.vault.integration(tx, "sync").app.consumer_secret
            live = own.vault.live(tx, f"con_{tenant}")
        assert opened == Secret(f"secret of {tenant}")
        assert live
        assert live.credential.access_token == Secret(f"token of {tenant}")


def test_an_integration_that_was_given_to_another_tenant_does_not_open(house: Keeper) -> None:
    moved(house, tables.integration, name="Sync of theirs")
    own = house.of("mine")
    with own.reading() as tx, pytest.raises(VaultTrouble):
        own.vault.integration(tx, "sync@theirs")


def test_a_credential_that_was_given_to_another_tenant_does_not_open(house: Keeper) -> None:
    moved(house, tables.connection, integration="sync@mine", name="Acme of theirs")
    moved(house, tables.credential)
    own = house.of("mine")
    with own.reading() as tx, pytest.raises(VaultTrouble):
        own.vault.live(tx, "con_theirs")
