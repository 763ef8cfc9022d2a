"""Pasted text of any kind → facts: answers, addresses, pages, logs, traces, statuses, prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from evergrant.catalog import Catalog, load
from evergrant.catalog.taught import MOST_WORDS, TELLING
from evergrant.evidence import hosts
from evergrant.evidence.mentioned import mentions_of
from evergrant.evidence.normalise import decoded, pieces, plain, prose, words
from evergrant.evidence.refusals import PAGE, TOKEN, Lexicon, lexicon, seen_in
from evergrant.evidence.story import told_beside
from evergrant.log import mask
from evergrant.model import Fact, Subject

MAX_LINES = 5_000
MAX_QUOTE = 300

_PAGE = re.compile(
    r"remoteaccesserrorpage|oauth_[a-z]+_[a-z_]+|error page|[?&#]error=|^\s*error=|"
    r"oauth2/authorize", re.I,
)  # fmt: skip
_SOAP = re.compile(r"login\(|loginfault|services/soap|sf:INVALID_LOGIN|INVALID_LOGIN|LOGIN_MUST|"
                   r"LOGIN_DURING|soap", re.I)  # fmt: skip
_TOKEN_FLOWS = frozenset({"refresh_token", "jwt_bearer", "client_credentials", "username_password"})
_MACHINE = re.compile(
    r"\s*(?:[<>*] |at\s+\S.*[(:]|File \"|Traceback|Caused by:|\w[\w-]*: \S+/\S+$|"
    r"HTTP/\d|(?:GET|POST|PUT|PATCH|DELETE|OPTIONS|HEAD) \S|"
    r"\w+(?:-\w+)+:|(?:Accept|Age|Allow|Authorization|Connection|Cookie|Date|Expires|Host|Location|"
    r"Pragma|Referer|Server|Vary|Via): |"
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b|"
    r"[{\[\"}\]]|\s{4,}\S.*[()=;]\s*$)"
)
"""How lines begin that a program wrote for programs: HTTP, headers, stack frames, logs, JSON.

Their words are no story, unless a person speaks in them too.
"""
_READ_IN_TEXT = ("network.failure", "client.complaint")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    raw: str
    plain: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is the same for every fact of one reading."""

    catalog: Catalog
    at: datetime | None

    def fact(
        self,
        name: str,
        value: str | bool,
        line: _Line | None = None,
        mark: Literal["seen", "derived", "inferred"] = "seen",
    ) -> Fact:
        kind = self.catalog.facts[name]
        # NOTE: a word of the vocabulary is ours; masking looks for many shapes.
        is_ours = not isinstance(value, str) or value in kind.background
        return Fact(
            name,
            value if is_ours else mask(str(value)),
            about=Subject(kind.about),
            source="text",
            observed_at=self.at,
            mark=mark,
            quote=_quote(line.raw) if line else "",
            line=line.number if line else None,
        )


def read(
    text: str | bytes,
    *,
    flow: str = "unknown",
    context: str = "",
    at: datetime | None = None,
) -> list[Fact]:
    """The facts in a text; never raises, and quotes nothing that could be a credential.

    `flow` is the client's flow where it is known, `context` what a person adds in prose.  Of
    several failures the first counts; the last is kept as `text.last_failure`.
    """
    catalog = load()
    reading = _Reading(catalog, at)
    lines = [
        _Line(number, piece, plain(piece))
        for number, raw in enumerate(_lines(decoded(text)), 1)
        for piece in pieces(raw)
    ]
    refusals = list(_refusals(lines, flow, reading))
    complaints = list(_mentioned(lines, _READ_IN_TEXT, reading))
    taken = {fact.line for fact in (*refusals, *complaints)}
    facts = _first_of_each(
        [
            *refusals,
            *complaints,
            *_flow(lines, flow, reading),
            *_hosts(lines, reading),
            *_prose(lines, taken, decoded(context), reading),
        ]
    )
    return [*facts, *_last_failure(refusals, reading), *_derived(facts, reading)]


def _lines(text: str) -> list[str]:
    # NOTE: logs and JSON often carry their line ends escaped; a line is what a person would see.
    return text.replace("\\r\\n", "\n").replace("\\n", "\n").splitlines()[:MAX_LINES]


def _quote(raw: str) -> str:
    masked = mask(raw.strip())
    return masked if len(masked) <= MAX_QUOTE else masked[: MAX_QUOTE - 1] + "…"


