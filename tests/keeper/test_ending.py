"""What ends soon: the state says so while all works, status says what, one notice tells of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from evergrant import keeper as verbs
from evergrant.cli.app import build
from evergrant.health import Signal, State
from evergrant.keeper.ending import endings
from evergrant.keeper.org_audits import audit_org
from evergrant.model import Connection
from evergrant.store.expectations import Expectations
from evergrant.store.keep_alive import KeepAlive
from evergrant.watch import go_round
from keeper_kit import (
    BROWSER_APP,
    JWT_APP,
    KEY,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

DAY = timedelta(days=1)


def ends_in(ground: Ground, connection: Connection, days: int) -> str:
    """The integration says that its certificate ends so many days from now."""
    day = (ground.keeper.clock.now() + days * DAY).date().isoformat()
    verbs.expect(ground.keeper, connection.integration, Expectations(certificate_ends=day))
    return day


def told(ground: Ground, *known: Connection) -> list[str]:
    """What `status` says of endings."""
    with ground.keeper.reading() as tx:
        return list(endings(ground.keeper, tx, [ground.now(each.id) for each in known]))


def soon(ground: Ground) -> list[str]:
    """The notices of that kind."""
    return [each.text for each in ground.notices() if each.kind == "expiring soon"]


def test_a_certificate_that_ends_tomorrow_is_in_the_state_in_status_and_in_one_notice(
    ground: Ground,
) -> None:
    connection = ground.connected(app=JWT_APP)
    day = ends_in(ground, connection, 1)
    for _ in range(3):
        checked = verbs.check(ground.keeper, connection.id)
        assert checked.signal is Signal.EXPIRY_NEAR
    assert ground.now(connection.id).state is State.EXPIRING_SOON
    [text] = soon(ground)
    assert text.startswith("the certificate of ")
    words, _, advice = text.partition("; ")
    assert words.endswith(f"ends on {day}")
    assert advice.startswith("register a new certificate")
    assert told(ground, connection) == [f"Acme: {words}"]


def test_a_far_end_is_not_near_and_a_new_certificate_ends_the_warning(ground: Ground) -> None:
    connection = ground.connected(app=JWT_APP)
    ends_in(ground, connection, 60)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.CONNECTED
    ground.control.advance(31 * DAY)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.EXPIRING_SOON
    ends_in(ground, connection, 300)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.CONNECTED
    assert told(ground, connection) == []
    assert len(soon(ground)) == 1


def test_one_certificate_is_told_once_for_all_its_connections(ground: Ground) -> None:
    one, two = (ground.connected(name, app=JWT_APP) for name in ("Acme", "Globex"))
    ends_in(ground, one, 5)
    for each in (one, two, one, two):
        verbs.check(ground.keeper, each.id)
    assert ground.now(two.id).state is State.EXPIRING_SOON
    assert len(soon(ground)) == 1
    [line] = told(ground, one, two)
    assert line.startswith("Acme and 1 more: the certificate of ")


def test_the_certificate_concerns_only_connections_that_sign_with_it(ground: Ground) -> None:
    connection = ground.connected()
    ends_in(ground, connection, 1)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.CONNECTED


def test_trouble_on_the_way_does_not_tell_of_the_same_end_again(ground: Ground) -> None:
    connection = ground.connected(app=JWT_APP)
    ends_in(ground, connection, 5)
    for path in ("", "/services/data/v66.0", ""):
        if path:
            ground.fault(path, drop="before")
        verbs.check(ground.keeper, connection.id)
        ground.control.ask("POST", "/faults", json=[])
    assert ground.now(connection.id).state is State.EXPIRING_SOON
    assert len(soon(ground)) == 1


def test_a_token_that_nobody_uses_is_told_of_before_it_dies_unused(ground: Ground) -> None:
    connection = ground.connected()
    policy = KeepAlive(idle_limit_days=2, ahead_days=1, used_within_days=60)
    verbs.set_keep_alive(ground.keeper, connection.integration, policy)
    states = []
    for _ in range(25):  # an access token that is called with again and again does not end
        ground.control.advance(DAY / 24)
        verbs.check(ground.keeper, connection.id)
        states.append(ground.now(connection.id).state)
    assert states == [State.CONNECTED] * 23 + [State.EXPIRING_SOON] * 2
    [text] = soon(ground)
    assert text.startswith("the refresh token, which nobody uses, ends on ")
    verbs.check(ground.keeper, connection.id, renew=True)
    assert ground.now(connection.id).state is State.CONNECTED, "it was used"


def test_a_token_that_is_kept_alive_never_expires_soon(ground: Ground) -> None:
    connection = ground.connected()
    verbs.fresh_token(ground.keeper, connection.id)
    ground.keeper.engine.group.do(lambda tx: None)  # what was submitted before is written now
    policy = KeepAlive(idle_limit_days=30, ahead_days=7, used_within_days=60)
    verbs.set_keep_alive(ground.keeper, connection.integration, policy)
    ground.control.advance(25 * DAY)
    go_round(ground.keeper, "watch")
    assert len(ground.history(connection, "kept alive")) == 1
    assert ground.now(connection.id).state is State.CONNECTED


def audited(ground: Ground, connection: Connection) -> Any:
    """An audit with an admin's session, which may see the app's policy."""
    return audit_org(ground.keeper, connection.id, ground.control.session())


def test_a_lifetime_that_an_audit_saw_is_near_in_its_last_quarter_until_a_new_authorization(
    ground: Ground,
) -> None:
    life = "specific_lifetime:40:DAYS"
    ground.control.act("set_app", app=BROWSER_APP, refresh_policy=life)
    connection = ground.connected()
    audited(ground, connection)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.CONNECTED
    ground.control.advance(31 * DAY)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.EXPIRING_SOON
    [text] = soon(ground)
    assert text.startswith("the refresh token, by the app’s policy, ends on ")
    ground.reauthorized(connection)
    audited(ground, connection)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.CONNECTED


def test_status_says_what_ends(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = ground.connected(app=JWT_APP)
    day = ends_in(ground, connection, 3)
    verbs.check(ground.keeper, connection.id)
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EVERGRANT_DATA_DIR", str(ground.keeper.settings.data_dir))
    if url := ground.keeper.settings.database_url:
        monkeypatch.setenv("EVERGRANT_DATABASE_URL", url)
    for words in (["status"], ["status", "Acme"]):
        end = CliRunner().invoke(build(), words)
        assert end.exit_code == 0, end.output
        assert f"ends on {day}" in end.output
