"""`evergrant rotate`: an app's key and secret by staged credentials, connection by connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.cli.repaired import ORG_OPTIONS
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.keeper import Keeper
    from evergrant.keeper.secret_rotation import Turned
    from evergrant.model import Session

NOT_DONE = 1
OURS_ALONE = 0o600
QUESTIONS = {
    "stage": "Make a second key and secret in the org, beside the present ones?",
    "renew": "Renew every connection with the next secret, one first and then the others?",
    "promote": "Make the next key and secret the app's own?",
    "drop": "Delete the former key and secret in the org? Nobody can use them any more",
}
STEPS = tuple(QUESTIONS)


@click.command()
@click.argument("integration")
@ORG_OPTIONS[0]
@ORG_OPTIONS[1]
@click.option("--yes", is_flag=True, help="say yes to every step")
@click.option("--until", type=click.Choice(STEPS), default=STEPS[-1], help="stop after this step")
@click.option("--abandon", "gives_up", is_flag=True, help="delete the next secret instead")
@click.option("--secret-file", default="", metavar="FILE", help="write the new secret there, too")
@format_option
def rotate(
    integration: str, target_org: str, session: str, yes: bool, until: str, gives_up: bool,
    secret_file: str, form: Format,
) -> None:  # fmt: skip
    """Rotate the consumer key and secret of INTEGRATION, so that no connection is ever without.

    The org that owns its external client app is named by an admin's session. A second set is
    staged, every connection in use is renewed with it, it becomes the app's own, and the former set
    is deleted. Running it again goes on where it was. Ends with 0 when all that was asked for is
    done, else with 1.
    """
    from evergrant.cli.doctor import lent_session
    from evergrant.keeper import open_keeper
    from evergrant.settings import load

    lent = lent_session(target_org, session)
    if lent is None:
        raise BadInput(
            "the org that owns the app is not named",
            next_step="name it with --target-org ALIAS or --session FILE", whose="you",
        )  # fmt: skip
    if form is Format.JSON and not yes:
        raise BadInput("nobody can be asked in JSON", next_step="add --yes", whose="you")
    if secret_file and Path(secret_file).exists():
        raise BadInput(f"{secret_file} is there already", next_step="name a new file", whose="you")
    with open_keeper(load()) as keeper:
        course = _Course(keeper, integration, lent, say if form is Format.TEXT else _silent)
        now = course.give_up() if gives_up else course.go(until, yes=yes)
        if secret_file and course.is_through:
            course.write_secret(Path(secret_file))
        key = course.key()
    is_done = gives_up or course.is_through
    if form is Format.JSON:
        emit("rotation", {"done": is_done, "consumer_key": key, "rotation": now})
    elif is_done and not gives_up and now.next_step == "stage":
        say(f"Rotated. The consumer key is {key} now: put it and the secret where you keep them.")
    if not is_done:
        raise Exit(NOT_DONE)


def _silent(_text: str = "") -> None:
    """In place of words for people."""


class _Course:
    """A rotation step by step, as far as it was asked for and agreed to."""

    def __init__(
        self, keeper: Keeper, integration: str, session: Session, told: Callable[[str], None]
    ) -> None:
        self.keeper, self.integration = keeper, integration
        self.session, self.told = session, told
        self.is_through = False

    def go(self, until: str, *, yes: bool) -> Turned:
        """From where it stands to the step that was named; how far it has come then."""
        from evergrant.keeper.secret_rotation import how_far

        now, unproven = how_far(self.keeper, self.integration), 0
        for step in STEPS[STEPS.index(now.next_step) : STEPS.index(until) + 1]:
            if step == "drop" and unproven:
                self.told(f"The former secret stays: {unproven} connections were not renewed.")
                self.told("Look at them, and run it again to drop it.")
                return now
            if not (yes or click.confirm(QUESTIONS[step])):
                return now
            now = self._step(step)
            unproven = unproven or len(now.failed)
            self.told(_line(step, now))
            if step == "renew" and now.next_step == "renew":
                return now
        self.is_through = True
        return now

    def _step(self, step: str) -> Turned:
        from evergrant.keeper import secret_rotation as verbs

        with progress(f"{step.capitalize()}: {self.integration}"):
            if step == "renew":
                *_, now = verbs.renew_each(self.keeper, self.integration)
                return now
            does = {
                "stage": verbs.stage_next, "promote": verbs.promote_next, "drop": verbs.drop_former,
            }  # fmt: skip
            return does[step](self.keeper, self.integration, self.session)

    def give_up(self) -> Turned:
        """Delete the set that was staged."""
        from evergrant.keeper.secret_rotation import abandon

        now = abandon(self.keeper, self.integration, self.session)
        self.told("The next secret is deleted; the present one is still good.")
        return now

    def key(self) -> str:
        """The consumer key that clients send now."""
        with self.keeper.reading() as tx:
            return self.keeper.vault.integration(tx, self.integration).app.consumer_key

    def write_secret(self, path: Path) -> None:
        """Write the present secret into a new file for its owner's eyes; raises `BadInput`."""
        with self.keeper.reading() as tx:
            secret = self.keeper.vault.integration(tx, self.integration).app.consumer_secret
        try:
            with path.open("x") as made:
                path.chmod(OURS_ALONE)
                made.write(f"{secret.reveal() if secret else ''}\n")
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise BadInput(f"cannot write {path}", why=why, whose="you") from error


def _line(step: str, now: Turned) -> str:
    until = f", good until {now.until:%Y-%m-%d}" if now.until else ""
    lines = {
        "stage": f"A second key and secret stand beside the present ones{until}.",
        "renew": f"{now.renewed} of {now.connections} connections renewed with the next secret.",
        "promote": f"The next key and secret are the app's own; the former ones stay{until}.",
        "drop": "The former key and secret are deleted.",
    }
    return "\n".join([lines[step], *(f"  not renewed: {each}" for each in now.failed)])
