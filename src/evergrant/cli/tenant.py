"""`tenant`: whose everything is; made and listed by whoever runs the service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from evergrant.cli.output import Format, emit, format_option, say, table

VARIABLE = "EVERGRANT_TENANT"
TITLES = ("tenant", "integrations", "connections", "made (UTC)")


@contextmanager
def working_for(tenant: str) -> Iterator[None]:
    """Whatever is done in the block, also by processes that it starts, is for a tenant."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = tenant
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


@click.command()
@click.argument("name")
@format_option
def add(name: str, form: Format) -> None:
    """Make a tenant; it has nothing yet.

    NAME has small letters, digits and hyphens. Give it to other commands: evergrant --tenant NAME …
    """
    from evergrant.keeper import add_tenant, open_for_all
    from evergrant.settings import load

    with open_for_all(load()) as keeper:
        made = add_tenant(keeper, name)
    if form is Format.JSON:
        emit("tenant", {"name": made})
    else:
        say(f"Made. Sign somebody in to it with: evergrant --tenant {made} sign-in")


@click.command("list")
@format_option
def list_(form: Format) -> None:
    """List the tenants, and how much each has."""
    from evergrant.keeper import all_tenants, open_for_all
    from evergrant.settings import load

    with open_for_all(load()) as keeper:
        known = all_tenants(keeper)
    if form is Format.JSON:
        emit("tenants", {"tenants": known})
        return
    rows = [
        (each.name, str(each.integrations), str(each.connections),
         f"{each.made_at:%Y-%m-%d %H:%M}" if each.made_at else "with the database")
        for each in known
    ]  # fmt: skip
    table(TITLES, rows, {})


COMMANDS: tuple[click.Command, ...] = (add, list_)
