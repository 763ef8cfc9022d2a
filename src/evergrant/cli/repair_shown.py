"""How the repair commands show what was done, tried and proven, and how a client is described."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import columns

if TYPE_CHECKING:
    from evergrant.drills.replayed import Habits, Told
    from evergrant.org.deployment import Deployed
    from evergrant.repair.apply import Proof

MARKS = {True: "✓", False: "✗", None: "?"}
WAYS = ("web_server", "jwt_bearer", "client_credentials")
_CLIENT = (
    click.option("--flow", type=click.Choice(WAYS), default=WAYS[0], help="how the client comes"),
    click.option("--no-pkce", is_flag=True, help="the client sends no code challenge"),
    click.option("--no-secret", is_flag=True, help="the client sends no secret"),
    click.option("--keeps-old-token", is_flag=True, help="it does not store a new refresh token"),
    click.option("--address", default="", metavar="IP", help="where the client calls from"),
)


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a client behaves in a simulation."""
    for decorate in reversed(_CLIENT):
        command = decorate(command)
    return command


def habits_of(told: Mapping[str, Any]) -> Habits:
    """The client as the options describe it."""
    from evergrant.drills.replayed import Habits

    return Habits(
        told["flow"], not told["no_pkce"], not told["no_secret"], not told["keeps_old_token"],
        told["address"],
    )  # fmt: skip


def flow_lines(name: str, steps: Sequence[Told]) -> Iterator[str]:
    """A client's steps in a line, with the words of the refusal; nothing where there are none."""
    if steps:
        shown = ", ".join(f"{MARKS[each.ok]} {each.step}" for each in steps)
        words = next((each.words for each in steps if not each.ok), "")
        yield f"  {name}: {shown}{f' ({words})' if words else ''}"


def deployed_lines(deployed: Deployed) -> Iterator[str]:
    """What came of each component."""
    for each in deployed.components:
        problem = f": {each.problem}" if each.problem else ""
        yield f"{each.outcome}: {each.type} {each.name}{problem}"
    if deployed.error:
        yield deployed.error


def proof_lines(proofs: Iterable[Proof]) -> Iterator[str]:
    """Each proof in a line."""
    for each in proofs:
        yield f"  {MARKS[each.is_so]} {each.what}{f' (seen: {each.seen})' if each.seen else ''}"


def wrapped(lines: Iterable[str]) -> Iterator[str]:
    """Lines as wide as an answer may be; what is carried over stands two columns further in."""
    for each in lines:
        indent = " " * (len(each) - len(each.lstrip()) + 2)
        yield from textwrap.wrap(
            each,
            columns(),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
