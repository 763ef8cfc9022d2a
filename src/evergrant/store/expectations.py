"""Expectations: what an integration needs of an org, and what it does once it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import expectation as table

_TOLD = "told_of"
"""What was told of an integration last, beside what it expects."""
Kind = Literal["permission", "permission set", "page", "object", "field"]
Access = Literal["", "read", "create", "edit", "delete"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the integration's user must have in the org."""

    kind: Kind
    name: str
    """API name: `ApiEnabled`, `Orbit_Setup_User`, `Lead`, `Lead.Email`."""
    access: Access = ""
    """What must be allowed with an object or a field; empty for the other kinds."""
    why: str = ""
    """What the integration does with it."""
    is_optional: bool = False
    """Whether the integration works without it, only less well."""


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does inside the org, besides the sign-in; evidence shows that it was done."""

    name: str
    do: str
    where: str = ""
    """Setup path, or the package's own page."""
    link: str = ""
    """Suffix under the org's address."""
    who: str = "Salesforce admin"
    evidence: str = ""
    """`NamedCredential Orbit_Cloud`: an object of `org.needs.COMPONENTS` and a developer name;
    empty where only a person can say."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Everything that one integration expects."""

    requires: tuple[Requirement, ...] = ()
    steps: tuple[Step, ...] = ()
    sync_every_min: int = 0
    """Minutes between two syncs; 0: not said."""
    proved_by_sync: bool = False
    """Whether an incident stays open until the next sync succeeded."""
    backfill_days: int = 0
    """Days that the first sync looks back for what was missed; 0: not said."""
    certificate_ends: str = ""
    """Day on which the certificate ends that assertions are checked by, as ISO 8601."""
    label_note: str = ""
    """Why the app's name may be unfamiliar to the customer."""
    support_hours: str = ""
    """When the support contact answers, in the vendor's words."""


def of(tx: Tx, integration: str) -> Expectations:
    """What an integration expects; nothing where nobody said."""
    row = tx.execute(sa.select(table.c.told).where(table.c.integration == integration))
    return _read(row.scalar_one_or_none() or {})


def keep(tx: Tx, integration: str, told: Expectations) -> None:
    """Put an integration's expectations in place of those before."""
    tx.execute(sa.delete(table).where(table.c.integration == integration))
    tx.execute(sa.insert(table).values(integration=integration, told=asdict(told)))


def is_news(tx: Tx, integration: str, what: str) -> bool:
    """Whether this was not told of an integration yet; from now on it was.

    One such thing is remembered, until what it expects is said anew.
    """
    mine = table.c.integration == integration
    row = tx.execute(sa.select(table.c.told).where(mine).with_for_update()).scalar_one_or_none()
    if row is None or row.get(_TOLD) == what:
        return False
    tx.execute(sa.update(table).where(mine).values(told={**row, _TOLD: what}))
    return True


def _read(row: Mapping[str, Any]) -> Expectations:
    told = {name: each for name, each in row.items() if name != _TOLD}
    lists = {
        "requires": tuple(Requirement(**each) for each in told.get("requires", ())),
        "steps": tuple(Step(**each) for each in told.get("steps", ())),
    }
    return Expectations(**{**told, **lists})
