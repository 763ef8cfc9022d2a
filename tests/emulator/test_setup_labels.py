"""Labels of Setup pages: what a source states is in the notes, the rest is marked inferred."""

import os
from pathlib import Path

import pytest

from evergrant.emulator.setup.labels import SOURCED, STATED, Labels
from setup_robot import Robot

SHARED = Path(os.environ.get("EVERGRANT_SHARED", "../shared"))


def test_a_label_without_a_source_is_listed_as_inferred_once_and_in_order() -> None:
    labels = Labels()
    assert [labels(text) for text in ("Frobnicate", "Login History", "Zap", "Frobnicate")] == [
        "Frobnicate", "Login History", "Zap", "Frobnicate",
    ]  # fmt: skip
    assert labels.inferred() == ("Frobnicate", "Zap")


@pytest.mark.parametrize(
    ("path", "stated", "guessed"),
    [
        ("/lightning/setup/ConnectedAppsUsage/home", "Manage App Policies", "Actions"),
        ("/lightning/setup/OrgLoginHistory/home", "Login Subtype", "Filter"),
        ("/lightning/setup/SecuritySession/home", "Enforce login IP ranges on every request",
         "Timeout Value"),
    ],
)  # fmt: skip
def test_the_foot_of_a_page_lists_its_inferred_labels_only(
    admin: Robot, path: str, stated: str, guessed: str
) -> None:
    head, _, foot = admin.open(path).text.partition('id="inferred"')
    assert stated in head
    assert stated not in foot
    assert guessed in foot


def test_the_names_of_setup_pages_link_to_their_source() -> None:
    assert all(source.strip() for source in SOURCED.values())


@pytest.mark.shared
@pytest.mark.parametrize("label", STATED)
def test_a_label_called_stated_stands_in_the_notes(label: str) -> None:
    notes = sorted((SHARED / "domain").glob("*.md"))
    if not notes:
        pytest.skip(f"no notes under {SHARED / 'domain'}")
    text = " ".join(note.read_text("utf-8") for note in notes).casefold()
    assert label.casefold() in " ".join(text.split())
