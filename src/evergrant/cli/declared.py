"""An integration file, taken in whole: the integration, what it needs, and its parts in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.cli.declared_parts import read_parts
from evergrant.cli.expectations import read_expectations
from evergrant.cli.integration import read_integration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Keeper
    from evergrant.model import Integration
    from evergrant.settings import Settings
    from evergrant.store.parts import Part


def parts_in(name: str) -> Sequence[Part]:
    """The parts that an integration file declares, in order.  Raises `BadInput`."""
    return read_parts(name, {each.name for each in read_expectations(name).steps})


def taken_in(keeper: Keeper, name: str, settings: Settings) -> Integration:
    """Save what an integration file says, in place of what was known.

    Raises `BadInput`, also for parts of which some connection holds a credential and that would go.
    """
    from evergrant.keeper import declare_parts, expect

    told, expected = read_integration(name, settings), read_expectations(name)
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, told)
    expect(keeper, told.id, expected)
    declare_parts(keeper, told.id, parts_in(name))
    return told
