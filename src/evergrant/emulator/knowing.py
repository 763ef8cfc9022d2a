"""Whether an org knows something that a request carries: a token, a code, a user, a session.

A generic login host serves many orgs; Salesforce finds the right one by what the client brings.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from evergrant.emulator import jwts, state
from evergrant.emulator.api_access import bearer
from evergrant.emulator.oauth import saml

if TYPE_CHECKING:
    from starlette.types import Scope

    from evergrant.emulator.org import Org

_KNOWN: Final = (
    "SELECT 1 FROM x_refresh WHERE token = ?",
    "SELECT 1 FROM x_session WHERE token = ?",
    "SELECT 1 FROM x_code WHERE code = ?",
    "SELECT 1 FROM x_device WHERE device_code = ? OR user_code = ?1",
    'SELECT 1 FROM "User" WHERE "Username" = ?',
    'SELECT 1 FROM "OauthToken" WHERE "DeleteToken" = ?',
)
_MOST: Final = 50
"""Words of one request that are looked for."""


def words_of(scope: Scope, body: bytes) -> tuple[str, ...]:
    """Every word of a request by which an org might know its sender."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    form = f"{scope['query_string'].decode('latin-1')}&{body.decode('latin-1')}"
    sent = dict(parse_qsl(form, keep_blank_values=True))
    found = [*sent.values(), *_cookies(headers.get("cookie", ""))]
    found += [bearer(headers.get("authorization", "")), *_subjects(sent.get("assertion", ""))]
    return tuple(dict.fromkeys(each for each in found if each))[:_MOST]


def _cookies(header: str) -> list[str]:
    try:
        return [each.value for each in SimpleCookie(header).values()]
    except CookieError:
        return []


def _subjects(assertion: str) -> list[str]:
    jwt = jwts.read(assertion)
    signed = saml.read(assertion) if jwt is None and assertion else None
    return [jwt.claim("sub") if jwt else "", signed.subject if signed else ""]


def knows(org: Org, words: tuple[str, ...]) -> bool:
    """Whether any of the words is a token, a code or a user of this org."""
    with org.lock:
        return any(state.one(org.db, sql, word) is not None for word in words for sql in _KNOWN)
