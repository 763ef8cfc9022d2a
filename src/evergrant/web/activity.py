"""A connection's history as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from evergrant.catalog import Catalog
from evergrant.model import Event

KINDS: Final = {
    "connected": ("Connected", "ok"),
    "reauthorized": ("Reauthorized", "ok"),
    "renewed": ("New access token", "neutral"),
    "renewal sent": ("Asked for a new access token", "neutral"),
    "call succeeded": ("A call succeeded", "ok"),
    "refused": ("Refused", "error"),
    "state changed": ("State changed", "neutral"),
    "diagnosed": ("Diagnosed", "neutral"),
    "incident opened": ("Incident opened", "error"),
    "incident closed": ("Incident closed by proof", "ok"),
    "reauthorization begun": ("Reauthorization begun", "neutral"),
    "proofs": ("Proofs gathered", "ok"),
    "held": ("Put on hold", "warn"),
    "not revoked": ("A token out of use was not revoked", "warn"),
    "revoked": ("A token out of use was revoked after all", "ok"),
    "restored": ("Restored from a backup", "warn"),
    "reauthorization cancelled": ("Reauthorization cancelled", "neutral"),
    "needs": ("Looked at what the integration needs", "neutral"),
    "step confirmed": ("A person confirmed a step", "ok"),
    "sync succeeded": ("The integration synced", "ok"),
    "sync failed": ("The integration could not sync", "error"),
    "expiring soon": ("It works, and will end soon", "warn"),
    "sync overdue": ("A sync is overdue", "warn"),
    "missed window": ("Time in which nothing was synced", "warn"),
    "audited": ("The org was audited for the first time", "neutral"),
    "findings changed": ("An audit found that something changed", "warn"),
    "configured": ("Settings changed", "neutral"),
}
"""Kind of an event → how it is told, and its tone."""


def activity_of(events: Iterable[Event], catalog: Catalog) -> list[dict[str, Any]]:
    """The events for the macro `activity`, newest first as they come."""
    return [_told(event, catalog) for event in events]


def _told(event: Event, catalog: Catalog) -> dict[str, Any]:
    text, tone = KINDS.get(event.kind, (event.kind.capitalize(), "neutral"))
    return {"at": event.at, "text": text, "tone": tone, "detail": _detail(event, catalog)}


def _detail(event: Event, catalog: Catalog) -> str:
    """The other side's words; ids of causes become their titles."""
    cause = catalog.causes.get(event.text)
    return cause.title if cause else event.text.replace("login_history", "Login History")
