"""What is known: kinds of facts, causes with signals and fixes, gates; data with sources."""

from evergrant.catalog.changes import Change, Patch
from evergrant.catalog.entries import (
    LIKELY,
    Catalog,
    Cause,
    Dispute,
    FactKind,
    Fix,
    Gate,
    Proof,
    Signal,
    Source,
    Term,
    Verify,
)
from evergrant.catalog.loader import load, read

__all__ = [
    "LIKELY",
    "Catalog",
    "Cause",
    "Change",
    "Dispute",
    "FactKind",
    "Fix",
    "Gate",
    "Patch",
    "Proof",
    "Signal",
    "Source",
    "Term",
    "Verify",
    "load",
    "read",
]
