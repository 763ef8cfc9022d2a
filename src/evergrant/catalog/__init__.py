"""What is known: kinds of facts, causes with signals and fixes, gates; data with sources."""

from evergrant.catalog.entries import (
    LIKELY,
    Catalog,
    Cause,
    FactKind,
    Fix,
    Gate,
    Proof,
    Signal,
    Source,
    Term,
    Verify,
)
from evergrant.catalog.loader import load

__all__ = [
    "LIKELY",
    "Catalog",
    "Cause",
    "FactKind",
    "Fix",
    "Gate",
    "Proof",
    "Signal",
    "Source",
    "Term",
    "Verify",
    "load",
]
