"""What a person says in one line with Salesforce's words: *since Monday we get invalid_grant*."""

from __future__ import annotations

import re

from evergrant.evidence.normalise import prose, words
from evergrant.evidence.refusals import Lexicon

TOLD_BY = frozenset({
    "i", "we", "our", "my", "us", "me", "but", "since", "works", "worked", "same", "only", "still",
    "yesterday", "again", "customers", "now", "because", "tried", "nothing", "every", "after",
})  # fmt: skip
"""Words of people who tell, which programs do not use."""
LEAST = 2
"""Different ones of them in a line that somebody tells."""

_QUOTED = re.compile(r'\{[^{}]*\}|"[^"]*"')


def told_beside(line: str, known: Lexicon) -> str:
    """The words of a plain line without Salesforce's own; empty where only a program speaks."""
    rest = _QUOTED.sub(" ", prose(line)).lower()
    if len(TOLD_BY.intersection(words(rest).split())) < LEAST:
        return ""
    for phrase, _, _ in known.phrases:
        rest = rest.replace(phrase, " ")
    return rest
