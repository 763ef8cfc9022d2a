"""Links, brandings, roles and the audit log, as both databases keep them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from evergrant.errors import NotFound, StoreTrouble
from evergrant.store import Store, Tx, audit_log, branding, links, operators
from evergrant.store.branding import Branding
from evergrant.store.links import Link
from evergrant.store.operators import Seat
from evergrant.store.tables import audit_log as table
from store_kit import NOW, each_database_fixture, fresh, seed  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("each_database")
LATER = NOW + timedelta(days=7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with fresh(tmp_path) as opened:
        with opened.write() as tx:
            seed(tx, "acme", "birch")
        yield opened


@pytest.fixture
def tx(store: Store) -> Iterator[Tx]:
    with store.write() as begun:
        yield begun


def test_a_link_comes_back_as_it_was_put(tx: Tx) -> None:
    link = Link("link_1", "con_acme", NOW, LATER)
    links.add(tx, link)
    assert links.get(tx, "link_1") == link
    assert links.find(tx, "link_2") is None
    with pytest.raises(NotFound):
        links.get(tx, "link_2")


def test_links_are_found_by_connection_by_flow_and_newest_first(tx: Tx) -> None:
    for number, connection in enumerate(("con_acme", "con_birch", "con_acme")):
        made = NOW + timedelta(minutes=number)
        links.add(tx, Link(f"link_{number}", connection, made, LATER))
    links.walk(tx, "link_0", "flow_1")
    assert [each.id for each in links.of_connection(tx, "con_acme")] == ["link_2", "link_0"]
    assert [each.id for each in links.every(tx)] == ["link_2", "link_1", "link_0"]
    assert [each.id for each in links.of_flow(tx, "flow_1")] == ["link_0"]
    assert list(links.of_flow(tx, "")) == []


def test_only_the_first_opening_and_the_first_revocation_count(tx: Tx) -> None:
    links.add(tx, Link("link_1", "con_acme", NOW, LATER))
    for change in (links.opened, links.revoke):
        assert change(tx, "link_1", NOW)
        assert not change(tx, "link_1", LATER)
    found = links.get(tx, "link_1")
    assert (found.opened_at, found.revoked_at) == (NOW, NOW)


def test_a_branding_is_put_in_place_of_the_one_before(tx: Tx) -> None:
    assert branding.of(tx, "int_sync") == Branding("int_sync")
    for brand in (
        Branding("int_sync", "Orbit", "#123456", "", "image/png", b"\x89PNG"),
        Branding("int_sync", "Orbit & Söhne"),
    ):
        branding.save(tx, brand)
        assert branding.of(tx, "int_sync") == brand


def test_a_sign_in_link_gives_its_role_once_and_the_session_keeps_it(tx: Tx) -> None:
    operators.add_link(tx, "hash", LATER, Seat("viewer", "acme"))
    assert operators.take_link(tx, "hash", NOW) == Seat("viewer", "acme")
    assert operators.take_link(tx, "hash", NOW) is None
    operators.open_session(tx, "word", NOW, LATER, Seat("viewer", "acme"))
    assert operators.seat_of(tx, "word", NOW) == Seat("viewer", "acme")
    assert operators.seat_of(tx, "word", LATER) is None
    assert operators.seat_of(tx, "other", NOW) is None


def test_no_line_of_the_audit_log_can_be_changed_or_taken_away(store: Store) -> None:
    with store.write() as tx:
        audit_log.add(tx, NOW, "operator x", "paused", subject="con_acme", text="")
    for change in (table.delete(), table.update().values(actor="nobody")):
        with pytest.raises((DBAPIError, StoreTrouble)), store.write() as tx:
            tx.execute(change)
    with store.read() as tx:
        (kept,) = audit_log.after(tx, limit=9)
    assert (kept.actor, kept.act, kept.subject) == ("operator x", "paused", "con_acme")


def test_the_audit_log_is_read_on_from_a_line_and_from_a_moment(tx: Tx) -> None:
    for number in range(5):
        at = NOW + timedelta(hours=number)
        audit_log.add(tx, at, "ada", f"act {number}", subject="", text="")
    first = audit_log.after(tx, limit=2)
    assert [each.act for each in first] == ["act 0", "act 1"]
    rest = audit_log.after(tx, first[-1].seq, limit=9)
    assert [each.act for each in rest] == ["act 2", "act 3", "act 4"]
    since = audit_log.after(tx, since=NOW + timedelta(hours=4), limit=9)
    assert [each.act for each in since] == ["act 4"]


def test_a_secret_in_a_line_of_the_audit_log_is_masked(tx: Tx) -> None:
    text = "refresh_token=5Aep861abcdefghijklmnopqrstuvwxyz"
    audit_log.add(tx, NOW, "operator x", "wrote", subject="", text=text)
    assert "5Aep861" not in audit_log.after(tx, limit=9)[0].text
