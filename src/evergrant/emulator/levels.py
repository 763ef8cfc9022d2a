"""How sure the org is of who holds a session: its security level (4.9).

The emulator has no second factor: a person in a browser who is asked for one has given it
(inferred).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.accounts import profile_of

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy, SessionLevel

HIGH: Final = "HIGH_ASSURANCE"


def of_person(org: Org, user_id: str, app: AppPolicy | None) -> SessionLevel:
    """What a person in a browser reaches: as much as profile or app ask for."""
    profile = profile_of(org.db, user_id)
    is_asked = profile is not None and profile.session_level == HIGH
    return HIGH if is_asked or _raises(app) else "STANDARD"


def of_family(org: Org, app: AppPolicy, family: str) -> SessionLevel:
    """What a refresh reaches: the level of the approval, or higher where the app raises it.

    That an approval keeps the level it was given at is inferred.
    """
    given = state.recall_granted(org.db, ("level", family), lambda: _given_at(org, family))
    return HIGH if _raises(app) or given == HIGH else "STANDARD"


def _given_at(org: Org, family: str) -> str | None:
    row = state.one(org.db, "SELECT level FROM x_refresh WHERE family = ? LIMIT 1", family)
    return None if row is None else str(row["level"])


def _raises(app: AppPolicy | None) -> bool:
    return (
        app is not None and app.session_action == "RaiseSessionLevel" and app.session_level == HIGH
    )
