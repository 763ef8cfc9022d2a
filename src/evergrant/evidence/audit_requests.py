"""Requests that a client was seen to send → rows that an audit compares with its app.

Nothing of a credential is kept: of a code challenge only that it was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evergrant.evidence.given.document import Document
from evergrant.evidence.requests import curl, har
from evergrant.evidence.requests.outgoing import Sent

KEPT = ("client_id", "redirect_uri", "response_type", "grant_type", "code_challenge")
"""Parameters that say which app is meant, and how the client asks."""


def requests_in(documents: Iterable[Document]) -> tuple[Mapping[str, str], ...]:
    """The requests of HAR files and of texts with a command a paragraph, as rows."""
    return tuple(row for document in documents for row in _rows(document))


def _rows(document: Document) -> Iterator[Mapping[str, str]]:
    found = har.sent_in(document) or _commands(document)
    for sent in found:
        fields = sent.fields()
        row = {name: fields[name] for name in KEPT if fields.get(name)}
        if {"response_type", "grant_type"} & row.keys():
            yield {**row, **({"code_challenge": "there"} if "code_challenge" in row else {})}


def _commands(document: Document) -> list[Sent]:
    paragraphs = document.text()[0].replace("\r\n", "\n").split("\n\n")
    return [sent for each in paragraphs if (sent := curl.sent_in(each)) is not None]
