"""The shapes in which Salesforce answers an OAuth request, told apart by what they hold.

JSON, form-encoded and XML are documented (the `format` parameter); HTML, bare words and REST
arrays come all the same.  The media type may be missing or wrong, so it only breaks ties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Literal
from urllib.parse import parse_qsl, unquote_plus

from evergrant.wire import Reply

Channel = Literal["json", "form", "xml", "html", "rest", "text"]
MAX_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer said, member by member, whichever way it was written."""

    channel: Channel
    members: Mapping[str, str] = field(repr=False)
    """Values as text; objects, lists and nulls are left out.  May hold tokens."""


def read(reply: Reply) -> Answer:
    """Read an answer in whatever shape it came; one without members is `text` and empty."""
    text = reply.text().lstrip("\ufeff \t\r\n")
    for looks_like, channel, parse in _SHAPES:
        if looks_like(text, reply.content_type):
            found = parse(text)
            if found or channel == "html":
                return Answer(channel, found)
    return Answer("text", _word(text) if reply.status >= 400 else {})


def _json(text: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {
        name: item if type(item) is str else _scalar(item)
        for name, item in value.items()
        if isinstance(item, (str, int, float))
    }


def _scalar(value: object) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _rest(text: str) -> dict[str, str]:
    """`[{"message": …, "errorCode": …}]`, the REST API's shape, in OAuth's words."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    first = value[0] if isinstance(value, list) and value else None
    if not isinstance(first, dict) or not isinstance(first.get("errorCode"), str):
        return {}
    return {"error": first["errorCode"], "error_description": str(first.get("message") or "")}


# Flat elements only, by pattern: an XML parser would also read entities that others defined.
_ELEMENT = re.compile(r"<(?:\w+:)?([A-Za-z_][\w.-]*)(?:\s[^<>]*)?>([^<>]*)</")
_FAULTS = {"faultcode": "error", "faultstring": "error_description"}


def _xml(text: str) -> dict[str, str]:
    found = {name: unescape(value.strip()) for name, value in _ELEMENT.findall(text)}
    return found | {_FAULTS[name]: value for name, value in found.items() if name in _FAULTS}


_PAGE_WORDS = (
    re.compile(r"\berror=([A-Za-z_]+)&error_description=([^&\"<>\r\n]{1,300})"),
    re.compile(r"\b((?:LOGIN_)?OAUTH_[A-Z_]+)(?:\s*:\s*([^<\r\n]{1,300}))?"),
)


def _html(text: str) -> dict[str, str]:
    """The error words that Salesforce's own pages print, or carry in an address, if they do."""
    page = unescape(text)
    for pattern in _PAGE_WORDS:
        if found := pattern.search(page):
            words = unquote_plus(found[2] or "").strip()
            return {"error": found[1], "error_description": words}
    return {}


def _form(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return {}


_BARE_WORD = re.compile(r"[A-Za-z][A-Za-z_]{2,60}")


def _word(text: str) -> dict[str, str]:
    """One bare word is an error code: `Bad_OAuth_Token`; userinfo says no that way."""
    word = text.strip()
    return {"error": word} if _BARE_WORD.fullmatch(word) else {}


def _is_html(text: str, media: str) -> bool:
    # NOTE: the media type alone does not do: a bare word may come as text/html.
    is_page = text[:200].lower().startswith(("<!doctype html", "<html"))
    return is_page or (media == "text/html" and text.startswith("<"))


_SHAPES: tuple[tuple[Callable[[str, str], bool], Channel, Callable[[str], dict[str, str]]], ...] = (
    (lambda text, _: text.startswith("{"), "json", _json),
    (lambda text, _: text.startswith("["), "rest", _rest),
    (_is_html, "html", _html),
    (lambda text, _: text.startswith("<"), "xml", _xml),
    (lambda text, _: re.match(r"[\w.-]+=", text) is not None, "form", _form),
)
