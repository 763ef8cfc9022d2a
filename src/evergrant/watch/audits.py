"""Audits of connections' orgs when they are due: in a thread of their own, one at a time.

An audit asks an org much and takes its time; checks, renewals and notices never wait for it.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType
from uuid import uuid4

from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.keeper.org_audits import audit_due
from evergrant.keeper.record import AUDIT
from evergrant.log import logger
from evergrant.store import due
from evergrant.telemetry import span

EVERY_S = 5.0
"""Between two looks for what is due, where nothing was."""
AGAIN = timedelta(hours=1)
"""After an audit that told nothing."""

log = logger("watch")


def audit_next(keeper: Keeper, owner: str) -> bool:
    """Audit the org whose audit is longest overdue; whether one was due."""
    lease = timedelta(seconds=keeper.engine.rules.lease_s)
    row = keeper.engine.group.do(
        lambda tx: due.claim_next(tx, AUDIT, keeper.clock.now(), owner=owner, lease=lease)
    )
    if row is None:
        return False
    with keeper.engine.hands.heart.holding(row), span("audit") as seen:
        told = _told(keeper, row.connection)
        seen.labels["outcome"] = "told" if told else "not told"
    later = keeper.clock.now() + AGAIN
    if told:
        keeper.engine.group.do(lambda tx: due.done(tx, row))
    else:
        keeper.engine.group.do(lambda tx: due.postpone(tx, row, later))
    return True


def _told(keeper: Keeper, connection_id: str) -> bool:
    """Whether the audit came to an end, or there was nothing to look with."""
    try:
        audit_due(keeper, connection_id)
    except EvergrantError as error:
        log.warning("audit of %s: %s", connection_id, error.what)
    except Exception:
        # A defect that one org brings out must not keep the others from being audited.
        log.exception("audit of %s failed by a defect of Evergrant", connection_id)
    else:
        return True
    return False


class Audits:
    """The thread; use it as a context manager.  It does nothing where audits are switched off."""

    def __init__(self, keeper: Keeper, *, every_s: float = EVERY_S) -> None:
        self._keeper, self._every_s = keeper, every_s
        self._owner = f"audits-{uuid4().hex[:8]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="evergrant-audits", daemon=True)

    def _walk(self) -> None:
        while not self._stop.is_set():
            try:
                found = audit_next(self._keeper, self._owner)
            except Exception:  # the store is in trouble: the rows are still there afterwards
                log.exception("audits are interrupted")
                found = False
            if not found:
                self._stop.wait(self._every_s)

    def __enter__(self) -> Audits:
        if self._keeper.settings.audit_interval_s:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)
