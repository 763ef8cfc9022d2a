"""OpenAPI documents, drawn from the tables that the ports are served from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Schema = dict[str, Any]
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
ANY: Schema = {"type": "string"}
_PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")
_DONE: Final = {"1": "Informed", "2": "Done", "3": "See elsewhere", "4": "Refused", "5": "Refused"}
_BODILESS: Final = frozenset({"get", "head", "delete"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: what may be sent, and in which forms it is answered."""

    method: str
    path: str
    summary: str
    answers: Mapping[str, tuple[str, ...]]
    """Media types by status, such as 200 or 4XX; no type: the body is empty or has no type."""
    place: Mapping[str, Schema] = field(default_factory=dict)
    """Schemas of the path's parameters, where they are not any text."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Mapping[str, Schema] = field(default_factory=dict)
    """The body's schema by media type."""


def document(title: str, operations: Iterable[Operation]) -> Schema:
    """OpenAPI 3.1."""
    paths: dict[str, Schema] = {}
    for each in operations:
        path = _PARAMETER.sub(r"{\1}", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _operation(each)
    return {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "paths": paths}


def _operation(each: Operation) -> Schema:
    told: Schema = {
        "summary": each.summary,
        "parameters": [
            *(_parameter(n, "path", each.place.get(n, ANY)) for n in _PARAMETER.findall(each.path)),
            *(_parameter(n, "query", schema) for n, schema in each.query.items()),
        ],
        "responses": {status: _response(status, kinds) for status, kinds in each.answers.items()},
    }
    if each.body and each.method.lower() not in _BODILESS:
        told["requestBody"] = {"content": {kind: {"schema": s} for kind, s in each.body.items()}}
    return told


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _response(status: str, kinds: tuple[str, ...]) -> Schema:
    told: Schema = {"description": _DONE[status[0]]}
    if kinds:
        told["content"] = {kind: {} for kind in kinds}
    return told
