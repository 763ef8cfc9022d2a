"""Taking in that a renewal or a call failed, unless it speaks of a credential out of use."""

from __future__ import annotations

from evergrant.errors import EvergrantError
from evergrant.keeper.engine import Failed, kind_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import Observed, observe
from evergrant.keeper.parts import part_of
from evergrant.keeper.renew import wire_flow
from evergrant.model import Connection, FlowId, Integration
from evergrant.store import Tx
from evergrant.store.parts import MAIN
from evergrant.vault import Kept

RENEWING = "renewal"


class Overtaken(Exception):
    """The credential at hand is no longer the one in use: whoever holds it looks again."""


def take_failure(
    keeper: Keeper, connection: Connection, failed: Failed, *, doing: str, part: str = MAIN
) -> Observed:
    """Take in that a renewal failed.  Raises `Overtaken` when it speaks of what is not in use."""
    with keeper.reading() as tx:
        integration = integration_as(keeper, tx, connection, part)
    flow = wire_flow(integration, failed.used)
    return taken(keeper, connection, failed.failure, flow, doing, failed.used, part)


def taken(
    keeper: Keeper,
    connection: Connection,
    failure: EvergrantError,
    flow: FlowId,
    doing: str,
    used: Kept | None,
    part: str,
) -> Observed:
    """Take in a failure, unless it speaks of a credential that is no longer the one in use."""
    with keeper.reading() as tx:
        live = keeper.vault.live(tx, connection.id, part)
    if _version(live) != _version(used):
        raise Overtaken
    of_refresh, trail = flow == "refresh_token", {}
    if of_refresh and used and used.credential.refresh_token:
        trail["spent"] = used.credential.refresh_token.fingerprint
    if doing == RENEWING:
        kind = kind_of(failure, of_refresh_token=of_refresh)
        trail |= {"means": kind.id, "retry": kind.retry, "whose": kind.audience}
    return observe(keeper, connection.id, failure, flow=flow, doing=doing, trail=trail, part=part)


def _version(kept: Kept | None) -> tuple[str, int] | None:
    return (kept.id, kept.generation) if kept else None


def integration_as(keeper: Keeper, tx: Tx, connection: Connection, part: str) -> Integration:
    """The integration as one part authorizes with it."""
    whole = keeper.vault.integration(tx, connection.integration)
    return part_of(tx, connection, part).part.view(whole)
