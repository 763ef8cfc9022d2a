"""What Salesforce's status page would say of this org's instance, drawn from the faults laid.

Paths, members and states are recorded from public clients of api.status.salesforce.com; that a
fault shows there at once, and which state goes with which, is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from evergrant.emulator import doors

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.trouble.fault import Fault

_OUT: Final = "MAJOR_INCIDENT_CORE"
STATES: Final = {
    "server-error": _OUT, "system-down": _OUT, "rest-error": _OUT, "unavailable": _OUT,
    "edge-unreachable": _OUT, "maintenance": "MAINTENANCE_CORE",
}  # fmt: skip
"""Preset → the state that the page shows while it is laid for everybody."""


class NoInstance(LookupError):
    """The page knows no such instance or domain."""


def told(org: Org, name: str) -> dict[str, Any]:
    """The answer for an instance, or for the address that is the org's My Domain here.

    Raises NoInstance.
    """
    with org.lock:
        key = doors.current(org)
        if name.casefold() not in (key.casefold(), urlsplit(org.base_url).netloc.casefold()):
            raise NoInstance(f"{name} is no instance of this org")
        state = _state(org.faults.laid)
    return {
        "key": key,
        "environment": "sandbox" if org.home.kind == "sandbox" else "production",
        "status": state,
        "isActive": True,
        "Incidents": [{"status": "Ongoing", "isCore": True}] if state == _OUT else [],
        "Maintenances": [{"isCore": True}] if state == STATES["maintenance"] else [],
    }


def _state(laid: list[Fault]) -> str:
    for fault in laid:
        is_for_all = not fault.app and not fault.user
        if fault.times > 0 and is_for_all and fault.preset in STATES:
            return STATES[fault.preset]
    return "OK"
