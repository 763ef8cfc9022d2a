"""A HAR file, as a browser or a proxy saves it: requests that failed, their answers, the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from evergrant.evidence import text
from evergrant.evidence.exports.times import read_time
from evergrant.evidence.gathered import Gathered, Moment, Reading, Wanted, fact, short
from evergrant.evidence.given.document import Document
from evergrant.evidence.given.json_parts import documents_in, members_of
from evergrant.evidence.requests import sent
from evergrant.evidence.requests.outgoing import Sent
from evergrant.model import Fact

SOURCE = "har"
MAX_BODY = 200_000
MOST_FAILURES = 20
SKEW_S = 60
"""Below this a difference of clocks is the time on the way."""


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The first failure among the requests to Salesforce, and how far the clocks are apart."""
    whole = Gathered()
    for document in documents:
        whole = whole.with_(_one(document, wanted))
    return whole


def sent_in(document: Document) -> list[Sent]:
    """Every request to Salesforce's OAuth that a file holds, whether it failed or not."""
    entries, _ = _entries(document.text()[0])
    return [_sent(each) for each in entries if _is_of_interest(each)]


def _one(document: Document, wanted: Wanted) -> Gathered:
    source, is_cut = document.text()
    entries, broken = _entries(source)
    mine = [each for each in entries if _is_of_interest(each)]
    failed = [each for each in mine if _is_failure(each)]
    facts = [*_clock(mine), *_told(_first(failed, wanted), wanted)]
    notes: tuple[str, ...] = (
        f"{len(entries) - len(mine)} entries have nothing to do with Salesforce's OAuth",
    )
    if is_cut:
        notes = (*notes, "its end was left out for length")
    reading = Reading(SOURCE, document.name, len(mine), "entries", broken, notes)
    return Gathered(tuple(facts), tuple(_moments(failed)), readings=(reading,))


def _entries(source: str) -> tuple[list[Mapping[str, Any]], int]:
    found, broken = documents_in(source)
    listed = found[0].get("log", {}).get("entries") if _is_har(found) else None
    if listed is None:
        listed, broken = members_of(source, "entries")
    whole = [each for each in listed if isinstance(each, Mapping)]
    return whole, broken + len(listed) - len(whole)


def _is_har(found: Sequence[Any]) -> bool:
    log = found[0].get("log") if found and isinstance(found[0], Mapping) else None
    return isinstance(log, Mapping) and isinstance(log.get("entries"), list)


def _is_of_interest(entry: Mapping[str, Any]) -> bool:
    return sent.is_ours(_text(_part(entry, "request"), "url"))


def _is_failure(entry: Mapping[str, Any]) -> bool:
    url = _text(_part(entry, "request"), "url")
    return (
        _status(entry) >= 400
        or _status(entry) == 0
        or "error=" in urlsplit(url).query + (_text(_part(entry, "response"), "redirectURL"))
    )


def _first(failed: Sequence[Mapping[str, Any]], wanted: Wanted) -> Mapping[str, Any] | None:
    """The first failure, or the one next to the time in question."""
    if wanted.at is None:
        return failed[0] if failed else None
    asked = wanted.at
    timed = [(abs(when - asked), each) for each in failed if (when := _when(each))]
    return min(timed, key=lambda pair: pair[0])[1] if timed else None


def _told(entry: Mapping[str, Any] | None, wanted: Wanted) -> Iterator[Fact]:
    if entry is None:
        return
    at = _when(entry)
    asked = replace(wanted, at=at or wanted.at)
    request = _sent(entry)
    yield from sent.read(request, asked)
    answer = _part(entry, "response")
    words = "\n".join(
        each
        for each in (
            f"GET {request.url}" if "error=" in request.url else "",
            _text(answer, "redirectURL"),
            _text(_part(answer, "content"), "text")[:MAX_BODY],
            _text(answer, "_error"),
        )
        if each
    )
    of_text = text.read(words, flow=wanted.flow, context=wanted.context, at=at)
    yield from (replace(each, source=SOURCE, line=None) for each in of_text)


def _sent(entry: Mapping[str, Any]) -> Sent:
    request = _part(entry, "request")
    headers = {
        _text(each, "name").lower(): _text(each, "value") for each in _listed(request, "headers")
    }
    data = _part(request, "postData")
    if "mimeType" in data:
        headers.setdefault("content-type", _text(data, "mimeType"))
    body: str | None = _text(data, "text")
    if not body and (params := _listed(data, "params")):
        from urllib.parse import urlencode

        # NOTE: HAR's params are decoded once already (HAR 1.2, postData).
        body = urlencode([(_text(each, "name"), _text(each, "value")) for each in params])
    if not body and _text(request, "method").upper() == "POST":
        # Browsers leave bodies out when they are told to leave secrets out.
        body = None
    return Sent(_text(request, "method"), _text(request, "url"), headers, body)


def _clock(entries: Iterable[Mapping[str, Any]]) -> Iterator[Fact]:
    """How far the clock of the recording machine is off Salesforce's `Date` header."""
    for entry in entries:
        theirs, ours = _date(entry), _when(entry)
        if theirs is None or ours is None:
            continue
        took = entry.get("time")
        on_the_way = float(took) / 1000 if isinstance(took, (int, float)) and 0 < took < 6e5 else 0
        off = abs((theirs - ours).total_seconds() - on_the_way)
        quote = f"Date said {theirs:%Y-%m-%d %H:%M:%S} UTC, the machine {ours:%H:%M:%S}"
        value = round(off) if off > SKEW_S else 0
        yield fact("own.clock_off_s", value, SOURCE, quote=quote, at=ours, mark="derived")
        return


def _date(entry: Mapping[str, Any]) -> datetime | None:
    for each in _listed(_part(entry, "response"), "headers"):
        if _text(each, "name").lower() == "date":
            return http_date(_text(each, "value"))
    return None


def http_date(value: str) -> datetime | None:
    """A `Date` header as a moment in UTC (RFC 9110 §5.6.7), or None where it is none."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _moments(failed: Sequence[Mapping[str, Any]]) -> Iterator[Moment]:
    for entry in failed[:MOST_FAILURES]:
        if at := _when(entry):
            told = f"{_sent(entry).method} {_sent(entry).where} answered {_status(entry)}"
            yield Moment(at, "failure", short(told), source=SOURCE)


def _when(entry: Mapping[str, Any]) -> datetime | None:
    return read_time(_text(entry, "startedDateTime"))


def _status(entry: Mapping[str, Any]) -> int:
    status = _part(entry, "response").get("status")
    return status if isinstance(status, int) and 0 <= status < 1000 else 0


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = entry.get(name)
    return part if isinstance(part, Mapping) else {}


def _listed(part: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = part.get(name)
    return (
        [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    )


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""
