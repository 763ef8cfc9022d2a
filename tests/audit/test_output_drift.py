"""What differs between two sides: only what both tell, order of lists apart, and told in words."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from evergrant.audit.diff import Drift, drift
from evergrant.audit.model import Origin, Place, Subject, Trait
from evergrant.audit.output.drift import data, text
from evergrant.catalog.rules import SubjectKind
from evergrant.model import Unknown, Value, as_json

FROM_FILE = Place("apps/Orbit.connectedApp", 9)


def app(
    traits: Mapping[str, Value], name: str = "Orbit", label: str = "Orbit Sync",
    *, kind: SubjectKind = "app", origin: Origin = "written",
) -> Subject:  # fmt: skip
    held = {each: Trait(each, value, origin, FROM_FILE) for each, value in traits.items()}
    return Subject(kind, name, "apps", FROM_FILE, held, app=label)


def between(here: Mapping[str, Value], there: Mapping[str, Value]) -> Drift:
    return drift([app(here)], [app(there)], ("source", "uat"))


def test_a_setting_that_reads_otherwise_is_told_with_both_values_and_its_place() -> None:
    (one,) = between({"app.pkce_required": True}, {"app.pkce_required": False}).changed
    assert (one.name, one.trait, one.here, one.there) == ("Orbit", "app.pkce_required", True, False)
    assert one.place == FROM_FILE


def test_the_order_of_a_list_is_no_difference() -> None:
    assert between({"app.scopes": ("Api", "Web")}, {"app.scopes": ("Web", "Api")}).is_none


def test_what_one_side_hides_is_counted_and_never_called_equal() -> None:
    found = between({"app.rotation": True}, {"app.rotation": Unknown("rows do not tell it")})
    assert (found.is_none, found.compared, found.hidden) == (True, 0, 1)


def test_what_follows_from_other_settings_is_not_told_twice() -> None:
    one, other = ([app({"app.full_scope": yes}, origin="derived")] for yes in (True, False))
    assert drift(one, other).is_none


def test_what_is_of_the_file_is_no_setting_of_the_app() -> None:
    assert between({"app.consumer_key": True}, {"app.consumer_key": False}).is_none


def test_an_app_is_known_again_by_its_label_when_its_name_differs() -> None:
    found = drift([app({"app.rotation": True}, "Orbit")],
                  [app({"app.rotation": False}, "Orbit_Sync_2")])  # fmt: skip
    assert [each.trait for each in found.changed] == ["app.rotation"]
    assert found.only == ()


def test_what_one_side_has_alone_is_told_with_its_side() -> None:
    found = drift([app({}, "A", "a"), app({}, "B", "b")], [app({}, "B", "b"), app({}, "C", "c")])
    assert [(each.name, each.is_here) for each in found.only] == [("A", True), ("C", False)]


def test_two_orgs_settings_are_compared_whatever_the_orgs_are_called() -> None:
    one = app({"org.pkce_required": True}, "acme-uat", "", kind="org")
    other = app({"org.pkce_required": False}, "acme-production", "", kind="org")
    assert [each.trait for each in drift([one], [other]).changed] == ["org.pkce_required"]


def test_grants_and_clients_are_seen_not_set() -> None:
    assert drift([app({"grant.approvals": 1}, kind="grant")], []).is_none


names = st.sampled_from(["A", "B", "C"])
traits = st.dictionaries(
    st.sampled_from(["app.rotation", "app.scopes", "app.contact"]),
    st.one_of(st.booleans(), st.just(("x", "y")), st.just(Unknown("?"))),
)
sides = st.dictionaries(names, traits).map(
    lambda side: [app(held, name, name.lower()) for name, held in side.items()]
)


@given(sides, sides)
def test_the_way_back_is_the_same_difference(here: list[Subject], there: list[Subject]) -> None:
    one, other = drift(here, there), drift(there, here)
    assert {(e.name, e.trait, e.here, e.there) for e in one.changed} == {
        (e.name, e.trait, e.there, e.here) for e in other.changed
    }
    assert {(e.name, e.is_here) for e in one.only} == {(e.name, not e.is_here) for e in other.only}
    assert (one.compared, one.hidden) == (other.compared, other.hidden)


@given(sides)
def test_nothing_differs_from_itself(side: list[Subject]) -> None:
    assert drift(side, side).is_none


TOLD = """\
Orbit (app)
  pkce required
    source: yes
    uat: no
    apps/Orbit.connectedApp:9
  scopes
    source: Api, Web
    uat: none
    apps/Orbit.connectedApp:9

Only in source
  Old (app)

2 settings differ of 2 compared, 1 on one side only; 1 more are told by one side
only.
"""


def test_the_difference_reads_in_words_and_as_data() -> None:
    here: dict[str, Value] = {
        "app.pkce_required": True,
        "app.scopes": ("Api", "Web"),
        "app.rotation": False,
    }
    there = app({"app.pkce_required": False, "app.scopes": ()})
    found = drift([app(here), app({}, "Old", "")], [there], ("source", "uat"))
    assert text(found) == TOLD
    told = as_json(data(found))
    assert [(each["trait"], each["here"], each["there"]) for each in told["changed"]] == [
        ("app.pkce_required", True, False), ("app.scopes", ["Api", "Web"], []),
    ]  # fmt: skip
