"""`evergrant demo`: the whole loop, played; then service and emulator stay up to be tried."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, hush, progress, say
from evergrant.cli.serve import PORT, need_server_extra, until_stopped
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from fastapi import FastAPI

    from evergrant.api.app import Face
    from evergrant.drills.control import Control
    from evergrant.drills.demo import Story
    from evergrant.keeper import Keeper

NOT_PROVEN = 1
FOLDER = click.Path(path_type=Path)


@dataclass(slots=True)
class Told:
    """The story as it is told: lines as they come, or kept for JSON."""

    form: Format
    lines: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, title: str, text: str) -> None:
        self.lines.append({"title": title, "text": text})
        if self.form is Format.JSON:
            return
        if "\n" in text:
            say(textwrap.indent(text, "    "))
            return
        say(
            textwrap.fill(
                text,
                79,
                initial_indent=f"  {title:12} ",
                subsequent_indent=" " * 15,
                break_on_hyphens=False,
            )
        )
        sys.stdout.flush()


@click.command()
@click.option("--headless", is_flag=True, help="play, and end with the result")
@click.option("--against", default="", metavar="URL", help="an emulator that runs apart")
@click.option("--control", default="", metavar="URL", help="its control address")
@click.option("--skip-fix", is_flag=True, help="leave the app blocked; ends with 1")
@click.option("--port", type=PORT, default=0, help="port of the service; a free one if left out")
@click.option(
    "--data-dir", type=FOLDER, default=None, help="data folder; a temporary one if left out"
)
@format_option
def demo(
    headless: bool,
    against: str,
    control: str,
    skip_fix: bool,
    port: int,
    data_dir: Path | None,
    form: Format,
) -> None:
    """Play the main job against an emulated org.

    Connect, break, notice, say why, fix, reauthorize in place, prove. Ends with 0 only if
    identity, call and Login History row were proven, else with 1. Without --headless, service
    and org then stay up to be tried until Ctrl-C; JSON implies --headless.
    """
    need_server_extra()
    if bool(against) != bool(control):
        raise BadInput(
            "--against and --control belong together",
            next_step="give both addresses that `evergrant emulator serve` printed, or neither",
            whose="you",
        )
    told = Told(form)
    hush()
    if form is Format.TEXT:
        say("Evergrant's demo. The org is an emulator; nothing here is Salesforce.\n")
    with _staged(told, against, control, port, data_dir) as story:
        proven = story.play(skip_fix=skip_fix)
        if form is Format.JSON:
            emit("demo", {"proven": proven, "story": told.lines})
        else:
            say("\nProven." if proven else "\nNot proven.")
            if not headless:
                _leave_running(story)
    if not proven:
        raise Exit(NOT_PROVEN)


@contextmanager
def _staged(
    told: Told, against: str, control: str, port: int, data_dir: Path | None
) -> Iterator[Story]:
    """Emulator (unless one runs apart), service and story, from first to last."""
    from evergrant.api.service import serving
    from evergrant.cli.service import Service
    from evergrant.drills.control import Control
    from evergrant.drills.demo import ADMINS, Story
    from evergrant.drills.stage import Stage
    from evergrant.emulator.server import Emulator
    from evergrant.settings import Settings

    with ExitStack() as held:
        with progress("Starting an emulated org and the service"):
            if not against:
                org = held.enter_context(Emulator())
                against, control = org.url, org.control_url
            if data_dir is None:
                made = held.enter_context(TemporaryDirectory(prefix="evergrant-demo-"))
                data_dir = Path(made) / "data"
            steering = Control(control)
            held.callback(steering.close)
            # Whatever is chosen in the console, nobody is led out of the demo.
            settings = Settings(
                data_dir=data_dir, login_host_production=against, login_host_sandbox=against,
                evidence_integration=ADMINS,
            )  # fmt: skip
            face = _console(steering, against)
            up = held.enter_context(
                serving(settings, "127.0.0.1", port, clock=steering.clock, faces=(face,))
            )
        stage = Stage(steering, up.keeper, against)
        yield Story(stage, Service(up.keeper.settings), told)


def _console(steering: Control, org: str) -> Face:
    """The console, with the menu that breaks the emulated org."""
    from evergrant.drills.breaks import Breaks
    from evergrant.drills.stage import Stage
    from evergrant.web import mount

    def face(app: FastAPI, keeper: Keeper) -> None:
        mount(app, keeper, rehearsal=Breaks(Stage(steering, keeper, org)))

    return face


def _leave_running(story: Story) -> None:
    from evergrant.keeper import invite

    keeper, stage = story.keeper, story.stage
    person = stage.person()
    say(
        f"""
Sign in to the console (good once, for ten minutes; another: evergrant sign-in):
  {invite(keeper).reveal()}

Still running:  service {keeper.settings.public_url}   org {stage.url}
                control {stage.control.url}
In another terminal, try:
  export EVERGRANT_DATA_DIR={keeper.settings.data_dir}
  evergrant status
  curl -X POST {stage.control.url}/scenario/demo -d '{{"phase": "break"}}'
  evergrant check
  evergrant diagnose --connection "Acme Manufacturing"
  curl -s '{stage.control.url}/session?user=admin' | \\
    evergrant diagnose --connection "Acme Manufacturing" --session -
  curl -X POST {stage.control.url}/scenario/demo -d '{{"phase": "heal"}}'
  evergrant reauthorize "Acme Manufacturing"
    (sign in as {person.username}; its password: curl -s {stage.control.url}/world)
  evergrant drill --all
Press Ctrl-C to stop."""
    )
    sys.stdout.flush()
    until_stopped()
