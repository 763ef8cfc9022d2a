"""Rotating an app's key and secret by staged credentials, so that no connection is ever without.

Two sets overlap in the vault as they do at Salesforce: the next one beside the present one until
every connection was renewed with it, the former one beside the new one until it is dropped.  What
was done is read from the vault and from the org, so a rotation that was interrupted goes on where
it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from evergrant.errors import CouldNotLook, EvergrantError, Misuse, Refused
from evergrant.health import BROKEN, LIVE
from evergrant.keeper.check import check
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.keeper.renew import NOT_THE_CLIENT
from evergrant.model import App, Connection, Secret, Session, Staged
from evergrant.org import staged
from evergrant.org.staged import ACTIVE, StagedSet
from evergrant.store import connections, events

Step = Literal["stage", "renew", "promote", "drop"]
RENEWED = "renewed with the next secret"
_LOOK_BACK = 200


@dataclass(frozen=True, slots=True)
class Turned:
    """How far a rotation has come."""

    integration: str
    next_step: Step
    """What comes next; `stage` where nothing is under way."""
    connections: int = 0
    """Those that are in use; paused, broken and removed ones are not tried."""
    renewed: int = 0
    """Of these, how many were renewed with the next secret."""
    failed: tuple[str, ...] = ()
    """Names and reasons of those that could not be renewed, with either secret."""
    until: datetime | None = None
    """When the org forgets the second set."""


def how_far(keeper: Keeper, integration_id: str) -> Turned:
    """How far the rotation of an integration's secret has come, as the vault knows it.

    Raises `NotFound` for an integration that is not there.
    """
    app, wanted = _app(keeper, integration_id), _in_use(keeper, integration_id)
    if app.staged is None:
        return Turned(integration_id, "stage", len(wanted))
    if app.staged.role == "former":
        return Turned(integration_id, "drop", len(wanted), len(wanted), until=app.staged.until)
    done = sum(_is_renewed(keeper, each, app.staged) for each in wanted)
    step: Step = "promote" if done == len(wanted) else "renew"
    return Turned(integration_id, step, len(wanted), done, until=app.staged.until)


def stage_next(keeper: Keeper, integration_id: str, session: Session) -> Turned:
    """Make the second set in the org that owns the app, and keep it beside the first.

    A set that is staged there already, and of which nobody here knows, is taken.  Raises `NotFound`
    where the app is not the org's, `Refused` where the session may not, `Misuse` for an integration
    that holds no secret, and what the network throws.
    """
    app = _app(keeper, integration_id)
    if app.staged is not None:
        return how_far(keeper, integration_id)
    if app.consumer_secret is None:
        raise Misuse(f"{integration_id} holds no consumer secret", next_step="nothing to rotate")
    path = keeper.say(staged.consumer_path(session, app.consumer_key))
    known = keeper.say(staged.staged_sets(session, path))
    there = next((each for each in known if each.standing == ACTIVE), None)
    made = (
        keeper.say(staged.read_set(session, path, there.id)) if there
        else keeper.say(staged.stage(session, path))
    )  # fmt: skip
    following = Staged("next", made.key, made.until)
    _save(keeper, integration_id, "staged", next_secret=made.secret, staged=following)
    return how_far(keeper, integration_id)


def renew_each(keeper: Keeper, integration_id: str) -> Iterator[Turned]:
    """Renew every connection in use with the next secret: one first, then the others.

    Where the org refuses the secret itself, the connection is renewed with the present one, nothing
    else is touched, and `Refused` is raised.  What cannot be renewed for another reason is named,
    and the others go on.
    """
    now = how_far(keeper, integration_id)
    yield now
    app = _app(keeper, integration_id)
    if app.staged is None or app.staged.role != "next":
        return
    for each in _in_use(keeper, integration_id):
        if _is_renewed(keeper, each, app.staged):
            continue
        failure = _renewed(keeper, each, app.staged)
        if failure is None:
            now = replace(now, renewed=now.renewed + 1)
        else:
            now = replace(now, failed=(*now.failed, f"{each.name}: {failure.what}"))
        yield now
    yield replace(now, next_step="promote" if now.renewed or not now.connections else "renew")


def _renewed(keeper: Keeper, connection: Connection, following: Staged) -> EvergrantError | None:
    """Why a connection could not be renewed with the next secret; None when it was."""
    failure: EvergrantError | None
    _try_with(keeper, connection, replace(following, trial=connection.id))
    try:
        failure = check(keeper, connection.id, renew=True).failure
    except CouldNotLook as busy:
        failure = busy
    finally:
        _try_with(keeper, connection, following)
    if failure is None:
        with keeper.writing() as tx:
            text = "both secrets are good now"
            note(keeper, tx, connection.id, RENEWED, text, set=_print(following))
        return None
    if isinstance(failure, Refused) and failure.error in NOT_THE_CLIENT:
        check(keeper, connection.id, renew=True)  # with the present one, which is still good
        raise failure
    return failure


def promote_next(keeper: Keeper, integration_id: str, session: Session) -> Turned:
    """Make the next set the app's own, here first and then in the org.

    Both sets are good at Salesforce before and after, so the order loses nothing.  Raises `Misuse`
    where no connection was renewed with it, and as `stage_next` does.
    """
    now, app = how_far(keeper, integration_id), _app(keeper, integration_id)
    if app.staged is None or (now.connections and not now.renewed):
        raise Misuse("no connection was renewed with a next secret", next_step="renew them first")
    if app.staged.role == "next" and app.next_secret is not None:
        app = _swapped(keeper, integration_id, app, app.staged, app.next_secret)
    path = keeper.say(staged.consumer_path(session, app.consumer_key))
    if keeper.say(staged.own_key(session, path)) != app.consumer_key:
        there = _set_of(keeper, session, path, app.consumer_key)
        keeper.say(staged.promote(session, path, there.id))
    _note_end(keeper, integration_id, session, path)
    return how_far(keeper, integration_id)


def _note_end(keeper: Keeper, integration_id: str, session: Session, path: str) -> None:
    """Until when the former set is good, as the org says."""
    former = _app(keeper, integration_id).staged
    known = keeper.say(staged.staged_sets(session, path))
    there = next((each for each in known if former and each.key == former.key), None)
    if former and there:
        _save(keeper, integration_id, "promoted", staged=replace(former, until=there.until))


def _swapped(keeper: Keeper, id_: str, app: App, following: Staged, secret: Secret) -> App:
    former = Staged("former", app.consumer_key, following.until)
    return _save(
        keeper, id_, "changed over", consumer_key=following.key, consumer_secret=secret,
        next_secret=app.consumer_secret, staged=former, secret_since=keeper.clock.now(),
    )  # fmt: skip


def drop_former(keeper: Keeper, integration_id: str, session: Session) -> Turned:
    """Delete the former set in the org, and forget it here: nobody can use it any more.

    Where a crash came between, the org is first made to know the new set as the app's own.  Raises
    `Misuse` while the next one is only staged, and as `stage_next` does.
    """
    app = _app(keeper, integration_id)
    if app.staged is None or app.staged.role != "former":
        raise Misuse("there is no former secret to drop", next_step="promote the next one first")
    path = keeper.say(staged.consumer_path(session, app.consumer_key))
    if keeper.say(staged.own_key(session, path)) != app.consumer_key:
        promote_next(keeper, integration_id, session)
    for each in keeper.say(staged.staged_sets(session, path)):
        if each.key == app.staged.key:
            keeper.say(staged.drop(session, path, each.id))
    _save(keeper, integration_id, "former dropped", next_secret=None, staged=None)
    return how_far(keeper, integration_id)


def abandon(keeper: Keeper, integration_id: str, session: Session) -> Turned:
    """Delete the set that was staged, and go on with the present one.

    Raises `Misuse` where none is staged or it is in use already, and as `stage_next` does.
    """
    app = _app(keeper, integration_id)
    if app.staged is None or app.staged.role != "next":
        raise Misuse("there is no next secret to abandon")
    path = keeper.say(staged.consumer_path(session, app.consumer_key))
    for each in keeper.say(staged.staged_sets(session, path)):
        if each.key == app.staged.key:
            keeper.say(staged.drop(session, path, each.id))
    _save(keeper, integration_id, "abandoned", next_secret=None, staged=None)
    return how_far(keeper, integration_id)


def _set_of(keeper: Keeper, session: Session, path: str, key: str) -> StagedSet:
    known = keeper.say(staged.staged_sets(session, path))
    found = next((each for each in known if each.key == key), None)
    if found is None:
        raise Misuse(
            "the org does not know the set that was staged any more",
            next_step="a staged set lives for thirty days: stage another",
        )
    return found


def _app(keeper: Keeper, integration_id: str) -> App:
    with keeper.reading() as tx:
        return keeper.vault.integration(tx, integration_id).app


def _in_use(keeper: Keeper, integration_id: str) -> list[Connection]:
    with keeper.reading() as tx:
        found = connections.every(tx, integration=integration_id)
    return [each for each in found if each.state in LIVE - BROKEN]


def _print(following: Staged) -> str:
    """Which set, without saying its key."""
    return Secret(following.key).fingerprint


def _is_renewed(keeper: Keeper, connection: Connection, following: Staged) -> bool:
    with keeper.reading() as tx:
        past = events.recent(tx, connection.id, limit=_LOOK_BACK)
    return any(e.kind == RENEWED and e.data.get("set") == _print(following) for e in past)


def _try_with(keeper: Keeper, connection: Connection, following: Staged) -> None:
    with keeper.writing() as tx:
        whole = keeper.vault.integration(tx, connection.integration)
        app = replace(whole.app, staged=following)
        keeper.vault.put_integration(tx, replace(whole, app=app))


def _save(keeper: Keeper, integration_id: str, what: str, **changed: object) -> App:
    with keeper.writing() as tx:
        whole = keeper.vault.integration(tx, integration_id)
        app = replace(whole.app, **changed)  # type: ignore[arg-type]
        keeper.vault.put_integration(tx, replace(whole, app=app))
        did(keeper, tx, "secret rotation", subject=whole.id, text=what)
    return app
