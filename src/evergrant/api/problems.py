"""Refusals for programs: `application/problem+json` (RFC 9457), one table, nothing told twice."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from evergrant.errors import BadInput, ComeBack, EvergrantError, Misuse, NotFound, Refused
from evergrant.keeper.broker import TooOften

MEDIA = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of refusal."""

    code: str
    """The last part of `type`, a word that programs branch on."""
    status: int
    title: str


NO_OPERATOR = Kind("no-operator", 401, "The operator's key is missing or wrong")
BAD_REQUEST = Kind("bad-request", 400, "The request cannot be read")
NO_KEY = Kind("no-key", 401, "The API key is missing, wrong, revoked or expired")
NOT_FOUND = Kind("not-found", 404, "There is nothing here for this key")
WRONG_METHOD = Kind("method-not-allowed", 405, "Nothing here is done by that method")
NO_TOKEN = Kind("no-token", 409, "The connection has no token to give")
REFUSED = Kind("refused", 409, "Salesforce refused to renew the token")
TOO_LARGE = Kind("too-large", 413, "The request is too large")
INVALID = Kind("invalid", 422, "The request is not as the OpenAPI document says")
TOO_OFTEN = Kind("too-often", 429, "The key reads too often")
DEFECT = Kind("defect", 500, "Something in Evergrant went wrong")
NOT_NOW = Kind("not-now", 503, "The token cannot be had just now")
OUR_TROUBLE = Kind("trouble", 503, "The service is in trouble")
KINDS = (
    BAD_REQUEST, NO_KEY, NOT_FOUND, WRONG_METHOD, NO_TOKEN, REFUSED, TOO_LARGE, TOO_OFTEN, NOT_NOW,
    OUR_TROUBLE,
)  # fmt: skip
"""What a token read may be refused with."""
_USUAL = (BAD_REQUEST, NOT_FOUND, TOO_LARGE, INVALID, OUR_TROUBLE)
OF_OPERATOR, OF_KEY = (NO_OPERATOR, *_USUAL), (NO_KEY, *_USUAL)
"""What every other route may be refused with, by whose key it asks for."""

_BEARER = {"WWW-Authenticate": "Bearer"}
_HEADERS = {NO_OPERATOR: _BEARER, NO_KEY: _BEARER}
_KINDS: tuple[tuple[type[EvergrantError], Kind], ...] = (
    (TooOften, TOO_OFTEN),
    (ComeBack, NOT_NOW),
    (NotFound, NOT_FOUND),
    (BadInput, BAD_REQUEST),
    (Misuse, NO_TOKEN),
    (Refused, REFUSED),
)
"""Our errors → what a caller is told; the first that fits."""
_SILENT = frozenset({NOT_FOUND, OUR_TROUBLE})
"""Kinds that tell nothing more: what exists, and what is broken here, is nobody's business."""


class Problem(Exception):
    """A refusal on its way to whoever asked; it tells nothing but its kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.code)
        self.kind = kind


def of_problem(_request: Request, error: Exception) -> Response:
    """The answer for a refusal that was raised."""
    if not isinstance(error, Problem):
        raise error
    return problem(error.kind)


def problem(
    kind: Kind,
    detail: str = "",
    *,
    retry_after_s: float = 0.0,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """The answer; `detail` is for people, `more` are members for programs."""
    told: dict[str, object] = {
        "type": f"urn:evergrant:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
    }
    if detail:
        told["detail"] = detail
    carried = {**_HEADERS.get(kind, {}), **(headers or {})}
    if retry_after_s:
        carried["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    body = json.dumps(told | {name: text for name, text in (more or {}).items() if text})
    return Response(body, kind.status, carried, media_type=MEDIA)


def documented(kinds: Iterable[Kind]) -> dict[int | str, dict[str, Any]]:
    """What an OpenAPI document says of these refusals, by status."""
    titles: dict[int | str, list[str]] = {}
    for kind in kinds:
        titles.setdefault(kind.status, []).append(f"{kind.title} (`{kind.code}`)")
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "; ".join(told), "content": content}
        for status, told in titles.items()
    }


def kind_of(error: EvergrantError) -> Kind:
    """Which kind of refusal an error of ours is."""
    return next((kind for sort, kind in _KINDS if isinstance(error, sort)), OUR_TROUBLE)


def of_error(error: EvergrantError) -> Response:
    """The answer for an error of ours; Salesforce's words stand apart, as they came."""
    kind = kind_of(error)
    detail = "" if kind in _SILENT else error.what
    if isinstance(error, Refused):
        told = {"salesforce_error": error.error, "salesforce_description": error.description}
        return problem(kind, detail, more=told)
    wait_s = error.retry_after_s if isinstance(error, ComeBack) else 0.0
    return problem(kind, detail, retry_after_s=wait_s, more={"why": error.why} if wait_s else {})
