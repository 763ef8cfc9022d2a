"""The part of the integration file that says what an integration needs of an org.

sync_every_min = 15
proved_by_sync = true
backfill_days = 30
label_note = "The app bears the name of our integration platform."
certificate_file = "orbit.crt"

[[requires]]
object = "Lead"
access = "edit"
why = "new leads are written there"

[[steps]]
name = "outbound"
do = "Connect outbound on the package's page"
evidence = "NamedCredential Orbit_Cloud"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import tomli

from evergrant.cli.reading import read_text
from evergrant.errors import BadInput
from evergrant.store.expectations import Access, Expectations, Kind, Requirement, Step

KINDS: Final[dict[str, Kind]] = {each.replace(" ", "_"): each for each in get_args(Kind)}
_STEP: Final = ("name", "do", "where", "link", "who", "evidence")
EXPECTED: Final = {
    "sync_every_min": "minutes between two of its syncs",
    "proved_by_sync": "true: an incident stays open until the next sync has succeeded",
    "backfill_days": "days that the first sync after a break looks back",
    "label_note": "why the app's name may be unfamiliar to the customer",
    "support_hours": "when the support contact answers",
    "certificate_file": "PEM file of the certificate that assertions are checked by: for its end",
    "requires": "`[[requires]]` tables: what its user needs in the org",
    "steps": "`[[steps]]` tables: what somebody does inside the org besides the sign-in",
    "parts": "`[[parts]]` tables: which credentials and steps there are, in order; one credential "
    "if left out",
}
"""Members of the integration file that are read here, and what each means."""


def read_expectations(name: str) -> Expectations:
    """What the integration file `name` expects.  Raises `BadInput` naming what is wrong."""
    told = tomli.loads(read_text(name, give="describe the integration in it (TOML)"))
    try:
        return Expectations(
            requires=tuple(_requirement(each) for each in _tables(told, "requires")),
            steps=tuple(_step(each) for each in _tables(told, "steps")),
            sync_every_min=_count(told, "sync_every_min"),
            proved_by_sync=told.get("proved_by_sync") is True,
            backfill_days=_count(told, "backfill_days"),
            certificate_ends=_ends(told.get("certificate_file", ""), Path(name).parent),
            label_note=str(told.get("label_note", "")),
            support_hours=str(told.get("support_hours", "")),
        )
    except ValueError as error:
        raise BadInput(
            f"{name}: {error}", next_step="see docs/reference/integration-file.md", whose="you"
        ) from error


def _tables(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError(f"{name} must be written as [[{name}]]")
    return found


def _requirement(told: Mapping[str, Any]) -> Requirement:
    named = [each for each in KINDS if each in told]
    if len(named) != 1:
        raise ValueError(f"each [[requires]] names one of {', '.join(KINDS)}")
    if strange := told.keys() - {*named, "access", "why", "optional"}:
        raise ValueError(f"[[requires]] knows no {', '.join(sorted(strange))}")
    access = told.get("access", "read" if named[0] in ("object", "field") else "")
    if access not in get_args(Access):
        raise ValueError(f"access is {access!r}, and can be read, create, edit or delete")
    return Requirement(
        KINDS[named[0]],
        str(told[named[0]]),
        access,
        str(told.get("why", "")),
        told.get("optional") is True,
    )


def _step(told: Mapping[str, Any]) -> Step:
    if strange := told.keys() - {*_STEP}:
        raise ValueError(f"[[steps]] knows no {', '.join(sorted(strange))}")
    if missing := [each for each in ("name", "do") if not told.get(each)]:
        raise ValueError(f"[[steps]] wants {', '.join(missing)}")
    return Step(**{each: str(told[each]) for each in _STEP if each in told})


def _count(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} must be a whole number")
    return value


def _ends(file: str, folder: Path) -> str:
    from evergrant.evidence.requests.certificates import ends_at

    if not file:
        return ""
    ends = ends_at(read_text(str(folder / file), give="put the certificate into it").encode())
    if ends is None:
        raise ValueError(f"{file} holds no certificate")
    return ends.date().isoformat()
