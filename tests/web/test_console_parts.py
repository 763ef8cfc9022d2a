"""The parts of an integration in the console: shown whole, added, moved, taken away."""

from __future__ import annotations

from evergrant import keeper as verbs
from evergrant.store.expectations import Expectations, Step
from evergrant.store.parts import MAIN, Part
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from parts_kit import WRITER, broken, connected, declared
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)


def post(web: Web, key: str, **fields: str) -> int:
    return web.post(f"/integrations/{key}/parts", **fields).status_code


def names(web: Web, key: str) -> list[str]:
    return [each.name for each in verbs.parts_of(web.ground.keeper, key)]


def part(web: Web, key: str, name: str) -> Part:
    return next(p for p in verbs.parts_of(web.ground.keeper, key) if p.name == name)


def test_a_part_is_shown_with_its_kind_its_state_and_how_long_its_tokens_live(web: Web) -> None:
    connection = connected(web.ground)
    broken(web.ground, connection, WRITER)
    page = words_of(web.get(f"/integrations/{connection.integration}"))
    assert "Writing orders writer" in page
    assert "A credential that is held here" in page
    assert "api, refresh_token" in page
    assert "Waits for main" in page
    assert "1 needs reauthorization" in page
    assert "1 connected" in page
    assert "Access tokens live" in page


def test_a_credential_is_added_described_anew_moved_and_taken_away(web: Web) -> None:
    integration = web.ground.integration()
    key = integration.id
    told = {"part": WRITER, "label": "Writing orders", "part_scopes": "api, refresh_token"}
    assert post(web, key, **told) == 303
    made = part(web, key, WRITER)
    assert (made.label, made.scopes, made.waits_for) == (
        "Writing orders",
        ("api", "refresh_token"),
        MAIN,
    )
    assert post(web, key, part=WRITER, label="Orders", waits_for="-") == 303
    again = part(web, key, WRITER)
    assert (again.id, again.label, again.scopes, again.waits_for) == (made.id, "Orders", (), "")
    assert post(web, key, part="reader", part_flow="client_credentials") == 303
    assert post(web, key, up="reader") == 303
    assert names(web, key) == [MAIN, "reader", WRITER]
    assert post(web, key, drop="reader") == 303
    assert names(web, key) == [MAIN, WRITER]
    acts = [(each.act, each.text) for each in verbs.deeds(web.ground.keeper)]
    assert ("integration changed", "its parts") in acts


def test_a_step_inside_the_org_takes_its_place_among_the_credentials(web: Web) -> None:
    keeper, key = web.ground.keeper, declared(web.ground).id
    step = Step("outbound", "Connect outbound", "Orbit Connections")
    verbs.expect(keeper, key, Expectations(steps=(step,)))
    assert names(web, key) == [MAIN, WRITER, "outbound"]
    post(web, key, up="outbound")
    assert names(web, key) == [MAIN, "outbound", WRITER]
    page = words_of(web.get(f"/integrations/{key}"))
    assert page.index("A step inside the org") < page.index("Writing orders writer")
    renamed = Step("outbound", "Open the gate", "Orbit Connections")
    verbs.expect(keeper, key, Expectations(steps=(renamed,)))
    assert part(web, key, "outbound").title == "Open the gate"


def test_what_waits_for_a_part_that_comes_later_now_waits_for_nothing(web: Web) -> None:
    key = web.ground.integration().id
    post(web, key, part="reader")
    post(web, key, part=WRITER)
    assert part(web, key, WRITER).waits_for == "reader"
    post(web, key, up=WRITER)
    assert part(web, key, WRITER).waits_for == ""


MISFITS = (
    ({"part": "a b"}, "a name has letters, digits"),
    ({"part": ""}, "The part has no name"),
    ({"part": MAIN, "part_scopes": "api"}, "own flow and scopes"),
    ({"part": "x", "part_flow": "username_password"}, "cannot be chosen here"),
    ({"part": "outbound"}, "is a step inside the org"),
    ({"drop": MAIN}, "the first credential part must be"),
    ({"drop": WRITER}, "hold a credential of it"),
    ({"down": MAIN}, "the first credential part must be"),
)
"""What a form says, and the words with which it is refused."""


def test_parts_that_do_not_fit_are_refused_and_nothing_changes(web: Web) -> None:
    key = connected(web.ground).integration
    step = Step("outbound", "Connect outbound", "Orbit Connections")
    verbs.expect(web.ground.keeper, key, Expectations(steps=(step,)))
    before = verbs.parts_of(web.ground.keeper, key)
    for fields, words in MISFITS:
        answer = web.post(f"/integrations/{key}/parts", **fields)
        assert answer.status_code == 400, fields
        assert words.casefold() in words_of(answer).casefold(), fields
        assert verbs.parts_of(web.ground.keeper, key) == before, fields
