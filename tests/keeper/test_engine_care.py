"""Care for credentials that nothing else looks after: idle ones, and secrets that change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner

from engine_kit import Walk, refused, rows, sent, worker
from evergrant import keeper as verbs
from evergrant.cli.app import build
from evergrant.errors import BadInput, Refused
from evergrant.health import State
from evergrant.keeper.engine.steps import Send
from evergrant.model import Connection, Secret
from evergrant.store import keep_alive
from evergrant.store.keep_alive import KeepAlive
from evergrant.watch import go_round
from fault_kit import until
from keeper_kit import (
    BROWSER_APP,
    KEY,
    REVOKE,
    SERVER_APP,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

POLICY = KeepAlive(idle_limit_days=30, ahead_days=7, used_within_days=60)


def idle(ground: Ground, *, days: int, used: bool) -> Connection:
    """A connection whose refresh token has been idle for so many days."""
    connection = ground.connected()
    if used:
        verbs.fresh_token(ground.keeper, connection.id)
        ground.keeper.engine.group.do(lambda tx: None)  # what was submitted before is written now
    verbs.set_keep_alive(ground.keeper, connection.integration, POLICY)
    ground.control.advance(timedelta(days=days))
    return connection


def test_what_was_used_lately_is_refreshed_ahead_of_its_idle_limit_and_that_is_written_down(
    ground: Ground,
) -> None:
    connection = idle(ground, days=24, used=True)
    go_round(ground.keeper, "watch")
    assert len(sent(ground)) == 1
    (event,) = ground.history(connection, "kept alive")
    assert event.data["policy"]["idle_limit_days"] == 30
    assert ground.history(connection, "keep-alive policy")


@pytest.mark.parametrize(("days", "used"), [(20, True), (24, False)])
def test_what_is_not_due_or_not_used_is_not_kept_alive(
    ground: Ground, days: int, used: bool
) -> None:
    connection = idle(ground, days=days, used=used)
    go_round(ground.keeper, "watch")
    assert ground.history(connection, "kept alive") == []


def test_what_is_paused_is_never_kept_alive(ground: Ground) -> None:
    connection = idle(ground, days=24, used=True)
    verbs.pause(ground.keeper, connection.id)
    go_round(ground.keeper, "watch")
    assert sent(ground) == []


def test_a_policy_that_never_lets_a_token_rest_is_refused(ground: Ground) -> None:
    connection = ground.connected()
    with pytest.raises(BadInput):
        verbs.set_keep_alive(ground.keeper, connection.integration, KeepAlive(30, 30, 1))


def test_the_command_line_sets_a_policy_and_takes_it_away(ground: Ground) -> None:
    connection = ground.connected()
    environ = {**KEY, "EVERGRANT_DATA_DIR": str(ground.keeper.settings.data_dir)}

    def policy() -> KeepAlive | None:
        with ground.keeper.reading() as tx:
            return keep_alive.policy(tx, connection.integration)

    words = ["keep-alive", connection.integration, "--ahead-days", "5"]
    assert CliRunner().invoke(build(), words, env=environ).exit_code == 0
    assert policy() == KeepAlive(30, 5, 90)
    assert CliRunner().invoke(build(), [*words[:2], "--off"], env=environ).exit_code == 0
    assert policy() is None


def test_what_came_too_late_and_could_not_be_revoked_is_revoked_by_the_next_check(
    ground: Ground,
) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    with worker(ground) as one:
        late = Walk(one, refused(ground, connection)).to(Send)
        late.step()
        assert ground.reauthorized(connection).status == "done"
        ground.fault(REVOKE, drop="before")
        late.end()
    assert ground.live_refresh_tokens() == 2
    ground.control.ask("POST", "/faults", json=[])
    verbs.check(ground.keeper, connection.id)
    until(lambda: ground.live_refresh_tokens() == 1)
    until(lambda: rows(ground, connection)[0].state == "displaced")
    assert rows(ground, connection)[0].sealed is None


def test_while_a_secret_is_rotated_whichever_counts_is_used(ground: Ground) -> None:
    connection = ground.connected(app=SERVER_APP)
    ground.control.act("rotate_secret", app=SERVER_APP)
    with pytest.raises(Refused):
        raise_failure(verbs.check(ground.keeper, connection.id, renew=True))
    fresh = Secret(ground.stage.app(SERVER_APP)["consumer_secret"])
    with ground.keeper.writing() as tx:
        known = ground.keeper.vault.integration(tx, connection.integration)
        both = replace(known, app=replace(known.app, next_secret=fresh))
        ground.keeper.vault.save_integration(tx, both)
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    assert checked.failure is None
    assert checked.connection.state is State.CONNECTED


def raise_failure(checked: verbs.Checked) -> None:
    if checked.failure is not None:
        raise checked.failure
