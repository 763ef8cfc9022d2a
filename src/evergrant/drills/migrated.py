"""A migration tried out in the emulator: the old app's client, and then the new app's."""

from __future__ import annotations

from dataclasses import dataclass

from evergrant.drills.rehearsal import client_of, fit, ground_of
from evergrant.drills.replayed import Habits, Told
from evergrant.drills.simulated import SOUND
from evergrant.repair import apply
from evergrant.repair.course import words_of
from evergrant.repair.files import Files, package
from evergrant.repair.migrate import PHASES, Migration


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did to an emulated org and to both clients."""

    before: tuple[Told, ...]
    """A new connection through the old app."""
    done: tuple[str, ...]
    standing: tuple[Told, ...]
    """The old app's connection, after the new app came."""
    after: tuple[Told, ...]
    """A new connection through the new app."""

    @property
    def is_done(self) -> bool:
        """Whether the new app's client connects, and the old one's lives on."""
        return bool(self.after) and all(each.ok for each in (*self.after, *self.standing))


def migrate(wanted: Migration, files: Files, habits: Habits = SOUND) -> Migrated:
    """Deploy the new app beside the old one, in its order, and let a client of each live.

    Raises `BadInput` where the emulated org does not take the old app's files.
    """
    with ground_of(wanted.old, files, {}, habits) as ground:
        before = tuple(ground.client.connect())
        done: list[str] = []
        for number in range(len(PHASES)):
            parts = [fit(each, ground) for each in wanted.phase(number)]
            done += words_of(ground.say(apply.carry_out(ground.session, package(parts))))
        standing = tuple(ground.client.go_on()) if ground.client.held else ()
        after = tuple(client_of(ground, wanted.label, habits).connect())
    return Migrated(before, tuple(done), standing, after)
