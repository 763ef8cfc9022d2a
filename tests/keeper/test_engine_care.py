"""Care for credentials that nothing else looks after: idle ones, and secrets that change."""

from __future__ import annotations

import json
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
from evergrant.log import acting_as
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

    def said(*words: str) -> str:
        done = CliRunner().invoke(build(), ["keep-alive", connection.integration, *words],
                                  env=environ)  # fmt: skip
        assert done.exit_code == 0, done.output
        return done.output

    assert said() == "Nothing is kept alive.\n"
    assert policy() is None, "a look changes nothing"
    assert said("--on").startswith("Refreshed after 23 days without a refresh (7 days ahead")
    assert policy() == KeepAlive()
    said("--ahead-days", "5")
    assert policy() == KeepAlive(30, 5, 90)
    changed = said("--used-within-days", "60")
    assert policy() == KeepAlive(30, 5, 60), "what was not named stays"
    assert "Before: refreshed after 25 days" in changed
    assert "within 90 days" in changed
    assert said("--on") == said(), "a policy that is on stays as it is"
    told = json.loads(said("--format", "json"))
    assert told["policy"] == {"idle_limit_days": 30, "ahead_days": 5, "used_within_days": 60}
    assert said("--off").startswith("Nothing is kept alive.\nBefore: refreshed after 25 days")
    assert policy() is None


@pytest.mark.parametrize(
    "words",
    [("--used-within-days", "-4"), ("--ahead-days", "0"), ("--ahead-days", "30"),
     ("--idle-limit-days", "-1"), ("--used-within-days", "9" * 12), ("--off", "--ahead-days", "3")],
)  # fmt: skip
def test_a_keep_alive_policy_without_sense_is_refused_and_changes_nothing(
    ground: Ground, words: tuple[str, ...]
) -> None:
    connection = ground.connected()
    verbs.set_keep_alive(ground.keeper, connection.integration, POLICY)
    environ = {**KEY, "EVERGRANT_DATA_DIR": str(ground.keeper.settings.data_dir)}
    done = CliRunner().invoke(build(), ["keep-alive", connection.integration, *words], env=environ)
    assert done.exit_code != 0
    assert verbs.keep_alive_policy(ground.keeper, connection.integration) == POLICY


def test_a_change_of_the_policy_stands_once_in_the_audit_log_with_its_numbers(
    ground: Ground,
) -> None:
    first = ground.connected()
    ground.browsed(ground.integration(), name="Beta", person=ground.stage.person("sam"))
    with acting_as("command line ada"):
        for _ in range(2):
            verbs.set_keep_alive(ground.keeper, first.integration, POLICY)
        verbs.set_keep_alive(ground.keeper, first.integration, KeepAlive(30, 5, 90))
    one, two = (each for each in verbs.deeds(ground.keeper) if each.act == "keep-alive policy")
    assert one.subject == two.subject == first.integration
    assert "after 23 days" in one.text
    assert "after 25 days" in two.text.partition("; before: ")[0]
    assert "after 23 days" in two.text.partition("; before: ")[2]
    assert len(ground.history(first, "keep-alive policy")) == 2


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
