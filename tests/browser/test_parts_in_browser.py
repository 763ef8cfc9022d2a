"""A connection of two credentials and one step, authorized part by part in a real browser."""

from __future__ import annotations

import pytest

from console_kit import Admin, Desk, admin_fixture, desk_fixture  # noqa: F401 (two are fixtures)
from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.store.expectations import Expectations, Step
from evergrant.store.parts import MAIN, Part
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from parts_kit import WRITER, broken, connected, declared, states
from sight import LOOKS
from web_kit import web_fixture  # noqa: F401 (a fixture)

STEP = Step("outbound", "Connect outbound on the package’s page")


@pytest.mark.parametrize("look", LOOKS[1:3], ids=str, indirect=True)
def test_each_part_is_revalidated_in_its_order_and_only_the_dead_ones_are_signed_in_for(
    desk: Desk,
) -> None:
    ground = desk.web.ground
    connection = connected(ground)
    placed(desk)
    broken(ground, connection, WRITER)
    broken(ground, connection, MAIN)
    untouched = dict(ground.now(connection.id).settings)
    desk.open()
    desk.wait("Writing orders")
    desk.seen("parts-connection")
    desk.reauthorize()
    # The step has its place, and is looked at when a credential can look.
    desk.wait("Part 2 of 3: Reading leads")
    desk.seen("parts-first")
    tab = desk.go()
    tab.get_by_text("Part 3 of 3: Writing orders").wait_for()
    tab.close()
    # The page that was left open has gone on by itself.
    desk.wait("The part before is proven")
    assert states(ground, connection)[MAIN] is State.CONNECTED
    desk.seen("parts-second")
    # It can be left here, and is taken up where it was.
    desk.open()
    desk.reauthorize()
    desk.wait("Part 3 of 3: Writing orders")
    desk.finish("Continue to Salesforce")
    desk.page.get_by_role("button", name="I did it: Connect outbound").click()
    desk.wait("says so")
    desk.seen("parts-done")
    after = ground.now(connection.id)
    assert (after.state, after.settings) == (State.CONNECTED, untouched)
    assert ground.incident(connection) is None


def placed(desk: Desk) -> None:
    """The step before both credentials, by the integration's declaration."""
    integration = declared(desk.web.ground)
    verbs.expect(desk.web.ground.keeper, integration.id, Expectations(steps=(STEP,)))
    second = Part(
        "prt_writer", integration.id, WRITER, "credential", 2,
        label="Writing orders", scopes=("api", "refresh_token"), waits_for=MAIN,
    )  # fmt: skip
    verbs.declare_parts(
        desk.web.ground.keeper,
        integration.id,
        [
            Part("prt_step", integration.id, STEP.name, "step", 0),
            Part("prt_main", integration.id, MAIN, "credential", 1, label="Reading leads"),
            second,
        ],
    )
