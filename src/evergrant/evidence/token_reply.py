"""A failure that a conversation ended with → facts: Salesforce's refusal, or the network's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from evergrant.catalog import Catalog, load
from evergrant.errors import EvergrantError, Malformed, NotSent, Refused, WireError
from evergrant.evidence.mentioned import mentions_of
from evergrant.evidence.normalise import words
from evergrant.log import mask
from evergrant.model import Fact, Subject, Value

SOURCE = "token_reply"
_ROOMS = {
    "json": ("token_reply", "description"),
    "form": ("token_reply", "description"),
    "xml": ("token_reply", "description"),
    "text": ("token_reply", "description"),
    "html": ("page", "description"),
    "redirect": ("page", "description"),
    "rest": ("api_reply", "message"),
    "soap": ("soap_reply", "message"),
}
"""Channel of a refusal → room of facts, and what its description is called there."""


def read(
    failure: EvergrantError, *, flow: str = "unknown", at: datetime | None = None
) -> list[Fact]:
    """The facts in a failure; `flow` is how the client came to Salesforce."""
    catalog = load()
    found = list(_facts(failure, catalog))
    if flow != "unknown":
        found.append(("request.flow", flow))
    return [_fact(name, value, failure, catalog, at) for name, value in found]


def _facts(failure: EvergrantError, catalog: Catalog) -> Iterator[tuple[str, Value]]:
    said = words(f"{failure.what} {failure.why}")
    if isinstance(failure, Refused):
        yield from _refused(failure)
        yield from mentions_of(("client.complaint",), catalog).found_in(said)
    elif isinstance(failure, (WireError, Malformed)):
        named = list(mentions_of(("network.failure",), catalog).found_in(said))
        yield from named[:1] or [("network.failure", _unnamed(failure))]


def _refused(failure: Refused) -> Iterator[tuple[str, Value]]:
    room, described = _ROOMS.get(failure.channel, ("", ""))
    if room and failure.error:
        yield f"{room}.error", mask(failure.error)
    if room and failure.description:
        yield f"{room}.{described}", mask(failure.description)


def _unnamed(failure: WireError | Malformed) -> str:
    if isinstance(failure, Malformed):
        return "html instead of json"
    return "not sent" if isinstance(failure, NotSent) else "timeout"


def _fact(
    name: str, value: Value, failure: EvergrantError, catalog: Catalog, at: datetime | None
) -> Fact:
    quote = "" if name == "request.flow" else mask(failure.what)[:300]
    about = Subject(catalog.facts[name].about)
    return Fact(name, value, about, SOURCE, observed_at=at, quote=quote)
