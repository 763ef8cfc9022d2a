"""A curl command, as people paste it, → the request that it sends."""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from evergrant.evidence.requests.outgoing import FORM, Sent

CURL = re.compile(r"(?:^|[\s$>`;&|(])curl(?:\.exe)?\s+(?=[^\n]*(?:https?:|-))", re.M)
MAX_COMMAND = 20_000
_JOINED = re.compile(r"(?:\\|\^|`)\r?\n")
_SHORT = re.compile(r"-([dHXuF])(.+)", re.S)
_WITH_VALUE = frozenset(
    {"-o", "--output", "-A", "--user-agent", "-b", "--cookie", "-e", "--referer", "-x", "--proxy",
     "--cacert", "--cert", "--key", "-m", "--max-time", "--connect-timeout", "-w", "--write-out",
     "-K", "--config", "--retry", "-c", "--cookie-jar", "--resolve", "-D", "--dump-header"}
)  # fmt: skip
"""Options whose value is no business of ours."""


@dataclass(slots=True)
class _Command:
    """What the options of a command come to."""

    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    is_get: bool = False

    def header(self, value: str) -> None:
        name, _, told = value.partition(":")
        self.headers[name.strip().lower()] = told.strip()

    def user(self, value: str) -> None:
        self.headers["authorization"] = "Basic " + b64encode(value.encode()).decode()

    def named(self, value: str) -> None:
        self.method = value.upper()

    def to(self, value: str) -> None:
        self.url = self.url or value

    def encoded(self, value: str) -> None:
        name, equals, told = value.partition("=")
        self.data.append(f"{name}={quote_plus(told)}" if equals else quote_plus(name))

    def part(self, value: str) -> None:
        self.headers.setdefault("content-type", "multipart/form-data")
        self.data.append(value)

    def raw(self, value: str) -> None:
        self.data.append(value)

    def sent(self) -> Sent | None:
        """The request; None where the command names no address."""
        if "://" not in self.url:
            return None
        body = "&".join(self.data)
        if self.is_get and body:
            mark = "&" if "?" in self.url else "?"
            return Sent(self.method or "GET", f"{self.url}{mark}{body}", self.headers, "")
        if self.data:
            self.headers.setdefault("content-type", FORM)
        return Sent(self.method or ("POST" if self.data else "GET"), self.url, self.headers, body)


_OPTIONS: dict[str, Callable[[_Command, str], None]] = {
    **dict.fromkeys(("-d", "--data", "--data-raw", "--data-binary", "--data-ascii"), _Command.raw),
    **dict.fromkeys(("-F", "--form", "--form-string"), _Command.part),
    **dict.fromkeys(("-H", "--header"), _Command.header),
    **dict.fromkeys(("-X", "--request"), _Command.named),
    **dict.fromkeys(("-u", "--user"), _Command.user),
    "--data-urlencode": _Command.encoded,
    "--url": _Command.to,
}
"""Options that take a value (curl's manual)."""


def sent_in(text: str) -> Sent | None:
    """The first curl command in a text as the request it sends, or None where there is none."""
    found = CURL.search(text)
    if found is None:
        return None
    words = _words(_JOINED.sub(" ", text[found.end() : found.end() + MAX_COMMAND]))
    return _command(words).sent()


def _words(command: str) -> list[str]:
    """The words of the command up to the end of its line; a quote may reach over lines."""
    lexer = shlex.shlex(command, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.whitespace = True, "", " \t\r"
    words: list[str] = []
    try:
        for word in lexer:
            head, is_end, _ = word.partition("\n")
            words.append(head)
            if is_end:
                break
    except ValueError:
        # A quote that is never closed: what came before it still counts.
        pass
    return [word for word in words if word]


def _command(words: list[str]) -> _Command:
    made, rest = _Command(), iter(words)
    for word in rest:
        name, value = _option(word)
        if take := _OPTIONS.get(name):
            take(made, next(rest, "") if value is None else value)
        elif name in _WITH_VALUE:
            next(rest, None)
        elif name in ("-G", "--get"):
            made.is_get = True
        elif not word.startswith("-"):
            made.to(word)
    return made


def _option(word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    if short := _SHORT.fullmatch(word):
        return f"-{short[1]}", short[2]
    return word, None
