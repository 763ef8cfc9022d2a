"""What was seen: sources of evidence, each a file that turns what it was given into facts.

What needs more than the catalog is imported when it is first used: explaining a pasted text needs
no wire, no key and no CSV.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from evergrant.catalog.entries import Level
from evergrant.evidence.own_history import read as of_history
from evergrant.evidence.text import read as of_text
from evergrant.evidence.token_reply import read as of_failure

if TYPE_CHECKING:
    from evergrant.evidence.gathered import Gathered, Wanted
    from evergrant.evidence.given.files import Evidence, of_documents, together
    from evergrant.evidence.live_org import knock
    from evergrant.evidence.live_org import look as look_at_org
    from evergrant.evidence.network import look as look_at_network
    from evergrant.evidence.requests.sent import read as of_request
    from evergrant.evidence.status_page import ask as ask_status_page


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """One place that facts come from."""

    id: str
    title: str
    """As it follows *from*."""
    level: Level
    """What one must have to use it."""
    needs: str


SOURCES: dict[str, EvidenceSource] = {
    source.id: source
    for source in (
        EvidenceSource(
            "text", "the text that was given", "text", "what a person saw or a log line"
        ),
        EvidenceSource("person", "what a person answered", "text", "somebody who can look"),
        EvidenceSource("token_reply", "the answer to our own request", "text", "a failed request"),
        EvidenceSource("own_history", "the connection's own history", "own", "a connection"),
        EvidenceSource("live_org", "the org itself", "admin", "an evidence session, read only"),
        EvidenceSource(
            "request", "the request that failed", "text", "a curl command or a HAR file"
        ),
        EvidenceSource("har", "a HAR file", "text", "what a browser or proxy recorded"),
        EvidenceSource("sf_output", "the Salesforce CLI's answer", "text", "sf … --json"),
        EvidenceSource("jwt", "the assertion", "own", "a JWT, with certificate or key if possible"),
        EvidenceSource("certificate", "certificate and key", "own", "PEM files"),
        EvidenceSource("network", "the way to Salesforce", "own", "to be on the client's machine"),
        EvidenceSource("status_page", "Salesforce's status page", "own", "a way to it"),
        EvidenceSource("login_history", "Login History", "admin", "its CSV download or a query"),
        EvidenceSource("event_log", "the event log", "admin", "EventLogFile Login or Logout, CSV"),
        EvidenceSource(
            "idp_events", "the Identity Provider Event Log", "admin", "its export or a query"
        ),
        EvidenceSource(
            "audit_trail", "the Setup Audit Trail", "admin", "its CSV download or a query"
        ),
        EvidenceSource("org_rows", "rows of the org", "admin", "the answer of a query"),
        EvidenceSource("metadata", "the org's metadata", "admin", "retrieved files or their zip"),
        EvidenceSource("timeline", "all of it by time", "text", "any source that knows times"),
    )
}
"""Sources of facts, by the id that facts carry as `source`."""

_LATER = {
    "Evidence": ("given.files", "Evidence"),
    "Gathered": ("gathered", "Gathered"),
    "Wanted": ("gathered", "Wanted"),
    "ask_status_page": ("status_page", "ask"),
    "knock": ("live_org", "knock"),
    "look_at_network": ("network", "look"),
    "look_at_org": ("live_org", "look"),
    "of_documents": ("given.files", "of_documents"),
    "of_pasted": ("given.files", "of_pasted"),
    "of_request": ("requests.sent", "read"),
    "together": ("given.files", "together"),
}
"""Name → module of this room and name there, imported when first used."""

__all__ = [
    "SOURCES",
    "Evidence",
    "EvidenceSource",
    "Gathered",
    "Wanted",
    "ask_status_page",
    "knock",
    "look_at_network",
    "look_at_org",
    "of_documents",
    "of_failure",
    "of_history",
    "of_pasted",
    "of_request",
    "of_text",
    "together",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(name)
    module, inner = _LATER[name]
    return getattr(import_module(f"evergrant.evidence.{module}"), inner)
