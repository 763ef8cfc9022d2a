"""Documents of any kind → one body of evidence: each recognised by content, read, and joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from evergrant.errors import BadInput
from evergrant.evidence import timeline
from evergrant.evidence.gathered import Gathered, Wanted, first_of_each
from evergrant.evidence.given.document import Document
from evergrant.evidence.given.kinds import Kind, kind_of
from evergrant.evidence.joined import joined
from evergrant.evidence.stale import without_stale
from evergrant.evidence.timeline import Timeline
from evergrant.model import Fact

Read = Callable[[Sequence[Document], Wanted], Gathered]
READERS: dict[Kind, str] = {
    "certificate": "requests.certificates",
    "metadata": "retrieved.reading",
    "jwt": "requests.tokens",
    "request": "requests.commands",
    "har": "requests.har",
    "sf_output": "sf_output",
    "login_history": "exports.login_history",
    "event_log": "exports.event_log",
    "idp_events": "exports.idp_events",
    "audit_trail": "exports.audit_trail",
    "org_rows": "exports.org_answers",
    "text": "log_stream",
    "bundle": "bundle_file",
}
"""Kind of document → module of this room with its `read`, in the order in which they are read;
a module is imported when there is something for it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that some documents show."""

    gathered: Gathered
    timeline: Timeline

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts, those of the timeline included."""
        return self.gathered.facts


def of_documents(
    documents: Sequence[Document], wanted: Wanted, *, known: Gathered | None = None
) -> Evidence:
    """Read documents and join them with what is known already (a history, a look at an org).

    Raises `BadInput` for a document that is binary.
    """
    by_kind: dict[Kind, list[Document]] = {}
    for document in documents:
        by_kind.setdefault(_kind(document), []).append(document)
    wanted = _with_keys(wanted, by_kind.get("certificate", ()))
    wanted = _with_time(wanted, by_kind.get("bundle", ()))
    parts = [_reader(kind)(by_kind[kind], wanted) for kind in READERS if kind in by_kind]
    return together((known or Gathered()).with_(*parts), wanted)


def of_pasted(text: str, wanted: Wanted) -> Evidence:
    """What somebody pasted, of whatever kind: an error, an export, a command, a HAR, a JWT.

    Raises `BadInput` for what is binary.
    """
    return of_documents([Document.of_text(text)], wanted)


def together(gathered: Gathered, wanted: Wanted) -> Evidence:
    """Evidence of several sources as one: its timeline, and the facts that only the whole shows."""
    line = timeline.of(gathered, wanted)
    fresh = timeline.facts_in(line, gathered)
    names = {each.name for each in fresh}
    kept = [each for each in gathered.facts if each.name not in names]
    whole = first_of_each(without_stale([*kept, *fresh]))
    return Evidence(replace(gathered, facts=(*whole, *joined(whole))), line)


def _kind(document: Document) -> Kind:
    kind = kind_of(document)
    if kind is None:
        raise BadInput(
            f"{document.name} is binary, not text",
            next_step="give the error text, or an export as CSV, JSON, HAR, XML or zip",
            whose="you",
        )
    return kind


def _reader(kind: Kind) -> Read:
    return import_module(f"evergrant.evidence.{READERS[kind]}").read  # type: ignore[no-any-return]


def _with_keys(wanted: Wanted, documents: Sequence[Document]) -> Wanted:
    """Certificates and keys are read first: an assertion is compared with them."""
    if not documents:
        return wanted
    from evergrant.evidence.requests.certificates import pems_in

    found = [pems_in(document.whole()[0]) for document in documents]
    return replace(
        wanted,
        certificates=(*wanted.certificates, *(pem for pems, _ in found for pem in pems)),
        keys=(*wanted.keys, *(key for _, keys in found for key in keys)),
    )


def _with_time(wanted: Wanted, documents: Sequence[Document]) -> Wanted:
    """A bundle is judged for the time that it was made for."""
    if not documents or wanted.at is not None:
        return wanted
    from evergrant.evidence.bundle_file import asked_at

    return replace(wanted, at=asked_at(documents[0]))
