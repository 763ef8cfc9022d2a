"""What an integration needs in an org, looked at one by one with the connection's own token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, assert_never

from evergrant.errors import BadInput, EvergrantError, Malformed, NotFound, Refused, WireError
from evergrant.health import WORKING
from evergrant.keeper.awaiting import awaited_by, begin_to_wait
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.model import Connection, Session
from evergrant.org import needs as org_needs
from evergrant.org.needs import COMPONENTS, Answer
from evergrant.store import connections, events, expectations, integrations
from evergrant.store.expectations import Expectations, Requirement, Step
from evergrant.wire import Conversation

NEEDS: Final = "needs"
"""Kind of the event that tells what was found."""
CONFIRMED: Final = "step confirmed"
"""Kind of the event by which a person says that a step was done."""
_PERMISSIONS: Final = "/lightning/setup/PermSets/home"
_SETUP: Final = "a session with View Setup and Configuration sees it"

Standing = Literal["there", "missing", "not known"]


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement or one step, and how it stands."""

    title: str
    standing: Standing
    told: str
    """The org's words, or why it could not be looked at."""
    kind: str
    name: str
    why: str = ""
    is_optional: bool = False
    next_step: str = ""
    link: str = ""
    """Suffix under the org's address of where it is repaired; empty where nothing need be."""

    @property
    def stops(self) -> bool:
        """Whether the integration cannot work as it is."""
        return self.standing == "missing" and not self.is_optional


def expect(keeper: Keeper, integration: str, told: Expectations) -> None:
    """Keep what an integration expects.  Raises `NotFound`, `BadInput` for unknown evidence."""
    for step in told.steps:
        if step.evidence and step.evidence.partition(" ")[0] not in COMPONENTS:
            raise BadInput(
                f"step {step.name}: {step.evidence!r} cannot be looked for",
                next_step=f"name one of {', '.join(COMPONENTS)} and its name",
            )
    with keeper.writing() as tx:
        known, now = integrations.get(tx, integration).id, keeper.clock.now()
        expectations.keep(tx, known, told)
        for each in connections.every(tx, integration=known):
            if each.state in WORKING and awaited_by(tx, each.id) is None:
                begin_to_wait(tx, each, now)


def expected_by(keeper: Keeper, integration: str) -> Expectations:
    """What an integration expects; nothing where nobody said."""
    with keeper.reading() as tx:
        return expectations.of(tx, integration)


def look_at_needs(keeper: Keeper, connection_id: str) -> Iterator[Need]:
    """Every requirement and step in order, each as soon as it is known; then all are noted.

    One that could not be looked at stops no other.  Raises `NotFound` for a connection without a
    live credential.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        told = expectations.of(tx, connection.integration)
        kept = keeper.vault.live(tx, connection.id)
    if not told.requires and not told.steps:
        return
    if kept is None:
        raise NotFound(f"{connection.name} has no live credential", next_step="reauthorize it")
    session = Session(kept.credential.instance_url, kept.credential.access_token)
    wanted: list[Requirement | Step] = [*told.requires, *told.steps]
    found = []
    for each in wanted:
        need = _need(keeper, session, connection, each)
        found.append(need)
        yield need
    with keeper.writing() as tx:
        note(keeper, tx, connection.id, NEEDS, summary(found), needs=found)


def confirm_step(keeper: Keeper, connection_id: str, name: str, *, who: str) -> None:
    """Write down that a person says that a step was done.

    Raises `NotFound`, `BadInput` for a step that the integration does not have.
    """
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        steps = expectations.of(tx, connection.integration).steps
        if name not in {each.name for each in steps}:
            raise BadInput(f"there is no step {name!r}", next_step="look at the steps again")
        note(keeper, tx, connection.id, CONFIRMED, name, step=name, who=who)


def last_needs(keeper: Keeper, connection_id: str) -> tuple[Need, ...]:
    """What was found when it was looked at last; empty when never."""
    with keeper.reading() as tx:
        past = events.recent(tx, connection_id, limit=200)
    found = next((each for each in past if each.kind == NEEDS), None)
    return needs_in(found.data if found else {})


def needs_in(told: Any) -> tuple[Need, ...]:
    """The needs that an event or a flow's outcome holds."""
    return tuple(Need(**each) for each in told.get("needs", ()))


