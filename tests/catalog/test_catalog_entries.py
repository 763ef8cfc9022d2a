"""Every entry of the catalog is whole, sourced and honest about what is inferred."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path

import pytest

from evergrant.catalog import Cause, load
from evergrant.emulator.gates import GATES
from evergrant.emulator.scenario import scenarios

CATALOG = load()
CAUSES = list(CATALOG.causes.values())
PLACES = {"Setup", "Personal settings"}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_is_whole(cause: Cause) -> None:
    assert cause.signals
    assert cause.fixes
    assert cause.verify
    assert cause.sources
    assert bool(cause.scenario) != bool(cause.scenario_missing)
    assert cause.gate in CATALOG.gates
    assert cause.broader == "" or cause.broader in CATALOG.causes
    assert all(source.url.startswith("https://") for source in cause.sources)
    assert all(fix.where.split(" > ")[0] in PLACES for fix in cause.fixes if fix.where)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_deep_link_is_one_of_setup_and_stands_beside_its_path(cause: Cause) -> None:
    for fix in cause.fixes:
        if fix.link:
            assert re.fullmatch(r"/lightning/(setup/\w+|settings/personal/\w+)/home", fix.link)
            assert fix.where


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_an_inferred_signal_is_named_in_the_entry(cause: Cause) -> None:
    if any(signal.mark == "inferred" for signal in cause.signals):
        assert cause.inferred


@pytest.mark.parametrize("kind", CATALOG.facts.values(), ids=lambda kind: kind.name)
def test_the_background_of_a_fact_sums_to_one(kind: object) -> None:
    found = CATALOG.facts[getattr(kind, "name", "")]
    assert sum(found.background.values()) == pytest.approx(1.0)


def test_every_scenario_of_the_emulator_is_named_by_its_cause() -> None:
    assert {c.id for c in CAUSES if c.scenario == c.id} == set(scenarios()) - {"demo"}


def test_a_cause_stands_at_the_gate_that_its_scenario_names() -> None:
    told = {each.cause: each.gate for each in scenarios().values()}
    assert {id_: CATALOG.causes[id_].gate for id_ in told} == told


def test_the_gates_of_the_emulator_are_known_in_the_same_order() -> None:
    ours = [gate.id for gate in CATALOG.gates.values()]
    theirs = [gate.id for gate in GATES]
    assert [id_ for id_ in ours if id_ in theirs] == theirs


def test_two_causes_never_share_a_title() -> None:
    titles = [cause.title for cause in CAUSES]
    assert len(set(titles)) == len(titles)


def test_the_catalog_is_package_data() -> None:
    assert files("evergrant.catalog").joinpath("facts.toml").is_file()


@pytest.mark.shared
def test_every_label_of_the_corpus_has_an_entry() -> None:
    labels = shared() / "corpus" / "LABELS.md"
    if not labels.exists():
        pytest.skip(f"no corpus at {labels}: set EVERGRANT_SHARED")
    rows = [line.split("|")[2] for line in labels.read_text("utf-8").splitlines() if "|" in line]
    named = set(re.findall(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+", " ".join(rows[2:])))
    assert named - set(CATALOG.causes) == set()


def shared() -> Path:
    """The shared folder, beside the repository unless told otherwise."""
    return Path(os.environ.get("EVERGRANT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
