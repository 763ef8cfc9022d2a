"""Questions to an org, and what of each answer is looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from evergrant.fidelity.behaviour import Observation, Scalar
from evergrant.fidelity.names import Names
from evergrant.fidelity.side import Side
from evergrant.model import Secret
from evergrant.oauth.client import TOKEN_PATH
from evergrant.oauth.formats import read
from evergrant.org import VERSION
from evergrant.wire import Conversation, Reply, Request, send
from evergrant.wire.conversation import Text

DATA = f"/services/data/{VERSION}"
MAX_BODY = 8 << 20
"""Bytes: the description of an object with many fields."""
_GARBAGE = "00D000000000000!AQEAQ.garbage.garbage.garbage.garbage.garbage.garbage"
GARBAGE_SESSION = Secret(_GARBAGE)
"""Has the shape of an access token and is none."""
GARBAGE_REFRESH = Secret("5Aep861garbagegarbagegarbagegarbagegarbagegarbage")
NO_KEY = "3MVG9" + "nobodyhasthiskey" * 5
"""Has the shape of a consumer key and is nobody's."""
NOWHERE = "https://localhost/evergrant-verify"
"""A callback that no app has registered; nobody is ever sent there."""
_EMULATOR_SAYS = re.compile(r"\s*\(This is Evergrant's emulator, not Salesforce\.\)")


def post(
    side: Side,
    form: Mapping[str, Text],
    *,
    path: str = TOKEN_PATH,
    generic: bool = False,
    headers: Mapping[str, Text] | None = None,
) -> Conversation[Reply]:
    """Post a form to an OAuth endpoint of the org, or of its generic login host."""
    base, extra = (side.generic.base, side.generic.headers) if generic else (side.base, {})
    sent = {**extra, **(headers or {})}
    return (yield from send(Request("POST", base + path, headers=sent, form=dict(form))))


def post_raw(side: Side, body: str, media: str, path: str = TOKEN_PATH) -> Conversation[Reply]:
    """Post a body as it is."""
    headers = {"Content-Type": media}
    url = side.base + path
    return (yield from send(Request("POST", url, headers=headers, content=body.encode())))


def call(
    side: Side,
    path: str,
    *,
    method: str = "GET",
    token: Secret | None = None,
    anonymous: bool = False,
    headers: Mapping[str, Text] | None = None,
) -> Conversation[Reply]:
    """Call a path of the org with the session, with another token, or with none."""
    bearer = token or side.session.access_token
    sent: dict[str, Text] = dict(headers or {})
    if not anonymous:
        sent["Authorization"] = Secret(f"Bearer {bearer.reveal()}")
    asked = Request(method, side.base + path, headers=sent, max_body=MAX_BODY)
    return (yield from send(asked))


def ask_soql(side: Side, soql: str, *, tooling: bool = False) -> Conversation[Reply]:
    """Ask a query, whatever comes of it."""
    kind = "tooling/query" if tooling else "query"
    return (yield from call(side, f"{DATA}/{kind}?q={quote(soql, safe='')}"))


def told(reply: Reply, names: Names) -> Observation:
    """An answer: how it came, and its error in its own words."""
    if 300 <= reply.status < 400:
        return _redirected(reply, names)
    answer = read(reply)
    said: dict[str, Scalar] = {"status": reply.status, "channel": answer.channel}
    if answer.channel != "html":
        said["type"] = reply.content_type
    for name in ("error", "error_description"):
        if name in answer.members:
            said[name] = cleaned(answer.members[name], names)
    if members := _members(reply):
        said["members"] = members
    return said


def cleaned(text: str, names: Names) -> str:
    """A text with names in the place of an org's words; the emulator's own aside is dropped."""
    return names.clean(_EMULATOR_SAYS.sub("", text))


def below(prefix: str, seen: Observation) -> Observation:
    """The aspects of a step, under its name."""
    return {f"{prefix}.{name}": value for name, value in seen.items()}


def json_of(reply: Reply) -> Any:
    """The JSON of an answer, or None where it is none."""
    try:
        return reply.json()
    except (ValueError, RecursionError):
        return None


def _members(reply: Reply) -> str:
    body = json_of(reply)
    first = body[0] if isinstance(body, list) and body else body
    return ", ".join(sorted(first)) if isinstance(first, dict) else ""


def _redirected(reply: Reply, names: Names) -> Observation:
    location = reply.headers.get("location", "")
    where = urlsplit(location)
    given = dict(parse_qsl(where.query) + parse_qsl(where.fragment))
    words: dict[str, Scalar] = {
        name: cleaned(given[name], names)
        for name in ("error", "error_description")
        if name in given
    }
    to = names.clean(location.partition("?")[0].partition("#")[0])
    channel = "redirect" if to.startswith("<callback>") else f"page {to.removeprefix('<host>')}"
    return {"status": reply.status, "channel": channel, **words}
