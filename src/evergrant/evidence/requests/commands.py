"""Requests that were pasted as curl commands, with the answer that stands behind them."""

from __future__ import annotations

from collections.abc import Sequence

from evergrant.evidence import log_stream
from evergrant.evidence.gathered import Gathered, Reading, Wanted
from evergrant.evidence.given.document import Document
from evergrant.evidence.requests import sent
from evergrant.evidence.requests.curl import sent_in


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The facts in each command, and those of the text around it."""
    whole = log_stream.read(documents, wanted)
    for document in documents:
        request = sent_in(document.begin)
        if request is None:
            continue
        reading = Reading(sent.SOURCE, document.name, 1, "requests")
        found = tuple(sent.read(request, wanted))
        whole = Gathered(found, readings=(reading,)).with_(whole)
    return whole
