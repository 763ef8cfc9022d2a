"""An OpenAPI document drawn from a table of endpoints."""

import re
from collections.abc import Iterable
from typing import Any, Final

Row = tuple[str, str, str, dict[str, Any] | None]
"""Method, path, summary, and the body's JSON schema where there is a body."""
_PARAMETER: Final = re.compile(r"{(\w+)}")


def document(rows: Iterable[Row]) -> dict[str, Any]:
    """OpenAPI 3.1 for the control port."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, summary, body in rows:
        paths.setdefault(path, {})[method.lower()] = _operation(path, summary, body)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Evergrant emulator: control port", "version": "1"},
        "paths": paths,
    }


def _operation(path: str, summary: str, body: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(path)
        ],
        "responses": {
            "200": {"description": "Done"},
            "4XX": {"description": "Refused, with error and detail"},
        },
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return operation
