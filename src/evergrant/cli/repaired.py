"""What the repair commands are given: metadata, values, and an org to carry it out in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import harmless, progress
from evergrant.errors import BadInput, Refused

if TYPE_CHECKING:
    from evergrant.model import Session
    from evergrant.repair.draft import Draft
    from evergrant.repair.files import Files
    from evergrant.repair.model import Plan
    from evergrant.wire import Conversation


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line names."""

    paths: tuple[Path, ...]
    rules: tuple[str, ...] = ()
    app: str = ""
    values: Mapping[str, str] | None = None
    target_org: str = ""
    session: str = ""
    org: str = ""
    """A connection whose org it is; its own token where no admin's session is lent."""
    changes: tuple[str, ...] = ()
    """Single changes by id, as a step of a way out names one."""

    @property
    def given(self) -> Mapping[str, str]:
        """Values for placeholders."""
        return self.values or {}


ORG_OPTIONS = (
    click.option(
        "--target-org", default="", metavar="ALIAS",
        help="the org, with this login of the Salesforce CLI",
    ),
    click.option("--session", default="", metavar="FILE", help="or by an admin's session as JSON"),
)  # fmt: skip


def wishing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and options that say what to repair; handed over as `wish`."""

    @wraps(command)
    def wrapped(
        paths: tuple[str, ...], rule: tuple[str, ...], change: tuple[str, ...], app: str,
        values: tuple[str, ...], target_org: str, session: str, org: str, **more: Any,
    ) -> Any:  # fmt: skip
        named = tuple(map(Path, paths))
        given = dict(map(_pair, values))
        wish = Wish(named, rule, app, given, target_org, session, org, change)
        return command(wish, **more)

    made: Callable[..., Any] = wrapped
    for decorate in reversed(_OPTIONS):
        made = decorate(made)
    return made


_OPTIONS = (
    click.argument("paths", metavar="[PATH]...", nargs=-1),
    click.option("--rule", multiple=True, metavar="RULE", help="only this rule, by code or id"),
    click.option("--change", multiple=True, metavar="CHANGE", help="one change, by its id alone"),
    click.option("--app", default="", metavar="NAME", help="only this app, by name or label"),
    click.option(
        "--set", "values", multiple=True, metavar="NAME=VALUE",
        help="a value that the plan asks for; @FILE for what is in a file",
    ),
    click.option("--org", default="", metavar="CONNECTION", help="the org of this connection"),
    *ORG_OPTIONS,
)  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    from evergrant.repair.patches import MEANINGS

    name, mark, value = text.partition("=")
    if not mark or name not in MEANINGS:
        known = ", ".join(MEANINGS)
        raise BadInput(f"{text!r} sets nothing", next_step=f"NAME=VALUE, NAME one of {known}")
    if value.startswith("@"):
        from evergrant.cli.reading import read_text

        value = read_text(value[1:], give=f"give {MEANINGS[name]}")
    return name, value.strip()


def session_of(wish: Wish) -> Session | None:
    """The admin's session for the org, else the named connection's own; None without an org.

    Raises what getting the connection's token raises.
    """
    from evergrant.cli.doctor import lent_session

    found = lent_session(wish.target_org, wish.session)
    return _own_session(wish.org) if found is None and wish.org else found


def needed_session(wish: Wish) -> Session:
    """The session for the org; raises `BadInput` where no org is named, and as `session_of`."""
    found = session_of(wish)
    if found is None:
        raise BadInput(
            "this is done in an org, and none is named",
            next_step="name it with --org CONNECTION, --target-org ALIAS or --session FILE",
            whose="you",
        )
    return found


def _own_session(connection: str) -> Session:
    from evergrant.keeper import open_keeper
    from evergrant.keeper.audit import own_session
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        return own_session(keeper, connection)


def said(conversation: Conversation[Any], waiting: str) -> Any:
    """Hold a conversation with the org, and say what is being waited for."""
    from evergrant import wire
    from evergrant.clock import SystemClock

    with progress(waiting):
        return wire.run(conversation, clock=SystemClock())


def files_of(wish: Wish, session: Session | None) -> Files:
    """The metadata to stand on: the org's own where one is named, else what the paths hold."""
    from evergrant.repair.apply import org_files
    from evergrant.repair.files import Files, of_paths

    if session is None:
        return of_paths(wish.paths or (Path(),))
    profile = wish.given.get("profile", "")
    asked = org_files(session, [profile] if profile else [])
    try:
        return said(asked, "Retrieving the org's metadata")  # type: ignore[no-any-return]
    except Refused as error:
        # What is repaired in records needs no metadata.
        words = f"{error.error} {error.description}".strip()
        notice(f"the org's metadata is not to be had, and what needs it is left out: {words}")
        return Files(())


def notice(text: str) -> None:
    """Something to know, on standard error: what is asked for goes to standard output alone."""
    sys.stderr.write(f"{harmless(text)}\n")


def ready(plans: Sequence[Plan]) -> Sequence[Plan]:
    """The plans, all of them with every value filled in; raises `BadInput`."""
    for each in plans:
        if each.missing:
            wanted = " ".join(f"--set {name}=…" for name in each.missing)
            meant = "; ".join(f"{name}: {words}" for name, words in each.missing.items())
            raise BadInput(
                f"{each.problem.code} needs values", why=meant, next_step=f"add {wanted}"
            )
    return plans


def written(draft: Draft) -> Path:
    """The file of a draft, written; raises `BadInput` where it cannot be, or lies in a zip."""
    path = Path(draft.after.path)
    if not (draft.is_new or path.is_file()):
        raise BadInput(f"{path} lies in a zip", next_step="unpack it first", whose="you")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(draft.after.data)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(f"cannot write {path}", why=why, whose="you") from error
    return path
