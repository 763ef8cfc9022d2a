"""Logs that cannot tell a secret: every record passes `mask` before any handler sees it.

`mask` is also what makes pasted text safe to store, show and quote.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

HIDDEN = "•••"

_NAMED = (
    "access_token|refresh_token|id_token|client_secret|consumer_secret|consumerSecret|assertion|"
    "client_assertion|code_verifier|password|passwd|pwd|security_token|sid|sessionId|session_id|"
    "accessToken|refreshToken|clientSecret|privateKey|private_key|device_code|oauth_token|token|"
    "subject_token|actor_token|signature|csrf_token|DeleteToken|sfdxAuthUrl|secret"
)
_NAME = rf"(?<![A-Za-z0-9_])((?:[A-Za-z0-9]+_)*(?i:{_NAMED}))"
"""A name as a group, whatever its case and prefix (`SF_CLIENT_SECRET`)."""
_SPOKEN = (
    r"(?i:\b((?:access|refresh|security|session)[ -]token|(?:client|consumer)[ -]secret|"
    r"session[ -]id))"
)
"""The same as people write it, as a group."""
_BARE = r"""(?=[^\s"'<>,;]*\d)[^\s"'<>,;(){}\[\]]{8,}"""
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
        ),
        HIDDEN,
    ),
    (re.compile(r"\b(force://[^:@\s]*:)[^@\s]*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(https?://[^\s:/@]+:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
    # Authorization codes; a short code is an error code and stays.
    (re.compile(r"(?<![A-Za-z0-9_])(code)(=|%3D)[^&\s\"'<>;,)]{16,}"), rf"\1\2{HIDDEN}"),
    (
        re.compile(
            r"""(code['"\\]{1,3}\s*(?::|=>)\s*['"\\]{1,3})(?=[^'"\\]*[a-z])[^'"\\\s]{20,}"""
        ),
        rf"\1{HIDDEN}",
    ),
    # Access tokens (00D… ! …), JWTs, refresh tokens and PBKDF-like blobs are known by their shape.
    (re.compile(r"\b(00D[A-Za-z0-9]{12,15})(?:!|%21)[A-Za-z0-9._\-%]+"), rf"\1!{HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]+\.?[A-Za-z0-9_\-]*"), HIDDEN),
    (re.compile(r"\b5Aep[A-Za-z0-9._\-]{20,}"), HIDDEN),
    (re.compile(r"\baPrx[A-Za-z0-9._\-%=]{20,}"), HIDDEN),
    # Our own API keys: the id stays, it is no secret.
    (re.compile(r"\b(evgk_[0-9a-f]{16}_)[A-Za-z0-9_\-]{20,}"), rf"\1{HIDDEN}"),
    (
        re.compile(r"(?i)\b(bearer|basic|oauth)\s+(?=[\w.~+/!=\-]*\d)[A-Za-z0-9._~+/!=\-]{12,}"),
        rf"\1 {HIDDEN}",
    ),
    # name=value in forms, queries, fragments and shell words; "name": "value" in JSON and repr;
    # <name>value</name> in XML.  Error answers have no such member and stay verbatim.
    (
        re.compile(rf"{_NAME}(=|%3D)(?!>)(?![\s&\"'])[^&\s\"'<>;,)]+"),
        rf"\1\2{HIDDEN}",
    ),
    (
        re.compile(
            rf"""{_NAME}(['"\\]{{0,3}}\s*(?::|=>|=)\s*(['"\\]{{1,3}}))(?:\\.|(?!\3).)+(\3)"""
        ),
        rf"\1\2{HIDDEN}\4",
    ),
    (re.compile(rf"<((?:\w+:)?(?:{_NAMED}))(\s[^<>]*)?>[^<]+</\1>"), rf"<\1\2>{HIDDEN}</\1>"),
    # name: value without quotes (YAML, prose) is one where a digit tells it from a word.
    (re.compile(rf"{_NAME}(\s*(?::|=>)\s*){_BARE}"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"{_SPOKEN}(\s*[:=]\s*){_BARE}"), rf"\1\2{HIDDEN}"),
    # What curl and other commands are given.
    (
        re.compile(r"""(?<!\S)((?:-u|--user|--proxy-user)[\s=]\s*['"]?[^\s:'"]+:)[^\s'"]+"""),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            r"""(--(?:[a-z]+-)*(?:secret|password|token)[\s=]\s*['"]?)[^\s'"-][^\s'"]{5,}"""
        ),
        rf"\1{HIDDEN}",
    ),
)


def mask(text: str) -> str:
    """The text with everything that could be a credential replaced by `•••`.

    Works by shape (tokens, keys, JWTs) and by name (form fields, JSON members, XML elements);
    Salesforce's error words are never touched.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class _Masking(logging.Formatter):
    """Masks the whole rendered record, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def masking() -> logging.Formatter:
    """The formatter of every handler: it masks the whole record."""
    return _Masking("%(asctime)s %(levelname)s %(name)s %(message)s")


class _Structured(logging.Formatter):
    """One JSON object a line, masked before it is made: what is masked never breaks the JSON."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(record.getMessage()),
            "thread": record.threadName,
        }
        if record.exc_info:
            told["trace"] = mask(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def configure(level: str = "WARNING", stream: TextIO | None = None, *, form: str = "text") -> None:
    """Send the logs of Evergrant and of its libraries, masked, to standard error.

    `form` is `text`, or `json` for one object a line.  Raises nothing; an unknown level counts as
    WARNING, an unknown form as text.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Structured() if form == "json" else masking())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.WARNING))


def logger(room: str) -> logging.Logger:
    """The logger of a room of the house."""
    return logging.getLogger(f"evergrant.{room}")


_ACTOR: ContextVar[str] = ContextVar("actor", default="")


def acting() -> str:
    """Who acts, for the audit log: a session, a link, a command line; '' for Evergrant itself."""
    return _ACTOR.get()


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """Let whatever is done in this block be done by somebody; threads of a pool follow."""
    token = _ACTOR.set(actor)
    try:
        yield
    finally:
        _ACTOR.reset(token)
