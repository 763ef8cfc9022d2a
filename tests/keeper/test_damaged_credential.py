"""A credential that no master key opens: told as such, and mended by reauthorizing in place."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from evergrant import keeper as verbs
from evergrant.errors import VaultTrouble
from evergrant.health import State
from evergrant.keeper.contain import contain
from evergrant.model import Connection
from evergrant.store import tables
from evergrant.vault import Vault
from evergrant.vault.ring import KeyRing
from evergrant.vault.sealing import MasterKey
from keeper_kit import (
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)


def damage(ground: Ground, connection: Connection) -> None:
    """Overwrite the end of the connection's sealed credential."""
    column, mine = tables.credential.c.sealed, tables.credential.c.connection == connection.id
    with ground.keeper.store.write() as tx:
        blob = tx.execute(sa.select(column).where(mine)).scalar_one()
        tx.execute(sa.update(tables.credential).where(mine).values(sealed=blob[:-3] + b"\0\0\0"))


def test_a_damaged_credential_is_replaced_by_reauthorizing(ground: Ground) -> None:
    connection = ground.connected()
    damage(ground, connection)
    with pytest.raises(VaultTrouble, match="swapped or damaged"):
        verbs.fresh_token(ground.keeper, connection.id)
    assert ground.reauthorized(connection).status == "done"
    assert ground.now(connection.id).state is State.CONNECTED
    assert verbs.check(ground.keeper, connection.id).failure is None
    assert len(ground.history(connection, "reauthorized")) == 1
    assert "no master key opens it" in ground.history(connection, "not revoked")[0].text


def test_a_connection_with_a_damaged_credential_can_be_removed(ground: Ground) -> None:
    connection = ground.connected()
    damage(ground, connection)
    assert verbs.remove(ground.keeper, connection.id).state is State.REMOVED
    assert {row.sealed for row in ground.rows(connection)} == {b""}


def test_one_damaged_credential_does_not_hold_up_a_containment(ground: Ground) -> None:
    connection = ground.connected()
    flow, _ = ground.browsed(ground.integration(), name="Beta", person=ground.stage.person("sam"))
    token = ground.live(ground.now(flow.connection)).credential.refresh_token
    damage(ground, connection)
    *_, end = contain(ground.keeper, connection.integration)
    assert (end.stopped, end.revoked, end.is_done) == (2, 1, True)
    assert not ground.is_live(token)
    assert ground.now(connection.id).state is State.NEEDS_REAUTHORIZATION
    assert "no master key opens it" in ground.history(connection, "not revoked")[0].text


def test_without_the_master_key_nothing_is_taken_for_damaged(ground: Ground) -> None:
    connection = ground.connected()
    stranger = Vault(KeyRing.of(MasterKey(b"o" * 32, "a test")), ground.keeper.clock)
    with pytest.raises(VaultTrouble, match="not the one that sealed"):
        verbs.remove(replace(ground.keeper, vault=stranger), connection.id)
    assert verbs.check(ground.keeper, connection.id).failure is None
