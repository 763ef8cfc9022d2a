"""Every scenario breaks what it says it breaks: the named gate refuses its client."""

import pytest

from client_steps import do
from emulated_client import ClientFor
from evergrant.catalog import load
from evergrant.emulator import Emulator, scenario
from evergrant.emulator.connected import connect
from evergrant.emulator.gates import GATES
from evergrant.emulator.scenario import MUTATIONS, BadScenario

API_GATES = {
    "limits", "session_live", "session_place", "session_scope", "session_client", "api_allowed",
}  # fmt: skip
SCENARIOS = scenario.scenarios()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_named_gate_refuses_the_client_once_the_scenario_broke_it(
    name: str, emulator: Emulator, client_for: ClientFor
) -> None:
    found = SCENARIOS[name]
    emulator.stage.play(name, "setup")
    client = client_for(found.app)
    client.credential = connect(emulator.org, found.app)
    emulator.stage.play(name, "break")
    before = len(emulator.trace())
    for step in found.client:
        do(client, step.do, step.mutation)
    attempts = emulator.trace()[before:]
    assert found.gate in [each["gate"] for each in attempts]
    assert attempts[-1]["gate"] == found.gate or found.id == "refresh-token-race"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sound_client_connects_after_the_scenario_is_healed(
    name: str, emulator: Emulator, client_for: ClientFor
) -> None:
    found = SCENARIOS[name]
    emulator.stage.play(name, None)
    emulator.stage.play(name, "heal")
    client = client_for(found.app)
    steps = {"orbit-jwt": "jwt_bearer", "orbit-server": "client_credentials"}
    do(client, steps.get(found.app, "connect"), None)
    assert emulator.trace()[-1]["outcome"] == "issued"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sound_client_gets_in_while_only_the_scenario_is_set_up(
    name: str, emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.stage.play(name, "setup")
    client = client_for(SCENARIOS[name].app)
    steps = {"orbit-jwt": "jwt_bearer", "orbit-server": "client_credentials"}
    do(client, steps.get(client.app["name"], "connect"), None)
    assert emulator.trace()[-1]["outcome"] == "issued"


def test_every_scenario_names_a_gate_that_exists() -> None:
    known = {gate.id for gate in GATES} | API_GATES | {"network"}  # a fault before the gates
    assert {each.gate for each in SCENARIOS.values()} <= known


def test_every_scenario_but_the_demo_is_named_after_its_cause_or_a_narrower_one() -> None:
    broader = {cause.id: cause.broader for cause in load().causes.values()}
    strangers = [
        name for name, each in SCENARIOS.items() if each.cause not in (name, broader.get(name))
    ]
    assert strangers == ["demo"]


def test_every_mutation_is_told_in_one_sentence() -> None:
    assert all(text.endswith(".") and text.count(".") <= 3 for text in MUTATIONS.values())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('do = "refresh"\nwith = "no-such-thing"', "no-such-thing"),
        ('do = "dance"', "dance"),
    ],
)
def test_a_scenario_with_an_unknown_word_is_refused_by_name(wrong: str, said: str) -> None:
    text = f"""title = "t"\ncause = "c"\ngate = "g"\napp = "orbit-sync"
[[client]]\n{wrong}\n[heal]\nclient = "none"\n"""
    with pytest.raises(BadScenario, match=said):
        scenario.read("x", text)


def test_an_unknown_scenario_is_refused_with_the_known_names() -> None:
    with pytest.raises(BadScenario, match="app-blocked-by-admin"):
        scenario.find("no-such-scenario")
