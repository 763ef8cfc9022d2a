"""The doctor in the org, with an admin's evidence session: is it let in, and what does it see."""

from __future__ import annotations

from collections.abc import Sequence

from evergrant import evidence
from evergrant.diagnosis import diagnose
from evergrant.diagnosis.question import next_look
from evergrant.evidence.gathered import is_id
from evergrant.keeper.doctor_checks import (
    DOOR,
    ORG_CHECKS,
    SETTINGS,
    Looked,
    Looking,
    Watch,
    looked,
    title_of,
)
from evergrant.keeper.doctor_visit import Examination, all_facts, with_facts
from evergrant.keeper.examine import BEFORE, look_for
from evergrant.keeper.keeper import Keeper
from evergrant.model import Fact, Session, Unknown
from evergrant.store import connections, incidents

LIVE_ORG = "live_org"
_NAMES = ("user.exists", "app.in_org")
"""Facts that tell whether the org knows a name that a person gave."""


def through_org(
    keeper: Keeper, examination: Examination, session: Session | None, watch: Watch
) -> Examination:
    """One check after the other, the most telling first; at last the settings of later gates.

    Nothing more is asked of an org that does not answer, or does not take the session.
    """
    if session is None:
        return examination
    door = keeper.say(evidence.knock(session, keeper.clock.now()))
    if isinstance(door.value, Unknown):
        told = f"{door.value.reason}: {door.value.next_step}"
        watch(look := Looked(DOOR, title_of(DOOR), told, could_look=False))
        return with_facts(examination, [door], look)
    examination, left = with_facts(examination, [door]), set(ORG_CHECKS)
    while left and (check := _next_check(keeper, examination, left)):
        watch(Looking(title_of(check)))
        facts = _asked(keeper, examination, session, check)
        examination = _taken_in(keeper, examination, watch, facts, left)
        left.discard(check)
    return examination


def _taken_in(
    keeper: Keeper, examination: Examination, watch: Watch, facts: Sequence[Fact], left: set[str]
) -> Examination:
    """What one look showed, check by check: on the way, it may have answered others."""
    by_check: dict[str, list[Fact]] = {}
    for fact in facts:
        by_check.setdefault(keeper.catalog.facts[fact.name].check, []).append(fact)
    looks = [looked(check, found) for check, found in by_check.items() if check in left]
    for look in looks:
        watch(look)
        left.discard(look.check)
    return with_facts(examination, facts, *looks)


def _next_check(keeper: Keeper, examination: Examination, left: set[str]) -> str:
    facts = all_facts(keeper, examination)
    diagnosis = diagnose(facts, keeper.catalog)
    first = diagnosis.first
    if first is None or first.word != "certain":
        wanted = next_look(facts, left, keeper.catalog)
        if wanted is not None:
            return wanted.check
    return next((check for check in SETTINGS if check in left), "")


def _asked(
    keeper: Keeper, examination: Examination, session: Session, check: str
) -> Sequence[Fact]:
    if not examination.connection:
        now = keeper.clock.now()
        return keeper.say(
            evidence.look_at_org(
                session, app_label=examination.app,
                user_id=examination.user if is_id(examination.user) else "",
                username="" if is_id(examination.user) else examination.user,
                since=now - BEFORE, at=now, is_hearsay=True, only=check,
            )
        )  # fmt: skip
    with keeper.reading() as tx:
        connection = connections.get(tx, examination.connection)
        integration = keeper.vault.integration(tx, connection.integration)
        incident = incidents.open_for(tx, connection.id)
    return keeper.say(look_for(keeper, connection, integration, incident, session, only=check))


def shut_out(examination: Examination) -> str:
    """Why the org could not be looked at at all; empty where it could, or nobody wanted to."""
    doors = (look for look in examination.looked if look.check == DOOR)
    return next((look.told for look in doors if not look.could_look), "")


def doubts(examination: Examination) -> tuple[str, ...]:
    """What must be said first: names that the org was asked about and does not know.

    A connection is of its own user and app, whatever they are called; then it is evidence.
    """
    if examination.connection:
        return ()
    found = {fact.name: fact for fact in examination.facts if fact.source == LIVE_ORG}
    asked = (found[name] for name in _NAMES if name in found)
    return tuple(fact.quote for fact in asked if fact.quote and _is_in_vain(fact))


def _is_in_vain(fact: Fact) -> bool:
    return isinstance(fact.value, Unknown) or (fact.name == "user.exists" and fact.value is False)
