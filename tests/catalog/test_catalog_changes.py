"""What the steps alter: side effects, the way back, and patches that fit Salesforce's own types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evergrant.catalog import Cause, Patch, load, read
from evergrant.catalog.loader import FOLDER
from evergrant.emulator.metadata.types import TYPES
from evergrant.emulator.objects import find_object
from evergrant.errors import BadInput

CATALOG = load()
CAUSES = list(CATALOG.causes.values())
PATCHES = [(each.id, patch) for each in CATALOG.changes.values() for patch in each.patches]
KINDS = {"connected app", "external client app"}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_step_names_a_change_with_its_side_effects_and_its_way_back(cause: Cause) -> None:
    for fix in cause.fixes:
        change = CATALOG.change_of(fix)
        assert change.effects
        assert change.rollback


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_step_in_setup_names_the_permission_that_it_needs(cause: Cause) -> None:
    for fix in cause.fixes:
        if fix.party == "admin" or fix.where.startswith("Setup"):
            assert fix.permission, fix.do


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_what_differs_by_kind_of_app_is_told_for_both_kinds(cause: Cause) -> None:
    kinds = {fix.app for fix in cause.fixes} & KINDS
    assert kinds <= ({cause.app} if cause.app in KINDS else KINDS)
    assert cause.app in KINDS or len(kinds) != 1


def test_every_change_is_some_steps() -> None:
    assert {fix.change for cause in CAUSES for fix in cause.fixes} == set(CATALOG.changes)


@pytest.mark.parametrize(("change", "patch"), PATCHES, ids=lambda each: str(each)[:60])
def test_a_patch_is_an_element_or_a_field_that_there_is(change: str, patch: Patch) -> None:
    if patch.way == "record":
        entity = find_object(patch.type)
        assert entity is not None
        assert patch.path in {field.name for field in entity.fields}
        return
    assert patch.type in TYPES
    root = TYPES[patch.type].root_of(patch.of)
    assert root is not None
    names, path = root.by_name, patch.path.split(".") if patch.path else []
    for step in path[:-1]:
        names = names[step].by_name
    if path:
        element = names[path[-1]]
        assert element.kind != "boolean" or isinstance(patch.value, bool)
        assert element.kind != "integer" or isinstance(patch.value, int)
        assert element.kind != "enum" or patch.value in element.values


def test_patches_are_chosen_by_the_kind_of_app() -> None:
    relax = CATALOG.changes["relax-ip"]
    assert [each.type for each in relax.patches_for("connected app")] == ["ConnectedApp"]
    assert [each.path for each in relax.patches_for("external client app")] == [
        "ipRelaxationPolicyType"
    ]
    assert CATALOG.changes["activate-user"].patches_for("connected app")[0].type == "User"


def test_a_patch_tells_what_must_be_filled_in() -> None:
    ranges = CATALOG.changes["profile-ranges"].patches
    assert ranges[0].blanks == {"profile", "first_address"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('of = "{app}"', 'of = "{planet}"', "nobody fills in planet"),
        ('act = "delete"', 'act = "explode"', "act is 'explode'"),
        ('way = "record"', 'way = "magic"', "way is 'magic'"),
        ('id = "look"', 'id = "wait"', "the change 'wait' is there twice"),
        ('effects = "None: nothing is changed"\n', "", "'effects' is missing"),
        ('path = "isEnabled", value = true', "value = true", "'path' is missing"),
        ("value = true", "value = [1]", "the value of a patch"),
    ],
)
def test_a_bad_change_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / "changes.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput, match=rf"changes\.toml, line \d+: .*{words}"):
        read(folder)
