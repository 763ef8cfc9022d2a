"""Tenants: made and listed by whoever runs the service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from evergrant.errors import BadInput
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.store import integrations, tenants
from evergrant.store.flows import Flow
from evergrant.store.tenants import Tenant

LONGEST: Final = 30
_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST - 1}}}")


def add_tenant(keeper: Keeper, name: str) -> str:
    """Make a tenant; it has nothing yet.

    Raises `BadInput` for a name that is taken or is none.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} is no name of a tenant",
            why=f"It has small letters, digits and hyphens, at most {LONGEST}.",
            next_step="choose a name such as acme-eu",
            whose="you",
        )
    with keeper.writing() as tx:
        tenants.add(tx, name, keeper.clock.now())
        did(keeper, tx, "tenant made", text=name)
    return name


def all_tenants(keeper: Keeper) -> Sequence[Tenant]:
    """Every tenant that the keeper may see, and how much each has."""
    with keeper.reading() as tx:
        return tenants.every(tx)


def require_tenant(keeper: Keeper, name: str) -> Keeper:
    """The keeper of a tenant that is there.  Raises `NotFound`."""
    with keeper.reading() as tx:
        tenants.require(tx, name)
    return keeper.of(name)


def tenant_of_flow(keeper: Keeper, flow: Flow) -> str:
    """Whose a browser authorization is: that of its integration."""
    with keeper.reading() as tx:
        return integrations.get(tx, flow.integration).tenant
