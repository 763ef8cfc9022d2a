"""What an integration file says of needs, steps and what comes after."""

from __future__ import annotations

from pathlib import Path

import pytest

from evergrant.cli.expectations import read_expectations
from evergrant.errors import BadInput
from evergrant.store.expectations import Requirement, Step

WHOLE = """
id = "orbit-sync"
sync_every_min = 15
backfill_days = 30
proved_by_sync = true
label_note = "The app bears the name of our integration platform."

[[requires]]
object = "Lead"
access = "edit"
why = "new leads are written there"

[[requires]]
permission_set = "Orbit_Setup_User"

[[requires]]
field = "Lead.Email"
optional = true

[[steps]]
name = "outbound"
do = "Connect outbound"
evidence = "NamedCredential Orbit_Cloud"
"""


def written(folder: Path, text: str) -> str:
    """An integration file."""
    path = folder / "orbit.toml"
    path.write_text(text)
    return str(path)


def test_needs_steps_and_what_comes_after_are_read(tmp_path: Path) -> None:
    told = read_expectations(written(tmp_path, WHOLE))
    assert told.requires == (
        Requirement("object", "Lead", "edit", "new leads are written there"),
        Requirement("permission set", "Orbit_Setup_User"),
        Requirement("field", "Lead.Email", "read", is_optional=True),
    )
    assert told.steps == (
        Step("outbound", "Connect outbound", evidence="NamedCredential Orbit_Cloud"),
    )
    assert (told.sync_every_min, told.backfill_days, told.proved_by_sync) == (15, 30, True)
    assert told.label_note.startswith("The app bears")


def test_a_file_that_says_nothing_of_it_expects_nothing(tmp_path: Path) -> None:
    told = read_expectations(written(tmp_path, 'id = "orbit-sync"\n'))
    assert (told.requires, told.steps, told.certificate_ends) == ((), (), "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[requires]]\nobject = "Lead"\nfield = "Lead.Email"', "names one of"),
        ("[[requires]]\nwhy = 'nothing'", "names one of"),
        ('[[requires]]\nobject = "Lead"\naccess = "own"', "access is 'own'"),
        ('[[requires]]\nobject = "Lead"\nacess = "edit"', "knows no acess"),
        ('[[steps]]\ndo = "x"', "wants name"),
        ('[[steps]]\nname = "x"\ndo = "y"\nsoql = "SELECT"', "knows no soql"),
        ('requires = "Lead"', "must be written as"),
        ("sync_every_min = -1", "sync_every_min must be a whole number"),
        ('backfill_days = "many"', "backfill_days must be a whole number"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        read_expectations(written(tmp_path, text))


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "orbit.crt").write_text("nothing of the kind")
    with pytest.raises(BadInput, match=r"orbit\.crt holds no certificate"):
        read_expectations(written(tmp_path, 'certificate_file = "orbit.crt"'))