def summary(found: list[Need]) -> str:
    """How many stand, in one line."""
    there = sum(each.standing == "there" for each in found)
    missing = ", ".join(each.name for each in found if each.standing == "missing")
    return f"{there} of {len(found)} are there" + (f"; missing: {missing}" if missing else "")


def _need(
    keeper: Keeper, session: Session, connection: Connection, each: Requirement | Step
) -> Need:
    if isinstance(each, Step):
        return _step(keeper, session, connection, each)
    user = connection.identity.user_id if connection.identity else ""
    title = title_of(each)
    try:
        answer = keeper.say(_asked(session, user, each))
    except (Refused, Malformed, WireError) as trouble:
        return _unknown(title, trouble, each.kind, each.name, each.why, each.is_optional)
    standing: Standing = "there" if answer.holds else "missing"
    need = Need(title, standing, answer.quote, each.kind, each.name, each.why, each.is_optional)
    return need if answer.holds else replace(need, next_step=_HELP[each.kind], link=_PERMISSIONS)


_HELP: Final = {
    "permission": "the admin gives it by a permission set, or in the user’s profile",
    "permission set": "the admin assigns it to the integration user",
    "page": "the admin assigns a permission set that opens the page",
    "object": "the admin gives the object permission by a permission set",
    "field": "the admin gives field-level security by a permission set",
}


def title_of(each: Requirement) -> str:
    """A requirement in words."""
    if each.kind in ("object", "field"):
        return f"{(each.access or 'read').capitalize()} {each.name}"
    return f"{each.kind.capitalize()} {each.name}"


def _asked(session: Session, user: str, each: Requirement) -> Conversation[Answer]:
    match each.kind:
        case "permission":
            return (yield from org_needs.has_permission(session, user, each.name))
        case "permission set":
            return (yield from org_needs.has_permission_set(session, user, each.name))
        case "page":
            return (yield from org_needs.has_page(session, user, each.name))
        case "object":
            return (yield from org_needs.object_access(session, each.name, each.access))
        case "field":
            return (yield from org_needs.field_access(session, each.name, each.access))
        case _:
            assert_never(each.kind)


def _step(keeper: Keeper, session: Session, connection: Connection, step: Step) -> Need:
    """By evidence where there is any; else by what a person said since the last break."""
    way = f"{step.who}: {step.where or step.do}"
    open_ = Need(step.do, "not known", "nobody said yet", "step", step.name)
    open_ = replace(open_, next_step=way, link=step.link)
    if not step.evidence:
        who = _confirmed(keeper, connection, step)
        return Need(step.do, "there", f"{who} says so", "step", step.name) if who else open_
    try:
        answer = keeper.say(org_needs.has_component(session, step.evidence))
    except (Refused, Malformed, WireError) as trouble:
        return _unknown(step.do, trouble, "step", step.name, "", False)
    if answer.holds:
        return Need(step.do, "there", answer.quote, "step", step.name)
    return replace(open_, standing="missing", told=answer.quote)


def _confirmed(keeper: Keeper, connection: Connection, step: Step) -> str:
    """Who said that a step was done, and when; what was said before the last break is stale."""
    with keeper.reading() as tx:
        past = events.recent(tx, connection.id, limit=200)
    for each in past:
        if each.kind == "incident opened":
            return ""
        if each.kind == CONFIRMED and each.data.get("step") == step.name:
            return f"{each.data.get('who')}, {each.at:%d %b %Y %H:%M} UTC"
    return ""


def _unknown(
    title: str, trouble: EvergrantError, kind: str, name: str, why: str, is_optional: bool
) -> Need:
    told = f"could not be looked at: {trouble.what}"
    step = _SETUP if isinstance(trouble, Refused) else trouble.next_step
    return Need(title, "not known", told, kind, name, why, is_optional, step)
