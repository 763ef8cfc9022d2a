"""What every handler needs of a request: its host, its form, and answers in Salesforce's forms."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode
from xml.sax.saxutils import escape

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from evergrant.emulator import doors
from evergrant.emulator.bodies import body_of, header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from evergrant.emulator.gates.attempt import Host
    from evergrant.emulator.org import Org

_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
Fields = Mapping[str, str | int]
"""The members of an answer."""
_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_MOST_FIELDS: Final = 1000
"""More fields than that are no form (inferred; Salesforce's own limit is not known)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request was sent: a generic host or the org's My Domain, and its base address."""

    host: Host
    base: str
    """Scheme, host and port for instance_url and redirects; always the org's own."""
    login_url: str
    """The host asked for, as Login History has it."""


def place_of(org: Org, request: Request) -> Place:
    """Read the Host header: a generic host by its name or its port, else the org itself.

    A generic host of the other kind of org is a foreign one: it knows none of the org's users.
    """
    name = header(request.scope, b"host")
    role = doors.generic(org, name)
    if role is None:
        own = f"{request.scope['scheme']}://{name}" if name else org.base_url
        return Place("my_domain", own, name.partition(":")[0])
    host: Host = role if role == org.home.role else "foreign"
    return Place(host, org.base_url, f"{role}.salesforce.com")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name; empty where the body is not a form at all."""
    return dict(await fields_of(request))


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """The fields of a form as they came, repeated names too."""
    kind = header(request.scope, b"content-type").lower()
    try:
        if kind.startswith(_URLENCODED):
            return _urlencoded(body_of(request.scope))
        if kind.startswith(_MULTIPART):
            form = await request.form(max_fields=_MOST_FIELDS)
            return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    except (ClientDisconnect, HTTPException, MultiPartException, ValueError):
        return []
    return []


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    """The fields of an urlencoded body; raises ValueError for too many."""
    words = body.decode("latin-1").split("&")
    if len(words) > _MOST_FIELDS:
        raise ValueError("too many fields")
    pairs = (each.partition("=") for each in words if each)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]


def _unquoted(word: str) -> str:
    return unquote_plus(word) if "%" in word or "+" in word else word


def twice(fields: Iterable[tuple[str, str]]) -> str:
    """The first name that comes again; empty where none does (RFC 6749 section 3.2)."""
    seen: set[str] = set()
    for name, _ in fields:
        if name in seen:
            return name
        seen.add(name)
    return ""


@dataclass(frozen=True, slots=True)
class ClientWords:
    """How the client named and proved itself."""

    client_id: str
    secret: str | None
    is_malformed: bool = False
    """A Basic header that cannot be read."""
    assertion: str | None = None
    """A signed JWT in place of the secret (RFC 7523 section 2.2)."""


CLIENT_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def client_words(request: Request, form: Mapping[str, str]) -> ClientWords:
    """Consumer key and proof, from the body or from HTTP Basic (RFC 6749 section 2.3.1)."""
    pair = basic_pair(request)
    if pair is None or "client_id" in form:
        sent = form.get("client_assertion")
        return ClientWords(form.get("client_id", ""), form.get("client_secret"), assertion=sent)
    name, secret = pair
    if not name:
        return ClientWords("", None, is_malformed=True)
    return ClientWords(unquote_plus(name), unquote_plus(secret))


def basic_pair(request: Request) -> tuple[str, str] | None:
    """What a Basic header says; None without one, two empty words where it cannot be read."""
    scheme, _, encoded = header(request.scope, b"authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # not Base64, or not text
        return "", ""
    return (name, secret) if colon else ("", "")


def token_reply(
    request: Request, form: Mapping[str, str], fields: Fields, status: int = 200
) -> Response:
    """An answer of the token endpoint as JSON, or as XML or a form where that was asked for."""
    accepted = header(request.scope, b"accept")
    asked = form.get("format") or _query_format(request) or accepted
    if "json" in asked:
        return _Json(fields, status)
    if "urlencoded" in asked:
        body, kind = urlencode(fields), _URLENCODED
    elif "xml" in asked and "html" not in asked:
        body, kind = _xml(fields), "application/xml"
    else:
        return _Json(fields, status)
    return Response(body, status, headers=_NO_STORE, media_type=kind)


_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_JSON_HEADERS: Final = tuple(JSONResponse(None, headers=_NO_STORE).raw_headers)


class _Json(Response):
    """What JSONResponse makes of an answer of the token endpoint, byte for byte, in less time."""

    def __init__(self, fields: Fields, status: int) -> None:
        self.status_code, self.background = status, None
        self.body = _AS_JSON(fields).encode()
        length = (b"content-length", b"%d" % len(self.body))
        self.raw_headers = [length if each[0] == length[0] else each for each in _JSON_HEADERS]


def _query_format(request: Request) -> str:
    return request.query_params.get("format", "") if request.scope["query_string"] else ""


def _xml(fields: Fields) -> str:
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{inner}</OAuth>'


def not_built(what: str) -> Response:
    """The answer for anything Salesforce has and this emulator has not."""
    detail = f"Evergrant's emulator does not build {what}; it is not Salesforce."
    return JSONResponse({"error": "not_built", "detail": detail}, 501)


def with_fragment(url: str, **fields: str) -> str:
    """An address with fields after its #, as the user-agent flow gives them back."""
    return f"{url}#{urlencode(fields)}"


def with_query(url: str, **fields: str) -> str:
    """An address with more fields in its query, kept in order."""
    head, _, query = url.partition("?")
    return f"{head}?{urlencode([*parse_qsl(query, keep_blank_values=True), *fields.items()])}"
