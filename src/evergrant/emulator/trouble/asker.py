"""Who sends a request, as far as its path, form and tokens tell before any gate is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request

from evergrant.emulator import jwts, state
from evergrant.emulator.api_access import bearer
from evergrant.emulator.trouble.fault import Asking
from evergrant.emulator.web import client_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

    from evergrant.emulator.org import Org

_TOKENS = "SELECT app_id, user_id FROM x_refresh WHERE token = :token"
_SESSIONS = "SELECT app_id, user_id FROM x_session WHERE token = :token"
_CODES = "SELECT app_id, user_id FROM x_code WHERE code = :token"


def asking_of(org: Org, scope: Scope, body: bytes) -> Asking:
    """Read a request without believing it; the caller holds the org's lock."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    form = _form(headers, scope["query_string"], body)
    app_id, user_id = _behind(org, form, bearer(headers.get("authorization", "")))
    assertion = jwts.read(form.get("assertion", ""))
    key = client_words(Request(scope), form).client_id
    key = key or (assertion.claim("iss") if assertion else "")
    name = form.get("username") or (assertion.claim("sub") if assertion else "")
    return Asking(
        scope["path"],
        form.get("grant_type") or form.get("response_type", ""),
        _app(org, key, app_id),
        _user(org, user_id) or name,
        headers.get("host", "").partition(":")[0],
    )


def _form(headers: Mapping[str, str], query: bytes, body: bytes) -> dict[str, str]:
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    words = (query, body) if is_form else (query,)
    pairs = [parse_qsl(each.decode("latin-1"), keep_blank_values=True) for each in words]
    return {name: value for fields in pairs for name, value in fields}


def _behind(org: Org, form: Mapping[str, str], token: str) -> tuple[str, str]:
    """Ids of the app and the user that a refresh token, a code or an access token belongs to."""
    looked = ((_TOKENS, form.get("refresh_token")), (_CODES, form.get("code")), (_SESSIONS, token))
    for sql, value in looked:
        row = org.db.execute(sql, {"token": value}).fetchone() if value else None
        if row is not None:
            return row["app_id"] or "", row["user_id"] or ""
    return "", ""


def _app(org: Org, consumer_key: str, app_id: str) -> str:
    row = state.one(
        org.db, "SELECT name FROM x_app WHERE consumer_key = ? OR id = ?", consumer_key, app_id
    )
    return str(row["name"]) if row else ""


def _user(org: Org, user_id: str) -> str:
    row = state.one(org.db, 'SELECT "Username" FROM "User" WHERE "Id" = ?', user_id)
    return str(row["Username"]) if row else ""
