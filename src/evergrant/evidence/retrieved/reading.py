"""Metadata files or a zip of them → facts of the app, the org and the profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from evergrant.evidence.gathered import Gathered, Reading, Wanted, fact
from evergrant.evidence.given.document import Document
from evergrant.evidence.retrieved import apps as metadata_apps
from evergrant.evidence.retrieved import org as metadata_org
from evergrant.evidence.retrieved.components import retrieved
from evergrant.model import Fact, Value

SOURCE = "metadata"
INFERRED = frozenset({"app.blocked", "user.preauthorized", "user.login_ranges", "user.login_hours"})
"""Facts that rest on a deduction of ours; each says which."""


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The facts in all files together: an external client app stands in five of them."""
    files = retrieved(documents)
    found = [*metadata_apps.told(files, wanted), *metadata_org.told(files, wanted)]
    facts = tuple(_fact(name, value, quote, wanted) for name, value, quote in found)
    notes: list[str] = []
    if not wanted.app and len(files.of("ConnectedApp") + files.of("ExternalClientApplication")) > 1:
        notes.append("several apps are in it; --app names the one meant")
    if files.is_cut:
        notes.append("its end was left out for length")
    readings = [Reading(SOURCE, each.name, 0, "files") for each in documents]
    readings[0] = Reading(SOURCE, documents[0].name, len(files.components), "files",
                          files.skipped, tuple(notes))  # fmt: skip
    return Gathered(facts, readings=tuple(readings))


def _fact(name: str, value: Value, quote: str, wanted: Wanted) -> Fact:
    mark: Literal["seen", "inferred"] = "inferred" if name in INFERRED else "seen"
    about = wanted.app if name.startswith("app.") else ""
    return fact(name, value, SOURCE, quote=quote, at=wanted.now, mark=mark, about=about)
