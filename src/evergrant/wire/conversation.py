"""Conversations, and the only code that performs them.

A conversation is a generator that yields `Request`, `Pause` or `Probe` and returns what it learned.
`run` performs one over httpx2 (threads), `arun` over aiohttp (event loop), `rehearse` with canned
replies.  The contract:

- `NotSent` and `OutcomeUnknown` are thrown *into* the conversation, which may handle them;
- a driver never retries and never follows a redirect;
- a driver calls `seen(reply)` before the conversation gets the reply, so that an answer can be
  stored before anybody sees it;
- a body is read up to `max_body` bytes (the reply then says `truncated`), or written to `sink`;
- no `yield` stands in a `finally`: a conversation that is closed sends nothing more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias, TypeVar
from urllib.parse import quote_plus, urlsplit

from evergrant.clock import ManualClock
from evergrant.errors import OurBug, WireError
from evergrant.model import Secret

T = TypeVar("T")
Text: TypeAlias = str | Secret

USER_AGENT = "Evergrant/0.1"
MAX_BODY = 1 << 20
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json"}
_OF_FORM = {**_HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
"""What a form holds as it is (WHATWG URL standard, application/x-www-form-urlencoded)."""


def _open(text: Text) -> str:
    return text.reveal() if isinstance(text, Secret) else text


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote_plus(text)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; secrets in it stay masked until a driver sends them."""

    method: str
    url: str
    headers: Mapping[str, Text] = field(default_factory=dict)
    form: Mapping[str, Text] | None = None
    """Sent as `application/x-www-form-urlencoded`."""
    content: bytes | None = field(default=None, repr=False)
    timeout_s: float = 20.0
    """For the whole exchange, in seconds."""
    max_body: int = MAX_BODY
    sink: IO[bytes] | None = field(default=None, repr=False)
    """Where a long body is written as it comes; the reply's own body is then empty."""

    def sent_headers(self) -> dict[str, str]:
        """The headers as they go out, opened."""
        default = _HEADERS if self.form is None else _OF_FORM
        return default | {name: _open(value) for name, value in self.headers.items()}

    def sent_body(self) -> bytes | None:
        """The body as it goes out, opened."""
        if self.form is None:
            return self.content
        told = (f"{_quoted(name)}={_quoted(_open(value))}" for name, value in self.form.items())
        return "&".join(told).encode()


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; its body may hold tokens and is never shown in a repr."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = field(default=b"", repr=False)
    url: str = ""
    truncated: bool = False

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case; empty when Salesforce sent none."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become replacement characters."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON.

        Raises ValueError when it is none.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds, by the clock of the driver."""

    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """Look at the way to a host without speaking HTTP: `dns` or `tls`."""

    kind: str
    host: str
    port: int = 443
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found; `error` is empty when the host was reached."""

    ok: bool
    addresses: tuple[str, ...] = ()
    tls_version: str = ""
    certificate_ends: str = ""
    error: str = ""


Step: TypeAlias = Request | Pause | Probe
Answer: TypeAlias = Reply | Probed | None
Conversation: TypeAlias = Generator[Step, Answer, T]
Seen: TypeAlias = Callable[[Reply], None]


def send(request: Request) -> Conversation[Reply]:
    """Send one request: `reply = yield from send(Request(…))`."""
    answer = yield request
    if not isinstance(answer, Reply):
        raise OurBug(f"a driver answered a request with {type(answer).__name__}")
    return answer


def probe(question: Probe) -> Conversation[Probed]:
    """Probe a host: `found = yield from probe(Probe("dns", host))`."""
    answer = yield question
    if not isinstance(answer, Probed):
        raise OurBug(f"a driver answered a probe with {type(answer).__name__}")
    return answer


def host_of(url: str) -> str:
    """`host[:port]` of a URL, in lower case."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


@dataclass(slots=True)
class Rehearsal:
    """What a conversation asked for, and what it returned."""

    asked: list[Step]
    result: Any = None

    @property
    def requests(self) -> list[Request]:
        """The requests alone, in order."""
        return [step for step in self.asked if isinstance(step, Request)]


def rehearse(
    conversation: Conversation[T],
    *script: Reply | Probed | WireError,
    clock: ManualClock | None = None,
    seen: Seen | None = None,
) -> Rehearsal:
    """Perform a conversation with canned answers; waiting takes no time.

    Raises what the conversation raises, and `OurBug` when the script is too short or too long.
    """
    lines, played, time = iter(script), Rehearsal([]), clock or ManualClock()

    def perform(step: Step) -> Answer:
        played.asked.append(step)
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        line = next(lines, None)
        if line is None:
            raise OurBug(f"the script has no answer to {step!r}")
        if isinstance(line, WireError):
            raise line
        return line

    played.result = drive(conversation, perform, seen)
    if next(lines, None) is not None:
        raise OurBug("the script has answers that nobody asked for")
    return played


def drive(
    conversation: Conversation[T], perform: Callable[[Step], Answer], seen: Seen | None = None
) -> T:
    """Lead a conversation to its end; the one loop behind `run` and `rehearse`."""
    try:
        step = next(conversation)
        while True:
            try:
                answer = perform(step)
            except WireError as error:
                step = conversation.throw(error)
                continue
            if seen and isinstance(answer, Reply):
                seen(answer)
            step = conversation.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        conversation.close()
