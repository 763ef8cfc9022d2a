"""What was seen: sources of evidence, each a file that turns what it was given into facts.

`look_at_org` is imported when it is first used: explaining a pasted text needs no wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergrant.catalog.entries import Level
from evergrant.evidence.own_history import read as of_history
from evergrant.evidence.text import read as of_text
from evergrant.evidence.token_reply import read as of_failure

if TYPE_CHECKING:
    from evergrant.evidence.live_org import look as look_at_org


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
        EvidenceSource("token_reply", "the answer to our own request", "text", "a failed request"),
        EvidenceSource("own_history", "the connection's own history", "own", "a connection"),
        EvidenceSource("live_org", "the org itself", "admin", "an evidence session, read only"),
    )
}
"""Sources of facts, by the id that facts carry as `source`."""

__all__ = [
    "SOURCES",
    "EvidenceSource",
    "look_at_org",
    "of_failure",
    "of_history",
    "of_text",
]


def __getattr__(name: str) -> Any:
    if name != "look_at_org":
        raise AttributeError(name)
    from evergrant.evidence.live_org import look

    return look
