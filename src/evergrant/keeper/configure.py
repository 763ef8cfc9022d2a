"""Changing what a person may change about a connection without authorizing it anew."""

from __future__ import annotations

from collections.abc import Mapping

from evergrant.errors import BadInput
from evergrant.keeper.admit import check_name, refuse_removed
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.model import Connection
from evergrant.store import connections

MOST_SETTINGS = 50
LONGEST_NAME, LONGEST_KEY, LONGEST_VALUE = 200, 100, 2000


def configure(
    keeper: Keeper, connection_id: str, *, name: str, settings: Mapping[str, str]
) -> Connection:
    """Give a connection another name and other settings; its credential is not touched.

    Raises `BadInput` for a name that is empty, too long or taken, and for settings that are too
    many or too long; `Misuse` for a connection that was removed.
    """
    name = name.strip()
    _check_lengths(name, settings)
    with keeper.writing() as tx:
        before = connections.get(tx, connection_id)
        refuse_removed(before)
        if name != before.name:
            check_name(tx, before.integration, name)
        if (name, dict(settings)) == (before.name, dict(before.settings)):
            return before
        after = connections.update(tx, before.id, name=name, settings=settings)
        changed = sorted({*settings.items()} ^ {*before.settings.items()})
        what = sorted({key for key, _ in changed} | ({"name"} if name != before.name else set()))
        note(keeper, tx, before.id, "configured", f"changed by a person: {', '.join(what)}")
    return after


def _check_lengths(name: str, settings: Mapping[str, str]) -> None:
    too_long = len(name) > LONGEST_NAME or any(
        len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE for key, value in settings.items()
    )
    if too_long or len(settings) > MOST_SETTINGS:
        raise BadInput(
            "that is more than a connection's settings hold",
            why=f"a name has up to {LONGEST_NAME} characters, a setting's name {LONGEST_KEY}, "
            f"its value {LONGEST_VALUE}; there are up to {MOST_SETTINGS} settings",
            next_step="shorten it",
            whose="you",
        )
