"""From a failure to a signal: what may be concluded about the connection, and no more.

The judge ranks causes; what matters for the state is what helps.  So the posterior is summed by
remedy: a dozen causes that nobody can tell apart may still agree that only a new authorization
helps.  Below `ENOUGH` nothing is concluded: the connection is degraded, never declared dead.
"""

from __future__ import annotations

from evergrant.catalog import Catalog
from evergrant.diagnosis import Diagnosis
from evergrant.errors import Refused, WireError
from evergrant.health import Signal
from evergrant.keeper.renew import OWN

ENOUGH = 0.5

SIGNALS: dict[str, Signal] = {
    "reauthorize": Signal.CREDENTIAL_DEAD,
    "admin-change": Signal.REFUSED_BY_POLICY,
    "client-change": Signal.TROUBLED,
    "retry": Signal.TROUBLED,
    "wait": Signal.TROUBLED,
}


def signal_of(failure: Exception, diagnosis: Diagnosis, catalog: Catalog) -> Signal:
    """The signal that a failure amounts to."""
    if isinstance(failure, WireError):
        return Signal.TROUBLED
    if isinstance(failure, Refused) and failure.channel == OWN:
        # We refused it ourselves: there is nothing that could be sent to Salesforce.
        return Signal.CREDENTIAL_DEAD
    weight: dict[str, float] = {}
    for ranked in diagnosis.ranked:
        remedy = catalog.causes[ranked.cause].remedy
        weight[remedy] = weight.get(remedy, 0.0) + ranked.confidence
    best = max(weight, key=weight.__getitem__, default="wait")
    return SIGNALS[best] if weight.get(best, 0.0) >= ENOUGH else Signal.TROUBLED
