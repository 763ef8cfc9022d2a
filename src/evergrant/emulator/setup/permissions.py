"""The checkboxes of user permissions, on permission sets and profiles alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import state
from evergrant.emulator.permissions import COLUMN, FEATURES, PERMISSIONS

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.setup.desk import Desk, Form


def offered(desk: Desk) -> dict[str, str]:
    """API name to label, by label; a permission of a feature only where the org has it."""
    has_control = state.load_org(desk.db).api_access_control
    shown = {
        name: label for name, label in PERMISSIONS.items() if has_control or name not in FEATURES
    }
    return dict(sorted(shown.items(), key=lambda each: each[1].casefold()))


def held(row: Row) -> frozenset[str]:
    """The permissions that a profile or permission set gives."""
    return frozenset(name for name in PERMISSIONS if row[COLUMN + name])


def turned(desk: Desk, form: Form, row: Row) -> dict[str, bool]:
    """The permissions that a filled form gives or takes."""
    before = held(row)
    ticked = {name: f"permission.{name}" in form for name in offered(desk)}
    return {name: value for name, value in ticked.items() if value != (name in before)}
