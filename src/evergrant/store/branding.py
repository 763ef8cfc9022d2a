"""Branding: how a vendor's customers see an integration on pages that are meant for them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import branding as table


@dataclass(frozen=True, slots=True)
class Branding:
    """A vendor's name, colours and logo; what is '' or None is ours."""

    integration: str
    name: str = ""
    accent: str = ""
    """`#rrggbb`: the one button of a page."""
    ground: str = ""
    """`#rrggbb`: the bar at the top."""
    logo_type: str = ""
    """Media type of the logo."""
    logo: bytes | None = field(default=None, repr=False)


def save(tx: Tx, brand: Branding) -> None:
    """Put a branding in the place of the one before."""
    values = {each.name: getattr(brand, each.name) for each in fields(brand)}
    mine = sa.update(table).where(table.c.integration == brand.integration)
    if not tx.execute(mine.values(values)).rowcount:
        tx.execute(sa.insert(table).values(values))


def of(tx: Tx, integration_id: str) -> Branding:
    """The branding of an integration; an empty one when nobody gave any."""
    row = tx.execute(sa.select(table).where(table.c.integration == integration_id)).one_or_none()
    return Branding(**row._mapping) if row else Branding(integration_id)
