"""`keep-alive`: whether idle connections of an integration are refreshed ahead of their limit."""

from __future__ import annotations

import click

from evergrant.cli.output import say


@click.command("keep-alive")
@click.argument("integration")
@click.option("--idle-limit-days", default=30, help="after so many unused days the token dies")
@click.option("--ahead-days", default=7, help="refresh so many days before that")
@click.option("--used-within-days", default=90, help="only what was asked for within so many days")
@click.option("--off", is_flag=True, help="keep nothing alive")
def keep_alive(
    integration: str, idle_limit_days: int, ahead_days: int, used_within_days: int, off: bool
) -> None:
    """Refresh the idle connections of INTEGRATION ahead of the idle limit.

    Only those that an application asked for lately, and never a paused one.
    """
    from evergrant.keeper import open_keeper, set_keep_alive
    from evergrant.settings import load
    from evergrant.store.keep_alive import KeepAlive

    policy = None if off else KeepAlive(idle_limit_days, ahead_days, used_within_days)
    with open_keeper(load()) as keeper:
        set_keep_alive(keeper, integration, policy)
    after = idle_limit_days - ahead_days
    say("Nothing is kept alive." if off else f"Refreshed after {after} days without a refresh.")
