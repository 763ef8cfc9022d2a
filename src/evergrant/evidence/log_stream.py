"""A log of any length → the lines that matter, read as a stream with flat memory.

What is short goes to the reader of texts as it is.  Of a long one, lines that hold a word of OAuth
or of Salesforce are kept with what stands around them: the first ones, because the first failure
counts, and the last ones, because it may have changed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from evergrant.evidence import text
from evergrant.evidence.exports.times import read_time
from evergrant.evidence.gathered import Gathered, Moment, Reading, Wanted, short
from evergrant.evidence.given.document import Document
from evergrant.model import Fact

SOURCE = "text"
SHORT = text.MAX_LINES
"""Lines from which a text is a long log."""
FIRST, LAST = 1_500, 500
"""Lines kept of the beginning and of the end."""
AROUND = 2
TELLING = (
    "oauth", "salesforce", "force.com", "invalid_", "_grant", "refresh token", "refresh_token",
    "refreshtoken", "access token", "access_token", "accesstoken", "assertion", "consumer",
    "connected app", "client app", "session expired", "session_id", "sessionid", "api_disabled",
    "limit_exceeded", "login_", "login history", "certificate", "enotfound", "etimedout", "econn",
    "getaddrinfo", "status code 40", "restricted", "not approved", "app_blocked", "app_not_found",
    "is blocked", "inactive_", "inactive user", "scope", "code_challenge", "code verifier",
)  # fmt: skip
"""Words in lower case, one of which stands in every line that tells of OAuth."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(slots=True)
class _Kept:
    """Lines that matter, with their numbers; the rest is passed over in blocks."""

    first: list[tuple[int, str]] = field(default_factory=list)
    last: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=LAST))
    before: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=AROUND))
    """The lines just passed, in case the next one tells something."""
    after: int = 0
    """How many lines are still kept because of one that told something."""
    telling: int = 0
    total: int = 0

    def take(self, block: str) -> None:
        """Keep what matters of a block of whole lines."""
        if self.after == 0 and not _tells(block.lower()):
            self._pass(block)
            return
        for line in block.removesuffix("\n").split("\n"):
            self.total += 1
            self._line(self.total, line)

    def _pass(self, block: str) -> None:
        self.total += block.count("\n") + (not block.endswith("\n"))
        tail = block.removesuffix("\n").rsplit("\n", AROUND)[-AROUND:]
        self.before.extend(enumerate(tail, self.total - len(tail) + 1))

    def _line(self, number: int, line: str) -> None:
        if _tells(line.lower()):
            self.telling += 1
            for each in self.before:
                self._keep(*each)
            self.before.clear()
            self.after = AROUND + 1
        if self.after:
            self._keep(number, line)
            self.after -= 1
        else:
            self.before.append((number, line))

    def _keep(self, number: int, line: str) -> None:
        kept = self.first if len(self.first) < FIRST else self.last
        kept.append((number, line))

    @property
    def lines(self) -> list[tuple[int, str]]:
        """All that was kept, in order."""
        return [*self.first, *self.last]


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The facts in each text; `line` is that of the file, however long it is."""
    whole = Gathered()
    for document in documents:
        whole = whole.with_(_one(document, wanted))
    return whole


def _one(document: Document, wanted: Wanted) -> Gathered:
    if document.is_whole and document.begin.count("\n") < SHORT:
        return _short(document, wanted)
    kept = _Kept()
    for block in document.blocks():
        kept.take(block)
    lines = kept.lines
    facts = _placed(lines, wanted)
    notes = (f"{kept.telling} lines hold a word of OAuth, {len(lines)} lines were looked at",)
    reading = Reading(SOURCE, document.name, kept.total, "lines", 0, notes)
    return Gathered(tuple(facts), tuple(_moments(facts, lines)), readings=(reading,))


def _short(document: Document, wanted: Wanted) -> Gathered:
    facts = text.read(document.begin, flow=wanted.flow, context=wanted.context, at=wanted.at)
    lines = list(enumerate(document.begin.splitlines(), 1))
    lost = document.begin.count("\ufffd")
    notes = (f"{lost} characters could not be decoded",) if lost else ()
    reading = Reading(SOURCE, document.name, len(lines), "lines", 0, notes)
    return Gathered(tuple(facts), tuple(_moments(facts, lines)), readings=(reading,))


def _tells(lowered: str) -> bool:
    return any(word in lowered for word in TELLING)


def _placed(lines: Sequence[tuple[int, str]], wanted: Wanted) -> list[Fact]:
    """The facts, with the numbers of the file's lines.

    Lines are parted as the reader of texts parts them, so that its numbers are places here.
    """
    parts = [
        (number, part)
        for number, line in lines
        for part in line.replace("\\r\\n", "\n").replace("\\n", "\n").splitlines()
    ]
    numbers = [number for number, _ in parts]
    whole = "\n".join(part for _, part in parts)
    facts = text.read(whole, flow=wanted.flow, context=wanted.context, at=wanted.at)
    return [
        replace(each, line=numbers[each.line - 1])
        if each.line and each.line <= len(numbers)
        else each
        for each in facts
    ]


def _moments(facts: Sequence[Fact], lines: Sequence[tuple[int, str]]) -> Iterator[Moment]:
    """When the refusal was written, where its line or one before says so."""
    refusal = next((each for each in facts if each.line and _is_refusal(each)), None)
    if refusal is None:
        return
    for number, line in reversed(lines):
        if number <= (refusal.line or 0) and (stamp := _STAMP.search(line)):
            if at := read_time(stamp[0].replace(",", ".")):
                yield Moment(at, "failure", short(refusal.quote or line), source=SOURCE,
                             line=refusal.line)  # fmt: skip
            return


def _is_refusal(each: Fact) -> bool:
    return each.name.split(".")[0] in ("token_reply", "page", "api_reply", "soap_reply")
