"""Org audits: what the audits of a connection's org have found so far, and what they could not see.

One row a connection: what stands.  What came and what went are events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import org_audit as table
from evergrant.store.upsert import put

Eyes = Literal["", "own", "lent"]
"""Whose session looked: the connection's own, or an evidence session that an admin lent."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding that stands."""

    rule: str
    """Id of the rule."""
    subject: str
    """Kind of what it is about (`app`, `grant`, `org`)."""
    about: str
    """What it is about, by name."""
    app: str
    """Label of the app concerned; '' where none is."""
    app_kind: str
    """`connected app`, `external client app`, or ''."""
    severity: str
    message: str
    since: datetime
    """When an audit found it first."""
    seen: datetime
    """When an audit found it last; later audits may not have been allowed to look."""

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same finding tomorrow."""
        return self.rule, self.subject, self.about


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the session may not see: a permission that it lacks, and what that hides."""

    what: str
    hides: str = ""


@dataclass(frozen=True, slots=True)
class OrgAudit:
    """What is known of one connection's org."""

    connection: str
    tried_at: datetime
    """When an audit was last tried."""
    at: datetime | None = None
    """When one last came to its end; None where none ever did."""
    eyes: Eyes = ""
    found: tuple[Found, ...] = ()
    """Worst first."""
    left_out: int = 0
    """Findings beyond those that are kept."""
    hidden: tuple[Hidden, ...] = ()
    unjudged: int = 0
    """Rules that nothing in sight could decide."""
    trouble: str = ""
    """Why the last try came to nothing; '' when it did not."""


def of(tx: Tx, connection_id: str) -> OrgAudit | None:
    """What stands; None where no audit was ever tried."""
    row = tx.execute(sa.select(table).where(table.c.connection == connection_id)).one_or_none()
    if row is None:
        return None
    told = dict(row._mapping)
    told["found"] = tuple(_found(each) for each in row.found)
    told["hidden"] = tuple(Hidden(**each) for each in row.hidden)
    return OrgAudit(**told)


def keep(tx: Tx, known: OrgAudit) -> None:
    """Put what is known in place of what was."""
    values = {
        "tried_at": known.tried_at,
        "at": known.at,
        "eyes": known.eyes,
        "found": _plain(known.found),
        "left_out": known.left_out,
        "hidden": [asdict(each) for each in known.hidden],
        "unjudged": known.unjudged,
        "trouble": known.trouble,
    }
    put(tx, table, {"connection": known.connection}, new=values, changed=values)


def _plain(found: Sequence[Found]) -> list[dict[str, object]]:
    return [asdict(each) for each in found]


def _found(told: dict[str, str]) -> Found:
    since, seen = (datetime.fromisoformat(told[name]) for name in ("since", "seen"))
    return Found(**{**told, "since": since, "seen": seen})  # type: ignore[arg-type]
