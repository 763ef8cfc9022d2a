"""One call to the REST API: bearer in, JSON out, Salesforce's refusals as `Refused`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import unescape
from typing import Any, Literal
from urllib.parse import urlsplit

from evergrant.errors import Malformed, Refused
from evergrant.log import mask
from evergrant.model import Secret, Session
from evergrant.wire import Conversation, Reply, Request, host_of, send
from evergrant.wire.conversation import Text

MAX_ANSWER = 16 << 20
"""Bytes; a page of 2,000 rows stays well below."""


def get(session: Session, path: str) -> Conversation[Any]:
    """GET a path of the session's org and return the JSON it answers.

    `path` begins with `/`.  Raises `Refused` with Salesforce's own code and message, `Malformed`
    when the answer is no JSON, and what the network throws.
    """
    url = session.instance_url.rstrip("/") + path
    bearer = Secret(f"Bearer {session.access_token.reveal()}")
    asked = Request("GET", url, headers={"Authorization": bearer}, max_body=MAX_ANSWER)
    return read_json((yield from send(asked)))


def write(
    session: Session, method: Literal["POST", "PATCH", "DELETE"], path: str, body: object
) -> Conversation[Any]:
    """Make or change a record: the JSON that is answered, None where nothing is (204).

    Raises as `get` does; after `OutcomeUnknown` the record may have been written.
    """
    bearer = Secret(f"Bearer {session.access_token.reveal()}")
    headers: dict[str, Text] = {"Authorization": bearer, "Content-Type": "application/json"}
    url, content = session.instance_url.rstrip("/") + path, json.dumps(body).encode()
    reply = yield from send(Request(method, url, headers=headers, content=content))
    return None if reply.status == 204 else read_json(reply)


def read_json(reply: Reply) -> Any:
    """The JSON of a good answer.

    A refusal is `[{"message": …, "errorCode": …}]` (REST API guide, Status Codes
    and Error Responses); bearer trouble may come as one word of plain text (`Bad_OAuth_Token`).
    """
    body = _json(reply)
    if reply.status < 300 and body is not None:
        return body
    raise _refusal(reply, body)


def _json(reply: Reply) -> Any:
    if reply.truncated:
        raise Malformed(f"{host_of(reply.url)} answered more than {len(reply.body)} bytes")
    try:
        return reply.json()
    except (ValueError, RecursionError):
        return None


def _refusal(reply: Reply, body: object) -> Refused | Malformed:
    first = body[0] if isinstance(body, list) and body else body
    if isinstance(first, Mapping):
        for code, words in _PAIRS:
            if code in first:
                said = _words(first[code]), _words(first.get(words))
                return Refused(*said, status=reply.status, channel="rest")
    word = reply.text().strip()
    if word and reply.status >= 400 and word.isascii() and word.replace("_", "").isalnum():
        return Refused(word[:80], status=reply.status, channel="text")
    return Malformed(
        f"{host_of(reply.url)} answered {reply.status} with {_kind(reply)}",
        why=_WHY.get(reply.status // 100, ""),
        next_step="check that the instance URL is the org's own My Domain, and try again",
    )


_PAIRS = (("errorCode", "message"), ("error", "error_description"))
_WHY = {
    # A Lightning host or a retired instance host answers REST with a redirect.
    3: "a redirect: the instance URL is not (or no longer) the org's API host",
    5: "the org, or the way to it, is in trouble",
}


def _kind(reply: Reply) -> str:
    if reply.status // 100 == 3:
        return f"a redirect to {_target(reply.headers.get('location', ''))}"
    return reply.content_type or "a body without a content type"


def _target(location: str) -> str:
    try:
        return urlsplit(location).hostname or "nowhere"
    except ValueError:
        return "nowhere"


def _words(value: object) -> str:
    return mask(unescape(value)) if isinstance(value, str) else ""
