"""From a step of a way out to a plan: every step that a program can carry, on both kinds of app."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evergrant.catalog import load
from evergrant.errors import NotFound
from evergrant.health import State
from evergrant.keeper.repair_plans import Ground, is_repairable, prepare
from evergrant.model import App, Connection, Identity, Integration
from evergrant.repair.files import Component, Files
from evergrant.repair.model import RecordChange
from repair_kit import connected, external

KEY = "3MVG9exampleExampleExample"
STEPS = [
    (cause.id, number)
    for cause in load().causes.values()
    for number, fix in enumerate(cause.fixes)
    if is_repairable(fix.change)
]
KINDS = {
    "connected app": connected(oauth=f"        <consumerKey>{KEY}</consumerKey>\n"),
    "external client app": external(glob=f"    <consumerKey>{KEY}</consumerKey>\n"),
}
"""One app of each kind, which says its consumer key; its label is another than the connection's."""


def ground(cause: str, number: int) -> Ground:
    """A step of a cause, for a connection whose app is known by its consumer key."""
    known = load().causes[cause]
    connection = Connection(
        "con_1",
        "orbit",
        "Acme",
        State.BLOCKED_BY_ADMIN,
        "https://acme.my.salesforce.com",
        Identity("00D000000000001", "005000000000001", "bot@acme.example"),
    )
    integration = Integration("orbit", "Orbit", "Orbit Sync", "Orbit", App(KEY), "web_server", "")
    return Ground(connection, integration, known, known.fixes[number])


@pytest.mark.parametrize(("cause", "number"), STEPS)
def test_every_step_that_a_program_can_carry_is_planned_for_the_connections_own_app(
    cause: str, number: int
) -> None:
    step = ground(cause, number)
    for kind, files in KINDS.items():
        if step.fix.app not in ("any", kind):
            continue
        made = prepare(step, files, {})
        assert made.plan.steps
        assert made.plan.repair.changes[0].id == step.fix.change
        if made.plan.app is not None:
            assert (made.plan.app.kind, made.plan.app.name) == (kind, "Ledger")
        for each in made.plan.steps:
            if isinstance(each, RecordChange):
                assert each.of == "bot@acme.example"


def test_there_are_steps_that_a_program_can_carry() -> None:
    assert len(STEPS) > 30


def test_an_app_of_the_same_label_is_not_taken_for_the_connections_own() -> None:
    twin = connected(refresh="zero").find("ConnectedApp", "Ledger")
    assert twin is not None
    other = replace(twin, name="Twin", data=twin.data.replace(b"Ledger Sync", b"Orbit Sync"))
    files = Files([other, *KINDS["connected app"]])
    made = prepare(ground("refresh-token-expired-by-policy", 1), files, {})
    assert made.plan.app is not None
    assert made.plan.app.name == "Ledger"


def test_an_app_that_is_not_among_the_files_is_not_guessed() -> None:
    with pytest.raises(NotFound, match="no app is called 'Orbit Sync'"):
        prepare(ground("refresh-token-expired-by-policy", 1), connected(), {})


def with_policy(policy: str) -> Files:
    own = KINDS["connected app"].find("ConnectedApp", "Ledger")
    assert own is not None
    changed: Component = own.with_data(own.data.replace(b"infinite", policy.encode()))
    return Files([changed])


def test_a_yes_stands_for_one_difference_and_for_no_other() -> None:
    step = ground("refresh-token-expired-by-policy", 1)
    one, other = (prepare(step, with_policy(f"specific_lifetime:{n}:HOURS"), {}) for n in (1, 2))
    same = prepare(step, with_policy("specific_lifetime:1:HOURS"), {})
    assert one.seal == same.seal
    assert one.seal != other.seal
    assert one.can_be_done
    done = prepare(step, with_policy("infinite"), {})
    assert not done.has_work
    assert not done.can_be_done
