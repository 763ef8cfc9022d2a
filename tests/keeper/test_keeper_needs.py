"""What an integration needs is asked of the org one by one, and a gap is never taken for a no."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.errors import BadInput
from evergrant.keeper import Need
from evergrant.model import Connection
from evergrant.store.expectations import Expectations, Requirement, Step
from keeper_kit import BROWSER_APP, Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)

ACCESS = Requirement("permission set", "Orbit_Sync_Access", why="its users may use the app")
USERS = Requirement("object", "User", "read", "names of owners")
OUTBOUND = Step("outbound", "Connect outbound on the package’s page", "Orbit Connections")


def looked(ground: Ground, connection: Connection, *wanted: Requirement | Step) -> dict[str, Need]:
    """What is found of these, by name."""
    told = Expectations(
        tuple(each for each in wanted if isinstance(each, Requirement)),
        tuple(each for each in wanted if isinstance(each, Step)),
    )
    verbs.expect(ground.keeper, connection.integration, told)
    return {each.name: each for each in verbs.look_at_needs(ground.keeper, connection.id)}


def as_admin(ground: Ground) -> Connection:
    """A connection whose user may look at setup objects."""
    flow, _ = ground.browsed(ground.integration(), person=ground.stage.person("admin"), name="Acme")
    return ground.now(flow.connection)


def test_an_integration_that_expects_nothing_is_asked_nothing(ground: Ground) -> None:
    connection = ground.connected()
    before = len(ground.requests("/services/data/v66.0/query"))
    assert looked(ground, connection) == {}
    assert len(ground.requests("/services/data/v66.0/query")) == before
    assert verbs.last_needs(ground.keeper, connection.id) == ()


def test_objects_and_fields_are_asked_for_without_an_admins_permission(ground: Ground) -> None:
    found = looked(
        ground,
        ground.connected(),
        USERS,
        Requirement("object", "User", "delete"),
        Requirement("field", "User.Username", "read"),
        Requirement("field", "User.Nickname__c", "read"),
        Requirement("object", "Invoice__c", "read"),
    )
    assert found["User.Username"].standing == "there"
    assert found["User.Nickname__c"].standing == "missing"
    assert found["Invoice__c"].standing == "missing"
    assert "NOT_FOUND" in found["Invoice__c"].told
    assert found["User"].standing == "missing", "the last one asks for delete"


def test_what_the_user_may_not_see_is_not_known_and_stops_nothing(ground: Ground) -> None:
    """Without View Setup and Configuration nothing is shown of permission sets."""
    found = looked(ground, ground.connected(), ACCESS, USERS)
    need = found["Orbit_Sync_Access"]
    assert (need.standing, need.stops) == ("not known", False)
    assert "View Setup and Configuration" in need.next_step
    assert found["User"].standing == "there", "one that could not be looked at stops no other"


def test_a_permission_set_is_there_once_it_is_assigned(ground: Ground) -> None:
    connection = as_admin(ground)
    who = {"user": "admin@acme.example", "permission_set": "Orbit_Sync_Access"}
    assert looked(ground, connection, ACCESS)["Orbit_Sync_Access"].stops
    ground.control.act("assign_permission_set", **who)
    need = looked(ground, connection, ACCESS)["Orbit_Sync_Access"]
    assert (need.standing, need.why) == ("there", "its users may use the app")


@pytest.mark.parametrize(
    ("name", "standing"), [("ApiEnabled", "there"), ("NoSuchThing", "not known")]
)
def test_a_permission_counts_wherever_the_user_has_it(
    ground: Ground, name: str, standing: str
) -> None:
    found = looked(ground, as_admin(ground), Requirement("permission", name))
    assert found[name].standing == standing


def test_what_is_optional_and_missing_stops_nothing(ground: Ground) -> None:
    wanted = Requirement("object", "Invoice__c", "read", is_optional=True)
    need = looked(ground, ground.connected(), wanted)["Invoice__c"]
    assert (need.standing, need.stops) == ("missing", False)


def test_a_step_is_there_when_the_component_that_it_leaves_is(ground: Ground) -> None:
    connection = as_admin(ground)
    step = Step("set", "Install the package", evidence="PermissionSet Orbit_Setup_User")
    assert looked(ground, connection, step)["set"].stops
    ground.control.act("install_package")
    assert looked(ground, connection, step)["set"].standing == "there"


def test_a_step_without_evidence_stands_by_a_persons_word_until_the_next_break(
    ground: Ground,
) -> None:
    connection = ground.connected()
    assert looked(ground, connection, OUTBOUND)["outbound"].standing == "not known"
    verbs.confirm_step(ground.keeper, connection.id, "outbound", who="ada")
    need = looked(ground, connection, OUTBOUND)["outbound"]
    assert need.standing == "there"
    assert need.told.startswith("ada, ")
    ground.control.act("revoke_app", app=BROWSER_APP)
    ground.control.advance(timedelta(seconds=1))
    verbs.check(ground.keeper, connection.id, renew=True)
    assert ground.incident(connection) is not None
    ground.reauthorized(connection)
    assert looked(ground, connection, OUTBOUND)["outbound"].standing == "not known"


def test_only_a_step_of_the_integration_can_be_confirmed(ground: Ground) -> None:
    connection = ground.connected()
    with pytest.raises(BadInput, match="no step 'elsewhere'"):
        verbs.confirm_step(ground.keeper, connection.id, "elsewhere", who="ada")


def test_evidence_that_cannot_be_looked_for_is_refused_at_once(ground: Ground) -> None:
    connection = ground.connected()
    told = Expectations(steps=(Step("x", "do", evidence="Account Acme' OR Name != '"),))
    with pytest.raises(BadInput, match="cannot be looked for"):
        verbs.expect(ground.keeper, connection.integration, told)


def test_a_page_is_open_to_whoever_holds_a_permission_set_that_opens_it(ground: Ground) -> None:
    connection, page = as_admin(ground), Requirement("page", "Connections")
    assert looked(ground, connection, page)["Connections"].told.startswith("no Visualforce page")
    ground.control.act("install_package", user="integration")
    assert looked(ground, connection, page)["Connections"].stops, "another user holds the set"
    ground.control.act("assign_permission_set", user="admin@acme.example",
                       permission_set="Orbit_Setup_User")  # fmt: skip
    assert looked(ground, connection, page)["Connections"].standing == "there"


def test_what_was_found_is_kept_with_the_connection(ground: Ground) -> None:
    connection = ground.connected()
    looked(ground, connection, USERS, Requirement("object", "Invoice__c", "read"))
    kept = verbs.last_needs(ground.keeper, connection.id)
    assert [(each.name, each.standing) for each in kept] == [
        ("User", "there"),
        ("Invoice__c", "missing"),
    ]
    assert ground.history(connection, "needs")[-1].text == "1 of 2 are there; missing: Invoice__c"


def test_a_flow_is_proven_and_then_what_is_needed_is_checked(ground: Ground) -> None:
    integration = ground.integration()
    missing = Requirement("object", "Invoice__c", "read")
    verbs.expect(ground.keeper, integration.id, Expectations((USERS, missing)))
    flow, _ = ground.browsed(integration, name="Acme")
    assert [each["proven"] for each in flow.outcome["proofs"]] == [True, True, True]
    assert [each.stops for each in verbs.needs_in(flow.outcome)] == [False, True]
    verbs.expect(ground.keeper, integration.id, Expectations((USERS,)))
    again = verbs.look_again_at_needs(ground.keeper, flow.id)
    assert [each.stops for each in verbs.needs_in(again.outcome)] == [False]
