"""Looking into an org for an audit: everything for an admin, and each missing permission named."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from audit_kit import TODAY, sarif_complaints
from cli_kit import evergrant
from evergrant.audit.forecast import forecast
from evergrant.audit.forecast_grants import grants_of
from evergrant.audit.forecast_model import On, Situation
from evergrant.audit.model import OrgRows, Subject, Trait
from evergrant.catalog.retirements import load
from evergrant.errors import CouldNotLook, NotFound
from evergrant.evidence.live_audit import METADATA, QUESTIONS
from evergrant.keeper import remove, set_keep_alive
from evergrant.keeper.audit import look_for_audit, look_with
from evergrant.keeper.clients import Clients, clients
from evergrant.model import Secret, Session
from evergrant.store.keep_alive import KeepAlive
from keeper_kit import Ground, ground_fixture, org_fixture

__all__ = ["ground_fixture", "org_fixture"]
pytestmark = pytest.mark.slow  # connects, and retrieves an org's metadata


def lent(ground: Ground) -> str:
    """An admin's session, as standard input gives it to the command line."""
    session = ground.control.session()
    return json.dumps(
        {"instance_url": session.instance_url, "access_token": session.access_token.reveal()}
    )


def by_admin(ground: Ground) -> OrgRows:
    return look_with(ground.control.session(), ground.keeper.clock)


def test_an_admin_is_shown_every_object_and_the_metadata(ground: Ground) -> None:
    ground.connected()
    shown = by_admin(ground)
    assert shown.hidden == {}
    assert set(shown.rows) == {each.object for each in QUESTIONS}
    assert shown.metadata is not None
    names = zipfile.ZipFile(io.BytesIO(shown.metadata)).namelist()
    assert any(each.endswith(".connectedApp") for each in names)
    assert any("OauthOidc" in each for each in names)


def test_the_rows_hold_the_grant_with_its_dates_and_no_credential(ground: Ground) -> None:
    connection = ground.connected()
    shown = by_admin(ground)
    kept = ground.live(connection).credential
    assert kept.refresh_token is not None
    told = repr(shown.rows)
    assert kept.refresh_token.reveal() not in told
    assert kept.access_token.reveal() not in told
    grants = [each for each in grants_of(shown) if each.app == "Orbit Sync"]
    assert len(grants) == 1
    assert connection.identity is not None
    assert grants[0].client == connection.identity.username
    assert grants[0].authorized is not None


def test_a_connections_own_token_names_what_it_may_not_see(ground: Ground) -> None:
    connection = ground.connected()
    shown = look_for_audit(ground.keeper, connection.name)
    assert shown.name == connection.name
    assert shown.hidden["OauthToken"] == "Customize Application"
    assert shown.hidden["LoginHistory"] == "Monitor Login History"
    assert shown.hidden[METADATA] == "Modify Metadata Through Metadata API Functions"
    assert not set(shown.hidden) & set(shown.rows)


def test_the_command_audits_and_forecasts_with_an_admins_session(
    ground: Ground, tmp_path: Path
) -> None:
    connection = ground.connected()
    ground.control.act("set_app", app="orbit-sync", refresh_policy="specific_inactivity:30:DAYS")
    end = evergrant(
        "audit", "--session", "-", "--format", "sarif", folder=tmp_path, stdin=lent(ground)
    )
    assert end.err == ""
    assert (end.code, sarif_complaints(end.json())) == (1, [])
    told = evergrant(
        "forecast", "--session", "-", "--format", "json", folder=tmp_path, stdin=lent(ground)
    )
    assert connection.identity is not None
    (idle,) = [each for each in told.json()["foreseen"] if each["code"] == "TOK-06"]
    assert (idle["apps"], idle["client"]) == (["Orbit Sync"], connection.identity.username)
    assert idle["unless"] == "it is used before"


def test_our_own_connections_have_days_by_their_age_their_flow_and_their_policy(
    ground: Ground,
) -> None:
    connection = ground.connected()
    set_keep_alive(ground.keeper, connection.integration, KeepAlive(30, 5, 90))
    own = clients(ground.keeper)
    assert [(each.app, each.client) for each in own.grants] == [("Orbit Sync", connection.name)]
    made = forecast(Situation(TODAY, own.subjects, (), own.grants, load()))
    (idle,) = made.foreseen
    kept = ground.live(connection).credential
    assert kept.issued_at is not None
    assert idle.when == On((kept.issued_at + timedelta(days=30)).date(), unless="it is used before")
    assert idle.client == connection.name
    source = Subject("app", "orbit", "apps", app="Orbit Sync", traits={
        "app.refresh_policy": Trait("app.refresh_policy", "lifetime"),
        "app.refresh_days": Trait("app.refresh_days", 90.0),
    })  # fmt: skip
    told = forecast(Situation(TODAY, (source, *own.subjects), (), own.grants)).foreseen
    assert [each.rule for each in told] == ["TOK-06", "TOK-04"]


def test_a_removed_connection_is_not_foreseen(ground: Ground) -> None:
    remove(ground.keeper, ground.connected().id)
    assert clients(ground.keeper) == Clients((), ())


def test_an_org_does_not_differ_from_what_was_retrieved_from_it(
    ground: Ground, tmp_path: Path
) -> None:
    shown = by_admin(ground)
    assert shown.metadata is not None
    (tmp_path / "retrieved.zip").write_bytes(shown.metadata)
    words = ("--session", "-", "--against", "retrieved.zip", "--format", "json")
    same = evergrant("audit", *words, folder=tmp_path, stdin=lent(ground))
    assert (same.code, same.json()["changed"], same.json()["only"]) == (0, [], [])
    ground.control.act("set_app", app="orbit-sync", ip_relaxation="BYPASS")
    other = evergrant("audit", *words, folder=tmp_path, stdin=lent(ground))
    assert other.code == 1
    assert [(each["name"], each["trait"], each["here"]) for each in other.json()["changed"]] == [
        ("orbit_sync", "app.ip_relaxation", "relax")
    ]


def test_a_session_that_the_org_refuses_could_not_look(ground: Ground) -> None:
    dead = Session(ground.org.url, Secret("00D000000000001!dead"))
    with pytest.raises(CouldNotLook, match="INVALID_SESSION_ID"):
        look_with(dead)


def test_a_connections_org_can_be_looked_at_with_an_admins_session(ground: Ground) -> None:
    connection = ground.connected()
    shown = look_for_audit(ground.keeper, connection.id, ground.control.session())
    assert (shown.name, shown.hidden) == (connection.name, {})


def test_a_connection_that_nobody_knows_is_not_found(ground: Ground) -> None:
    with pytest.raises(NotFound):
        look_for_audit(ground.keeper, "nobody")
