"""`evergrant repair migrate`: a connected app's successor, written, tried, deployed beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.cli.repair_shown import (
    client_options,
    deployed_lines,
    flow_lines,
    habits_of,
    wrapped,
)
from evergrant.cli.repaired import ORG_OPTIONS, Wish, files_of, needed_session, said, session_of
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrant.drills.migrated import Migrated
    from evergrant.drills.replayed import Habits
    from evergrant.org.deployment import Deployed
    from evergrant.repair.files import Files
    from evergrant.repair.migrate import Migration

NOT_DONE = 1
STEPS = (
    "Deploy the app and its settings, then its policies: two deployments, in this order",
    "Read consumer key and secret in Setup > External Client App Manager, and give them to the"
    " client",
    "Authorize every connection again with the new key, one after the other; the old app stays",
    "Verify: a Success row of the new label in Login History, and no call of the old one any more",
    "Only then block the old app, wait, and delete it",
)


@click.command(name="migrate")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--app", default="", metavar="NAME", help="the connected app, by name or label")
@click.option("--name", default="", help="API name of the new app (the old one with _ECA)")
@click.option("--label", default="", help="label of the new app (the old one with ECA)")
@click.option("--output", default="", metavar="FOLDER", help="write the new app's files there")
@click.option("--simulate", is_flag=True, help="try it in an emulated org, with a client of each")
@click.option("--deploy", is_flag=True, help="deploy the new app beside the old one")
@click.option("--yes", is_flag=True, help="say yes")
@click.option("--backup", default=".", metavar="FOLDER", help="where the way back is kept")
@client_options
@ORG_OPTIONS[0]
@ORG_OPTIONS[1]
@format_option
def migrate(
    paths: tuple[str, ...], app: str, name: str, label: str, output: str, simulate: bool,
    deploy: bool, yes: bool, backup: str, target_org: str, session: str, form: Format,
    **habits: object,
) -> None:  # fmt: skip
    """Make an external client app of a connected app, and say what cannot be carried over.

    Both stand side by side until the new one is verified. Ends with 0 when what was asked for was
    done, with 1 when the simulation or the deployment failed.
    """
    from evergrant.repair.migrate import migration

    wish = Wish(tuple(map(Path, paths)), target_org=target_org, session=session)
    files = files_of(wish, needed_session(wish) if deploy else session_of(wish))
    made = migration(files.app(app, "connected app"), name, label)
    if form is Format.JSON and deploy and not yes:
        raise BadInput("nobody can be asked in JSON", next_step="add --yes", whose="you")
    told = Telling(made, say if form is Format.TEXT else _silent)
    if output:
        told.write(Path(output))
    if simulate:
        told.simulate(files, habits_of(habits))
    if deploy and told.is_good:
        told.deploy(wish, files, Path(backup), yes=yes)
    if form is Format.JSON:
        emit("repair-migration", told.data())
    if not told.is_good:
        raise Exit(NOT_DONE)


def _silent(_text: str = "") -> None:
    """In place of words for people."""


def _told(made: Migration) -> Iterator[str]:
    yield f"{made.old.name} becomes {made.name}, labeled {made.label}:"
    for each in made.files:
        yield f"  {each.kind.type} {each.name}"
    yield "What cannot be carried over:"
    yield from (f"  {each}" for each in made.stays)
    if made.notes:
        yield "To be known:"
        yield from (f"  {each}" for each in made.notes)
    yield "In this order:"
    yield from (f"  {number}. {each}" for number, each in enumerate(STEPS, start=1))


class Telling:
    """A migration step by step, told as it goes."""

    def __init__(self, made: Migration, say: Callable[[str], None]) -> None:
        self.made, self.say = made, say
        self.written: list[str] = []
        self.seen: Migrated | None = None
        self.deployed: list[Deployed] = []
        self.back = ""
        self.is_good = True
        self.say("\n".join(wrapped(_told(made))))

    def data(self) -> dict[str, Any]:
        """All of it for programs."""
        made = self.made
        names = [{"type": e.kind.type, "name": e.name, "path": e.path} for e in made.files]
        return {
            "app": made.old.name, "name": made.name, "label": made.label, "components": names,
            "stays": made.stays, "notes": made.notes, "order": STEPS, "written": self.written,
            "simulated": self.seen, "deployed": self.deployed,
            "backup": self.back, "done": self.is_good,
        }  # fmt: skip

    def write(self, folder: Path) -> None:
        """NOTE: what is there already is never written over: somebody may have changed it."""
        wanted = {folder / each.path: each.data for each in self.made.files}
        if there := [path for path in wanted if path.exists()]:
            raise BadInput(f"{there[0]} is there already", next_step="name another folder")
        try:
            for path, data in wanted.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                self.written.append(str(path))
                self.say(f"written: {path}")
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise BadInput(f"cannot write into {folder}", why=why, whose="you") from error

    def simulate(self, files: Files, habits: Habits) -> None:
        """Try it in an emulated org."""
        from evergrant.drills.migrated import migrate as tried

        with progress(f"Simulating the migration of {self.made.old.name}"):
            self.seen = seen = tried(self.made, files, habits)
        self.is_good = seen.is_done
        self.say(f"In an emulated org: {'both clients live' if seen.is_done else 'NOT migrated'}")
        for name, steps in (
            ("a new connection before", seen.before),
            ("the old app's connection afterwards", seen.standing),
            ("a connection of the new app", seen.after),
        ):
            for line in flow_lines(name, steps):
                self.say(line)

    def deploy(self, wish: Wish, files: Files, backup: Path, *, yes: bool) -> None:
        """Deploy the new app beside the old one, in its two phases."""
        from evergrant.cli.repair_back import keep_way_back
        from evergrant.repair.apply import carry_out, way_back
        from evergrant.repair.files import package
        from evergrant.repair.migrate import PHASES

        lent, made = needed_session(wish), self.made
        question = f"Deploy {made.name} beside {made.old.name}?"
        self.is_good = yes or click.confirm(question)
        if self.is_good:
            back = way_back([(each.kind.type, each.name) for each in made.files], files)
            self.back = str(keep_way_back(backup, f"migrate-{made.name}", back, self.say))
        for number in range(len(PHASES)):
            if self.is_good:
                done = said(carry_out(lent, package(made.phase(number))), "Deploying")
                self.deployed.append(done)
                self.is_good = done.is_done
                for line in deployed_lines(done):
                    self.say(line)
