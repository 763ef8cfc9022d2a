"""What every handler needs of a request: its host, its form, and answers in Salesforce's forms."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode
from xml.sax.saxutils import escape

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from evergrant.emulator.attempt import Host
    from evergrant.emulator.org import Org

_HOSTS: Final[dict[str, Host]] = {"login.salesforce.com": "login", "test.salesforce.com": "test"}
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request was sent: a generic host or the org's My Domain, and its base address."""

    host: Host
    base: str
    """Scheme, host and port for instance_url and redirects; always the org's own."""
    login_url: str
    """The host asked for, as Login History has it."""


def place_of(org: Org, request: Request) -> Place:
    """Read the Host header: only login. and test.salesforce.com are generic hosts."""
    name = request.headers.get("host", "")
    host = _HOSTS.get(name.partition(":")[0].lower(), "my_domain")
    own = f"{request.url.scheme}://{name}" if host == "my_domain" and name else org.base_url
    return Place(host, own, name.partition(":")[0])


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; empty where the body is not a form at all."""
    if not request.headers.get("content-type", "").lower().startswith(_FORM):
        return {}
    try:
        form = await request.form()
    except (ClientDisconnect, ValueError):
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


@dataclass(frozen=True, slots=True)
class ClientWords:
    """How the client named and proved itself."""

    client_id: str
    secret: str | None
    is_malformed: bool = False
    """A Basic header that cannot be read."""


def client_words(request: Request, form: Mapping[str, str]) -> ClientWords:
    """Consumer key and secret, from the body or from HTTP Basic (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or "client_id" in form:
        return ClientWords(form.get("client_id", ""), form.get("client_secret"))
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ClientWords("", None, is_malformed=True)
    return ClientWords(unquote_plus(name), unquote_plus(secret), is_malformed=not colon)


def token_reply(
    request: Request, form: Mapping[str, str], fields: Mapping[str, str], status: int = 200
) -> Response:
    """An answer of the token endpoint as JSON, or as XML or a form where that was asked for."""
    asked = form.get("format") or request.headers.get("accept", "")
    if "urlencoded" in asked:
        body, kind = urlencode(fields), "application/x-www-form-urlencoded"
    elif "xml" in asked and "html" not in asked:
        body, kind = _xml(fields), "application/xml"
    else:
        return JSONResponse(dict(fields), status, headers=_NO_STORE)
    return Response(body, status, headers=_NO_STORE, media_type=kind)


def _xml(fields: Mapping[str, str]) -> str:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{inner}</OAuth>'


def not_built(what: str) -> Response:
    """The answer for anything Salesforce has and this emulator has not."""
    detail = f"Evergrant's emulator does not build {what}; it is not Salesforce."
    return JSONResponse({"error": "not_built", "detail": detail}, 501)


def with_query(url: str, **fields: str) -> str:
    """An address with more fields in its query, kept in order."""
    head, _, query = url.partition("?")
    return f"{head}?{urlencode([*parse_qsl(query, keep_blank_values=True), *fields.items()])}"
