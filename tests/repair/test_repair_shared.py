"""Edits of real metadata: of every public file, by every repair, only what is meant changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from evergrant.catalog.repairs import repairs
from evergrant.errors import EvergrantError
from evergrant.repair.draft import Draft, together
from evergrant.repair.edits import Add, Clear, Drop, Edit, Ensure, Set
from evergrant.repair.files import Files, of_paths
from evergrant.repair.migrate import migration
from evergrant.repair.model import Problem
from evergrant.repair.plan import plan

SHARED = Path(os.environ.get("EVERGRANT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
METADATA = SHARED / "metadata"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not METADATA.exists(), reason=f"no {METADATA}: set EVERGRANT_SHARED"),
]
GIVEN = {
    "permission_set": "Ledger_Access", "user": "bot@acme.example", "profile": "Bots",
    "first_address": "192.0.2.1", "last_address": "192.0.2.9", "days": "30",
    "callback": "https://ledger.example/other", "certificate": "MIIB",
}  # fmt: skip
APPS = 70
"""At least so many apps of the folder are edited, and so many of its edits change something."""


def _touched(edits: list[Edit]) -> set[str]:
    """The elements that edits may change, as paths; groups that they may begin included."""
    paths = set()
    for edit in edits:
        assert isinstance(edit, Set | Ensure | Add | Drop | Clear)
        steps = edit.path.split("/")
        paths |= {"/".join(steps[:count]) for count in range(1, len(steps) + 1)}
    return paths


def _nodes(draft: bytes, touched: set[str]) -> list[tuple[str, str]]:
    """Every element and comment that no edit means, in order, with its words."""
    found: list[tuple[str, str]] = []

    def walk(node: etree._Element, path: str) -> None:
        for child in node:
            if child.tag is etree.Comment:
                found.append(("comment", child.text or ""))
                continue
            here = f"{path}/{etree.QName(child).localname}".lstrip("/")
            if here not in touched:
                found.append((here, (child.text or "").strip()))
            if here not in touched or len(child):
                walk(child, here)

    walk(etree.fromstring(draft), "")
    return found


def _check(draft: Draft, edits: list[Edit]) -> None:
    touched = _touched(edits)
    # What an edit adds stands under a path that it names, so it is left out on both sides.
    under = {each for each in touched if any(isinstance(e, Add) and e.path == each for e in edits)}
    kept = [
        [each for each in _nodes(data, touched) if each[0].rpartition("/")[0] not in under]
        for data in (draft.before.data, draft.after.data)
    ]
    assert kept[0] == kept[1], draft.before.path


def test_every_repair_leaves_the_rest_of_every_real_file_alone() -> None:
    files, edited, changed = of_paths([METADATA]), set[str](), 0
    for app in files.apps():
        for known in repairs():
            try:
                made = plan(Problem(known, app.name, app.kind, rule=known), files, GIVEN)
            except EvergrantError:
                continue
            edits = {each.key: list(each.edits) for each in made.editions}
            for draft in together([made], Files(app.parts.values())):
                key = (draft.before.kind.type, draft.before.name)
                if not draft.is_new and key in edits:
                    _check(draft, edits[key])
                    changed += draft.changes
            edited.add(app.name)
    assert len(edited) >= APPS
    assert changed >= APPS


def test_every_real_connected_app_with_oauth_is_migrated_or_refused_with_a_reason() -> None:
    made, refused = 0, 0
    for app in of_paths([METADATA]).apps():
        if app.kind != "connected app":
            continue
        try:
            files = migration(app).files
        except EvergrantError:
            refused += 1
            continue
        made += 1
        assert len(files.by_key) == 5
        for each in files:
            etree.fromstring(each.data)
    assert made >= APPS
    assert refused <= made // 4
