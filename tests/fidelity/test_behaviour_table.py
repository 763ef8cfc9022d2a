"""The table of behaviours: that each row asks what it says, and bears on marks that exist."""

from __future__ import annotations

import pytest

from evergrant.clock import ManualClock
from evergrant.emulator.data.errors import TEXTS as REST
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.soql.errors import TEXTS as SOQL
from evergrant.fidelity import Behaviour, Writes, behaviours, marks
from evergrant.fidelity.behaviour import Observation
from evergrant.fidelity.names import Names
from evergrant.fidelity.observe import NotSeen, Seen, observe
from evergrant.fidelity.side import Generic, Side
from evergrant.fidelity.twin import KINDS, TwinApp, emulated
from evergrant.model import Secret, Session
from evergrant.wire import client

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(scope="module", params=KINDS)
def shown(request: pytest.FixtureRequest) -> dict[tuple[str, int], Observation]:
    """What the emulator shows for every behaviour and setting, with each kind of app."""
    app = TwinApp(
        request.param, has_key=True, has_refresh_token=True, mints=True,
        scopes=("api", "refresh_token"),
    )  # fmt: skip
    found: dict[tuple[str, int], Observation] = {}
    with emulated(app) as twin:
        for each in behaviours().values():
            for number, setting in enumerate(each.either):
                outcome = twin.ask(each, setting)
                if isinstance(outcome, Seen):
                    found[each.id, number] = outcome.aspects
    return found


def test_every_mark_that_a_behaviour_bears_on_is_one() -> None:
    asked = frozenset[str]().union(*(each.marks() for each in behaviours().values()))
    assert asked - marks().keys() == set()


@pytest.mark.slow
def test_the_emulator_answers_each_behaviour_as_its_marks_say(
    shown: dict[tuple[str, int], Observation],
) -> None:
    for (id_, number), aspects in shown.items():
        each = behaviours()[id_]
        for mark in {**each.bears, **each.either[number].bears}:
            said = _said(mark)
            told = {str(value) for name, value in aspects.items() if "error" in name}
            assert said is None or any(said in one for one in told), f"{id_}: {mark}: {aspects}"


def _said(mark: str) -> str | None:
    """The words that an answer must hold where a mark is about words."""
    kind, _, name = mark.partition(":")
    if kind == "refusal":
        id_, _, leg = name.partition("/")
        row = next(each for key, each in REFUSALS.items() if key == (id_, leg))
        return row.description or row.error
    if kind == "soql":
        return max(SOQL[name].template.split("{")[0].split("'"), key=len)
    return REST[name].code if kind == "rest" else None


@pytest.mark.slow
def test_every_behaviour_shows_something(shown: dict[tuple[str, int], Observation]) -> None:
    asked = {id_ for id_, _ in shown}
    left = behaviours().keys() - asked
    assert [each.removesuffix("-eca") for each in left] == ["app-jwt-wrong-key"]


def test_what_reads_stands_before_what_writes() -> None:
    order = [list(Writes).index(each.writes) for each in behaviours().values()]
    assert order == sorted(order)


def test_a_behaviour_that_names_an_app_never_claims_to_write_nothing() -> None:
    def is_quiet(each: Behaviour) -> bool:
        return each.writes is Writes.NOTHING and bool(each.needs & {"app", "secret", "key"})

    assert [each.id for each in behaviours().values() if is_quiet(each)] == []


def test_an_org_that_is_gone_is_not_asked_a_hundred_times() -> None:
    side = Side(
        Session(UNREACHABLE, Secret("t")), "00D", "005", "ada", Generic(UNREACHABLE), Names(),
        ManualClock(),
    )  # fmt: skip
    quiet = [each for each in behaviours().values() if not each.needs][:5]
    with client() as via:
        found = observe(quiet, side, frozenset(Writes), via=via)
    reasons = [each.reason for each in found.values() if isinstance(each, NotSeen)]
    assert [why.split(":")[0] for why in reasons[:2]] == ["the network failed"] * 2
    assert reasons[2:] == ["the org could not be reached any more"] * 3
