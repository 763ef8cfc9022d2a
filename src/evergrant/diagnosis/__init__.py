"""Why is it broken: ranking, verdict, next check, explanation; judges facts, never fetches."""

from evergrant.diagnosis.missing import Missing
from evergrant.diagnosis.next_check import NextCheck
from evergrant.diagnosis.rank import NONE_PRIOR, posterior
from evergrant.diagnosis.verdict import Diagnosis, Ranked, Reason, diagnose

__all__ = [
    "NONE_PRIOR",
    "Diagnosis",
    "Missing",
    "NextCheck",
    "Ranked",
    "Reason",
    "diagnose",
    "posterior",
]
