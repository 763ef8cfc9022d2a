"""Who did what: written in the transaction of the deed itself, so that neither is without it.

The faces say who acts (`log.acting_as`); what Evergrant does by itself is no deed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from evergrant.keeper.keeper import Keeper
from evergrant.log import acting
from evergrant.store import Tx, audit_log, connections
from evergrant.store.audit_log import Deed

BATCH = 500


def did(
    keeper: Keeper, tx: Tx, act: str, *, subject: str = "", text: str = "", tenant: str = ""
) -> None:
    """Write down that somebody did something, where the tenant of the subject reads it; nothing
    when nobody acts.

    What is done to the house itself stands in the log of the first tenant.
    """
    did_at(tx, keeper.clock.now(), act, subject=subject, text=text, tenant=tenant)


def did_at(
    tx: Tx, at: datetime, act: str, *, subject: str = "", text: str = "", tenant: str = ""
) -> None:
    """The same where no keeper is open."""
    if actor := acting():
        whose = tenant or (connections.tenant_of(tx, subject) if subject else "")
        audit_log.add(tx, at, actor, act, subject=subject, text=text, tenant=whose)


def deeds(keeper: Keeper, *, after: int = 0, since: datetime | None = None) -> Iterator[Deed]:
    """Every line of the audit log after one, and not before a moment, oldest first."""
    while True:
        with keeper.reading() as tx:
            found = audit_log.after(tx, after, since=since, limit=BATCH)
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1].seq


def latest_deeds(keeper: Keeper, *, before: int = 0, limit: int) -> Sequence[Deed]:
    """Lines of the audit log, newest first; those before one, when it is given."""
    with keeper.reading() as tx:
        return audit_log.before(tx, before, limit=limit)
