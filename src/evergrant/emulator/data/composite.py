"""Several calls in one: POST …/composite (REST API Developer Guide, Composite).

Each call goes to the handler that its address names, as if it had come by itself; the log of API
calls has only the composite one.  What the whole answers when it is malformed is inferred, and
so are the words; references between calls (`@{…}`) are not built.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Match

from evergrant.emulator.data.call import answer, chosen, handled
from evergrant.emulator.data.errors import DataError, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.routing import Route

    from evergrant.emulator.data.call import Call, Handler

_MOST: Final = 25
_MOST_QUERIES: Final = 5
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_REFERENCE: Final = re.compile(r"\w+", re.ASCII)
_FORBIDDEN: Final = frozenset({"accept", "authorization", "content-type"})
_HALTED: Final = [{
    "message": "The transaction was rolled back since another operation in the same transaction"
               " failed.",
    "errorCode": "PROCESSING_HALTED",
}]  # fmt: skip


class _Undone(Exception):
    """One call failed where all must succeed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One call of a composite."""

    method: str
    url: str
    reference: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def is_query(self) -> bool:
        """Whether it counts as one of the few queries."""
        return re.search(r"/(query|queryAll)(/|\?|$)", self.url) is not None


def composite(routes: Mapping[str, tuple[Route, dict[str, Handler]]]) -> Handler:
    """The handler that hands calls on to these others, by route."""

    def handler(call: Call) -> Response:
        body = call.json_object()
        parts = _parts(body.get("compositeRequest"))
        if body.get("allOrNone") is not True:
            return answer({"compositeResponse": [_one(call, routes, each) for each in parts]})
        return answer({"compositeResponse": _all_or_none(call, routes, parts)})

    return handler


def _all_or_none(
    call: Call, routes: Mapping[str, tuple[Route, dict[str, Handler]]], parts: list[Part]
) -> list[dict[str, object]]:
    done: list[dict[str, object]] = []
    try:
        with call.org.changing():
            for each in parts:
                done.append(_one(call, routes, each))
                if int(str(done[-1]["httpStatusCode"])) >= 400:
                    raise _Undone
    except _Undone:
        failed = len(done) - 1
        return [
            done[failed] if place == failed else _shown(each, 400, _HALTED)
            for place, each in enumerate(parts)
        ]
    return done


def _parts(asked: object) -> list[Part]:
    if not isinstance(asked, list) or not asked:
        raise DataError("composite", name="compositeRequest must list subrequests")
    if len(asked) > _MOST:
        raise DataError("composite", name=f"at most {_MOST} subrequests")
    parts = [_part(each) for each in asked]
    if len({each.reference for each in parts}) < len(parts):
        raise DataError("composite", name="a referenceId stands twice")
    if sum(each.is_query for each in parts) > _MOST_QUERIES:
        raise DataError("composite", name=f"at most {_MOST_QUERIES} of the subrequests may query")
    return parts


def _part(asked: object) -> Part:
    words: dict[str, Any] = asked if isinstance(asked, dict) else {}
    method, url, name = (str(words.get(key, "")) for key in ("method", "url", "referenceId"))
    headers = words.get("httpHeaders") or {}
    if method not in _METHODS:
        raise DataError("composite", name=f"method {method!r}")
    if not _REFERENCE.fullmatch(name):
        raise DataError("composite", name=f"referenceId {name!r}")
    if not isinstance(headers, dict) or _FORBIDDEN & {each.lower() for each in headers}:
        raise DataError("composite", name="httpHeaders")
    body = json.dumps(words["body"]).encode() if "body" in words else b""
    if b"@{" in body or "@{" in url:
        raise DataError("not_built", name="references between subrequests")
    return Part(method, url, name, body, headers)


def _one(
    call: Call, routes: Mapping[str, tuple[Route, dict[str, Handler]]], part: Part
) -> dict[str, object]:
    given = _given(call, routes, part)
    body = json.loads(bytes(given.body)) if given.body else None
    return _shown(part, given.status_code, body)


def _given(
    call: Call, routes: Mapping[str, tuple[Route, dict[str, Handler]]], part: Part
) -> Response:
    split = urlsplit(part.url)
    path = split.path.rstrip("/")
    scope = {
        **call.request.scope, "method": part.method, "path": path,
        "raw_path": path.encode(), "query_string": split.query.encode(),
        "headers": [
            *call.request.scope["headers"],
            *((name.lower().encode(), str(word).encode()) for name, word in part.headers.items()),
        ],
        "state": {},
    }  # fmt: skip
    for route, handlers in routes.values():
        match, more = route.matches(scope)
        if match is not Match.NONE and path.startswith(call.base):
            inner = replace(call, request=Request({**scope, **more}), body=part.body)
            return _handed(inner, handlers)
    return refusal(DataError("no_resource"))


def _handed(inner: Call, handlers: dict[str, Handler]) -> Response:
    try:
        return handled(inner, chosen(inner.request, handlers))
    except DataError as error:
        return refusal(error)


def _shown(part: Part, status: int, body: object) -> dict[str, object]:
    return {
        "body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": part.reference,
    }  # fmt: skip