def _refusals(lines: Iterable[_Line], flow: str, reading: _Reading) -> Iterator[Fact]:
    known, lines = lexicon(reading.catalog), list(lines)
    channel, is_soap = _channel(lines, flow), _is_soap(lines, flow)
    for line in lines:
        if line.plain:
            yield from _in_line(line, known, channel, is_soap, reading)


def _in_line(
    line: _Line, known: Lexicon, channel: str, is_soap: bool, reading: _Reading
) -> Iterator[Fact]:
    for seen in seen_in(line.plain, known, channel=channel, is_soap=is_soap):
        yield reading.fact(seen.fact, seen.value, line)


def _channel(lines: Iterable[_Line], flow: str) -> str:
    """Whether shared words came from the token endpoint or from a page in a browser."""
    if flow in _TOKEN_FLOWS:
        return TOKEN
    return PAGE if any(_PAGE.search(line.plain) for line in lines) else TOKEN


def _is_soap(lines: Iterable[_Line], flow: str) -> bool:
    return flow == "soap_login" or (
        flow == "unknown" and any(_SOAP.search(line.plain) for line in lines)
    )


def _mentioned(lines: Iterable[_Line], names: tuple[str, ...], reading: _Reading) -> Iterator[Fact]:
    known = mentions_of(names, reading.catalog)
    for line in lines:
        for name, value in known.found_in(words(line.plain)):
            yield reading.fact(name, value, line)


def _flow(lines: list[_Line], flow: str, reading: _Reading) -> Iterator[Fact]:
    if flow and flow != "unknown":
        yield reading.fact("request.flow", flow)
        return
    said = words(" ".join(line.plain for line in lines))
    for name, value in mentions_of(("request.flow",), reading.catalog).found_in(said):
        yield reading.fact(name, value, mark="derived")
        return


def _hosts(lines: Iterable[_Line], reading: _Reading) -> Iterator[Fact]:
    for line in lines:
        for name, value in hosts.hosts_in(line.plain):
            yield reading.fact(name, value, line)


def _prose(
    lines: Iterable[_Line], taken: set[int | None], context: str, reading: _Reading
) -> Iterator[Fact]:
    """What people say around it: the context, lines without a word of Salesforce, and what is told
    beside one."""
    around = [_Line(0, context, plain(context[:4000]))] if context.strip() else []
    known = lexicon(reading.catalog)

    def is_machine(line: _Line) -> bool:
        return line.number in taken or bool(_MACHINE.match(line.raw))

    rest = [
        _Line(
            line.number,
            line.raw,
            told_beside(line.plain, known) if is_machine(line) else prose(line.plain),
        )
        for line in lines
    ]
    names = tuple(name for name in reading.catalog.facts if name.startswith("context."))
    for fact in _mentioned([*around, *rest], names, reading):
        is_context = fact.line == 0
        value = fact.value == "true" or str(fact.value)
        yield reading.fact(
            fact.name, value, _Line(fact.line or 0, fact.quote, "") if not is_context else None
        )
    yield from _told([*around, *rest], reading)


def _told(lines: Iterable[_Line], reading: _Reading) -> Iterator[Fact]:
    """The words that tellings taught something about; no other word of a text is kept."""
    said = (word for line in lines for word in words(line.plain).split())
    heard = " ".join(islice(reading.catalog.lessons.heard(said), MOST_WORDS))
    if heard:
        about = Subject(reading.catalog.facts[TELLING].about)
        yield Fact(TELLING, heard, about, "text", reading.at, mark="inferred")


def _first_of_each(facts: Iterable[Fact]) -> list[Fact]:
    first: dict[str, Fact] = {}
    for fact in facts:
        first.setdefault(fact.name, fact)
    return list(first.values())


def _last_failure(refusals: list[Fact], reading: _Reading) -> Iterator[Fact]:
    """The last word, where it says something else than the first of its kind."""
    for last in reversed(refusals):
        first = next(fact for fact in refusals if fact.name == last.name)
        if last.value != first.value and last.line is not None:
            yield reading.fact(
                "text.last_failure", str(last.value), _Line(last.line, last.quote, "")
            )
            return


def _derived(facts: Iterable[Fact], reading: _Reading) -> Iterator[Fact]:
    """A generic host and the kind of org that people speak of contradict each other."""
    there = {fact.name: fact for fact in facts}
    host = there.get("request.host")
    if host is None or "request.host_flaw" in there:
        return
    if host.value == "login" and "context.sandbox" in there:
        yield reading.fact("request.host_flaw", "production host for a sandbox", mark="derived")
