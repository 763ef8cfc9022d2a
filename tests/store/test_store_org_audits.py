"""Org audits: what is kept comes back, on both databases; and who was connected before is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from evergrant.health import State
from evergrant.store import Tx, connections, due, org_audits
from evergrant.store.migrations.versions import r0011_org_audits
from evergrant.store.org_audits import Found, Hidden, OrgAudit
from store_kit import (
    NOW,
    connection,
    each_database_fixture,  # noqa: F401 (a fixture)
    fresh,
    seed,
)

pytestmark = pytest.mark.usefixtures("each_database")

FOUND = Found(
    "refresh-policy-zero", "app", "orbit", "Orbit Sync", "", "high", "Orbit's tokens die at once",
    NOW - timedelta(days=3), NOW,
)  # fmt: skip
KNOWN = OrgAudit(
    "con_acme", NOW, NOW, "own", (FOUND,), 2, (Hidden("no OauthToken", "rules TOK-10"),), 40
)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh(tmp_path) as store, store.write() as begun:
        seed(begun)
        yield begun


def test_what_was_found_comes_back_as_it_was_kept(tx: Tx) -> None:
    org_audits.keep(tx, KNOWN)
    assert org_audits.of(tx, "con_acme") == KNOWN


def test_what_is_kept_anew_takes_the_place_of_what_was(tx: Tx) -> None:
    org_audits.keep(tx, KNOWN)
    later = OrgAudit("con_acme", NOW + timedelta(days=1), NOW, "lent", trouble="no way in")
    org_audits.keep(tx, later)
    assert org_audits.of(tx, "con_acme") == later


def test_an_org_that_nobody_audited_has_none(tx: Tx) -> None:
    assert org_audits.of(tx, "con_acme") is None


def test_a_token_in_a_message_is_not_kept(tx: Tx) -> None:
    token = "00D5g00000ABCDE!AQEAQplantedplantedplanted.planted"
    told = Found("r", "app", "a", "A", "", "low", f"access_token={token}", NOW, NOW)
    org_audits.keep(tx, OrgAudit("con_acme", NOW, found=(told,), trouble=f"Bearer {token}"))
    assert token not in str(tx.execute(text("SELECT found, trouble FROM org_audit")).one())


def test_who_was_connected_before_the_migration_is_due_afterwards(tx: Tx) -> None:
    connections.add(tx, connection("con_hold", "hold", state=State.ON_HOLD))
    connections.add(tx, connection("con_gone", "gone", state=State.REMOVED))
    tx.execute(text("DROP TABLE org_audit"))
    with Operations.context(MigrationContext.configure(tx)):
        r0011_org_audits.upgrade()
    leases = due.claim(tx, NOW, owner="me", kinds=("audit",))
    assert {each.connection for each in leases} == {"con_acme"}
    assert org_audits.of(tx, "con_acme") is None
