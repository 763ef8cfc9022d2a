"""Which approvals of an org can go, and that none of ours does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evergrant.audit.model import OrgRows
from evergrant.errors import CouldNotLook
from evergrant.keeper.approvals import (
    OTHERS,
    USUAL,
    Ours,
    approvals,
    chosen,
    ours_in,
    revoke_approval,
)
from evergrant.keeper.audit import look_with
from keeper_kit import Ground, ground_fixture, org_fixture
from tenant_kit import ground_of

__all__ = ["ground_fixture", "org_fixture"]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
USER = "005000000000001AAA"
STALE = timedelta(days=90)


def _row(created: int, used: int | None = None, app: str = "Ledger Sync", **more: Any) -> Any:
    """An approval that was made and used so many days ago."""
    made, last = (NOW - timedelta(days=n) for n in (created, created if used is None else used))
    return {
        "AppName": app, "UserId": USER, "User": {"Username": "bot@acme.io", "IsActive": True},
        "CreatedDate": made.isoformat(), "LastUsedDate": last.isoformat(), "UseCount": 1, **more,
    }  # fmt: skip


def _org(*rows: Any, **more: Any) -> OrgRows:
    known = {"ConnectedApplication": ({"Id": "0H4000000000001", "Name": "Ledger Sync"},),
             "ExternalClientApplication": ()}  # fmt: skip
    return OrgRows("org", {**known, "OauthToken": rows, **more})


def _reasons(org: OrgRows, *ours: Ours) -> list[tuple[str, ...]]:
    return [each.reasons for each in approvals(org, ours, NOW, STALE)]


def test_one_that_was_used_lately_is_not_stale_however_old() -> None:
    assert _reasons(_org(_row(400, 89), _row(91), _row(3))) == [(), ("stale",), ()]


def test_those_of_a_user_with_all_five_are_spare_once_they_stood_still_for_a_week() -> None:
    five = [_row(50, used) for used in (40, 8, 6, 1, 0)]
    assert _reasons(_org(*five)) == [("spare",), ("spare",), (), (), ()]
    assert _reasons(_org(*five[1:])) == [(), (), (), ()]


def test_one_of_an_app_that_the_org_does_not_know_is_orphaned() -> None:
    assert _reasons(_org(_row(1, app="Gone App"))) == [("orphaned",)]
    linked = _row(1, app="Gone App", AppMenuItem={"ApplicationId": "0H4000000000009"})
    assert _reasons(_org(linked)) == [()]
    unseen = OrgRows("org", {"OauthToken": (_row(1, app="Gone App"),)})
    assert _reasons(unseen) == [()], "what nobody could see is no reason"


def test_a_privileged_owner_alone_disconnects_nobody_who_did_not_ask() -> None:
    rows = {"User": ({"Id": USER, "Username": "boss@acme.io", "IsActive": True,
                      "Profile": {"Name": "System Administrator"}},)}  # fmt: skip
    found = approvals(_org(_row(1), **rows), (), NOW, STALE)
    assert found[0].reasons == ("privileged",)
    assert chosen(found, USUAL) == []
    assert chosen(found, ("privileged",)) == found


@pytest.mark.parametrize("label", ["Ledger Sync", "ledger-sync", "Another Label"])
def test_what_a_connection_may_live_by_is_kept_whatever_speaks_against_it(label: str) -> None:
    ours = Ours("Acme", label, USER[:15], NOW - timedelta(days=200))
    found = approvals(_org(_row(300, 150), _row(300, 250)), (ours,), NOW, STALE)
    assert [each.ours for each in found] == ["Acme", ""]
    assert [each.last_used for each in chosen(found, USUAL)] == [NOW - timedelta(days=250)]


def test_a_connection_of_which_nobody_knows_since_when_keeps_all_of_its_user() -> None:
    found = approvals(_org(_row(300), _row(400)), (Ours("Acme", "Ledger Sync", USER, None),),
                      NOW, STALE)  # fmt: skip
    assert chosen(found, USUAL) == []


def test_a_session_that_does_not_see_all_is_told_what_it_lacks() -> None:
    hidden = OrgRows("org", {}, {"OauthToken": "Customize Application"})
    with pytest.raises(CouldNotLook) as caught:
        approvals(hidden, (), NOW, STALE)
    assert "Customize Application" in caught.value.next_step


@pytest.mark.slow
def test_a_connection_that_stood_still_for_long_is_never_cleaned_away(ground: Ground) -> None:
    known = ground.connected()
    ground.control.act("approve", app="orbit-sync", user="sam")
    ground.control.advance(timedelta(days=200))
    rows = look_with(ground.control.session(), ground.keeper.clock)
    found = approvals(rows, ours_in(ground.keeper, rows), ground.keeper.clock.now(), STALE)
    assert [each.ours for each in found] == [known.name, ""]
    (sam,) = chosen(found, USUAL)
    assert sam.username.startswith("sam@")


@pytest.mark.slow
def test_one_that_was_used_since_it_was_looked_at_is_left_alone(ground: Ground) -> None:
    ground.control.act("approve", app="orbit-sync", user="sam")
    ground.control.advance(timedelta(days=200))
    session = ground.control.session()
    rows = look_with(session, ground.keeper.clock)
    (sam,) = approvals(rows, (), ground.keeper.clock.now(), STALE)
    with ground.org.org.changing() as db:
        db.execute('UPDATE "OauthToken" SET "LastUsedDate" = "2027-06-01T00:00:00.000+0000"')
    assert ground.keeper.say(revoke_approval(session, sam)) == "used meanwhile"
    assert len(look_with(session, ground.keeper.clock).rows["OauthToken"]) == 1


def test_an_approval_of_another_tenants_connection_is_kept_and_its_name_is_not_told(
    ground: Ground,
) -> None:
    known = ground_of(ground).connected("Zebra")
    assert known.identity
    row = {**_row(0), "UserId": known.identity.user_id, "AppName": "Orbit Sync"}
    at = ground.keeper.clock.now() + timedelta(days=1)
    row |= {"CreatedDate": at.isoformat(), "LastUsedDate": at.isoformat()}
    org = _org(row)
    found = approvals(org, ours_in(ground.keeper, org), at, STALE)
    assert [each.ours for each in found] == [OTHERS]
    assert [each.name for each in ours_in(ground.house, org)] == ["Zebra"]
