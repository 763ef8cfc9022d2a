"""What the OpenAPI document says of the token broker, which is a plain route."""

from __future__ import annotations

from typing import Any

from evergrant.api.problems import KINDS, documented
from evergrant.api.tokens import PATH

_TOLD: dict[str, tuple[str, str]] = {
    "access_token": ("string", "What to call Salesforce with"),
    "token_type": ("string", "Bearer"),
    "instance_url": ("string", "The host that takes it"),
    "connection": ("string", "Id of the connection"),
    "part": ("string", "Which credential of the connection: `main`, or as it was asked for"),
    "generation": ("string", "Changes with every new token; the ETag"),
    "fingerprint": ("string", "Names the token when Salesforce refused it"),
    "stale": ("string", "Why it is not newer, when it could not be renewed; else empty"),
}


def with_tokens(document: dict[str, Any]) -> dict[str, Any]:
    """The document of the app with the token broker added."""
    parts = document.get("components", {})
    schemes = parts.get("securitySchemes", {}) | {"apiKey": {"type": "http", "scheme": "bearer"}}
    schemas = parts.get("schemas", {}) | {"Token": _token(), "Problem": _problem()}
    components = parts | {"securitySchemes": schemes, "schemas": schemas}
    paths = document["paths"] | {PATH: {"get": _read()}}
    return document | {"components": components, "paths": paths}


def _read() -> dict[str, Any]:
    refusals = {str(status): told for status, told in documented(KINDS).items()}
    return {
        "summary": "A fresh access token",
        "description": "Read from the store; Salesforce is asked only when it must be.",
        "operationId": "read_token",
        "security": [{"apiKey": []}],
        "parameters": [
            _parameter("connection_id", "path", {"type": "string", "minLength": 1}),
            _parameter("not_token", "query", {"type": "string", "pattern": "^[0-9a-f]{12}$"}),
            _parameter("part", "query", {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}),
            _parameter("If-None-Match", "header", {"type": "string"}),
        ],
        "responses": {
            "200": {
                "description": "The token",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": _ref("Token")}},
            },
            "304": {"description": "The caller has it already"},
            **refusals,
        },
    }


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _token() -> dict[str, Any]:
    named = {name: {"type": kind, "description": text} for name, (kind, text) in _TOLD.items()}
    hint = {"type": ["string", "null"], "format": "date-time", "description": "Believed end"}
    return {
        "type": "object",
        "required": [*named, "expires_hint"],
        "properties": named | {"expires_hint": hint},
    }


def _problem() -> dict[str, Any]:
    texts = ("type", "title", "detail", "why", "salesforce_error", "salesforce_description")
    properties: dict[str, Any] = {name: {"type": "string"} for name in texts}
    wrong = {"where": {"type": "string"}, "what": {"type": "string"}}
    errors = {"type": "array", "items": {"type": "object", "properties": wrong}}
    return {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": properties | {"status": {"type": "integer"}, "errors": errors},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
