"""`keep-alive`: whether idle connections of an integration are refreshed ahead of their limit."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from evergrant.cli.output import Format, emit, format_option, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.store.keep_alive import KeepAlive

_DAYS = click.IntRange(min=1)


@click.command("keep-alive")
@click.argument("integration")
@click.option(
    "--idle-limit-days",
    type=_DAYS,
    help="after so many unused days the token dies; 30 where no policy says else",
)
@click.option("--ahead-days", type=_DAYS, help="refresh so many days before that; 7")
@click.option(
    "--used-within-days", type=_DAYS, help="only what was asked for within so many days; 90"
)
@click.option(
    "--on/--off",
    "is_on",
    default=None,
    help="keep alive by the policy there is, or the usual one; keep nothing alive",
)
@format_option
def keep_alive(integration: str, is_on: bool | None, form: Format, **days: int | None) -> None:
    """Show whether idle connections of INTEGRATION are refreshed ahead of the idle limit.

    With an option, change that of the policy and leave the rest as it is. Only what an application
    asked for lately is refreshed, and never a paused connection.
    """
    from evergrant.keeper import keep_alive_policy, open_keeper, set_keep_alive
    from evergrant.settings import load

    wanted = {name: each for name, each in days.items() if each is not None}
    if is_on is False and wanted:
        raise BadInput("a policy that is off has no days", next_step="leave out --off", whose="you")
    with open_keeper(load()) as keeper:
        before = now = keep_alive_policy(keeper, integration)
        if is_on is not None or wanted:
            now = None if is_on is False else _changed(before, wanted)
            set_keep_alive(keeper, integration, now)
    if form is Format.JSON:
        emit("keep-alive", {"integration": integration, "policy": now, "before": before})
    else:
        say("\n".join(_lines(now, before)))


def _changed(before: KeepAlive | None, wanted: dict[str, int]) -> KeepAlive:
    from evergrant.store.keep_alive import KeepAlive

    return KeepAlive(**(asdict(before or KeepAlive()) | wanted))


def _lines(now: KeepAlive | None, before: KeepAlive | None) -> list[str]:
    from evergrant.keeper.keep_alive import in_words

    told = [_sentence(in_words(now))]
    return told if now == before else [*told, f"Before: {in_words(before)}."]


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
