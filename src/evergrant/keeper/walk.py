"""Walking through the parts of a connection, in order: each is revalidated, those that are still
good are passed, those that need nobody are authorized, and where a person is needed it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evergrant.errors import Malformed, Misuse, Refused, WireError
from evergrant.health import BROKEN, LIVE
from evergrant.keeper.authorize import authorize_part
from evergrant.keeper.check import check_part
from evergrant.keeper.flows import SPOKEN, integration_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import PartHealth, first_part, health_of, part_of
from evergrant.keeper.renew import needs_person
from evergrant.store import connections

How = Literal["authorized", "still good", "refused", "waits", "open"]


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of one part on the way."""

    part: str
    title: str
    how: How
    told: str = ""


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a walk came."""

    at: str
    """The part at which a person is needed; '' when there is none."""
    passed: tuple[Passed, ...] = ()


def start_of(keeper: Keeper, connection_id: str) -> tuple[str, bool]:
    """The part at which a new authorization begins, and whether it needs a browser.

    Raises `NotFound`.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        whole = keeper.vault.integration(tx, connection.integration)
        part = first_part(tx, connection, whole)
        return part, integration_of(tx, whole, part).flow == SPOKEN


def walk_on(keeper: Keeper, connection_id: str, proven: str = "") -> Walked:
    """Go through the parts in order; `proven` was authorized just now, and is not looked at again.

    Raises `CouldNotLook` when a check elsewhere does not let go of the connection.
    """
    passed: list[Passed] = []
    for name in _names(keeper, connection_id):
        if name == proven:
            continue
        with keeper.reading() as tx:
            stands = part_of(tx, connections.by_id(tx, connection_id), name)
        end = _passed(keeper, connection_id, stands)
        if end is None:
            return Walked(name, tuple(passed))
        passed.append(end)
    return Walked("", tuple(passed))


def _names(keeper: Keeper, connection_id: str) -> list[str]:
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        found = [each.part.name for each in health_of(tx, connection)]
    return found if len(found) > 1 and connection.state in LIVE else []


def _passed(keeper: Keeper, connection_id: str, stands: PartHealth) -> Passed | None:
    """What became of one part; None when it needs a person."""
    part = stands.part
    if stands.waits:
        return Passed(part.name, part.title, "waits", f"for {stands.waits}")
    if _is_good(keeper, connection_id, part.name):
        return Passed(part.name, part.title, "still good")
    with keeper.reading() as tx:
        connection = connections.by_id(tx, connection_id)
        whole = keeper.vault.integration(tx, connection.integration)
    if needs_person(part.view(whole).flow):
        return None
    try:
        authorize_part(keeper, connection, part.name)
    except (Refused, Malformed, WireError, Misuse) as failure:
        return Passed(part.name, part.title, "refused", failure.what)
    return Passed(part.name, part.title, "authorized")


def _is_good(keeper: Keeper, connection_id: str, part: str) -> bool:
    """Whether a part has a credential that no answer speaks against."""
    with keeper.reading() as tx:
        kept = keeper.vault.live(tx, connection_id, part)
    if kept is None:
        return False
    try:
        checked = check_part(keeper, connection_id, part)
    except Misuse:
        return False
    with keeper.reading() as tx:
        state = part_of(tx, connections.by_id(tx, connection_id), part).state
    return checked.failure is None or state not in BROKEN
