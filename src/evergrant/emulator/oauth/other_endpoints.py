"""The smaller endpoints: revoke, introspect, userinfo, identity URL, and three callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from evergrant.emulator import pages, staged, state, tokens, web
from evergrant.emulator.api_access import bearer, refuse_identity
from evergrant.emulator.ids import is_id, to15
from evergrant.emulator.oauth.token_request import secret_sent
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.sessions import live_row, live_session
from evergrant.emulator.strict import demand_refusal

if TYPE_CHECKING:
    from sqlite3 import Row

    from starlette.requests import Request

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy


async def revoke(org: Org, request: Request) -> Response:
    """GET and POST /services/oauth2/revoke: access token, refresh token or DeleteToken."""
    form = {**request.query_params, **await web.form_of(request)}
    hint = form.get("token_type_hint", "")
    if hint not in ("", "access_token", "refresh_token"):
        return _not_revoked(org, "token_type_unsupported")
    with org.changing():
        if tokens.revoke(org, form.get("token", "")):
            return Response(status_code=200)
    return _not_revoked(org, "token_not_valid")


def _not_revoked(org: Org, refusal: str) -> Response:
    """A refusal of the revoke endpoint, as a form (3.1)."""
    row = REFUSALS[refusal, "api"]
    demand_refusal(org, row)
    fields = {"error": row.error, "error_description": row.description}
    return Response(urlencode(fields), row.status, media_type="application/x-www-form-urlencoded")


async def introspect(org: Org, request: Request) -> Response:
    """POST /services/oauth2/introspect: own tokens, or all where the app may."""
    form = await web.form_of(request)
    client = web.client_words(request, form)
    with org.changing():
        app = staged.client(org, client.client_id)
        if app is None or app.deleted:
            return _not_introspected("client_unknown")
        if secret_sent(org, app, client, web.place_of(org, request)) != "right":
            return _not_introspected("wrong_secret")
        return JSONResponse(_introspected(org, app, form.get("token", "")))


def _not_introspected(refusal: str) -> Response:
    """The client is refused as at the token endpoint (inferred: 1.2 leaves the shape open)."""
    row = REFUSALS[refusal, "token"]
    return JSONResponse({"error": row.error, "error_description": row.description}, row.status)


def _introspected(org: Org, asker: AppPolicy, token: str) -> dict[str, Any]:
    row = _session_row(org, token) or _refresh_row(org, token)
    if row is None or (row["app_id"] != asker.id and not asker.introspect_all):
        return {"active": False}
    user = state.one(org.db, 'SELECT "Username" FROM "User" WHERE "Id" = ?', row["user_id"])
    app = state.load_app(org.db, row["app_id"]) if row["app_id"] else asker
    base = {
        "active": True, "scope": row["scopes"], "client_id": app.consumer_key,
        "username": user["Username"] if user else None,
        "sub": f"{org.base_url}/id/{state.noted(org.db, 'org_id')}/{row['user_id']}",
        "token_type": "access_token" if row["exp"] else "refresh_token",
        "iat": int(row["iat"]), "nbf": int(row["iat"]),
    }  # fmt: skip
    return {**base, "exp": int(row["exp"])} if row["exp"] else base


def _session_row(org: Org, token: str) -> Row | None:
    if live_row(org, token) is None:
        return None
    return state.one(
        org.db, "SELECT user_id, app_id, scopes, seen_at AS iat, seen_at + seconds AS exp"
        " FROM x_session WHERE token = ?", token,
    )  # fmt: skip


def _refresh_row(org: Org, token: str) -> Row | None:
    return state.one(
        org.db, "SELECT user_id, app_id, scopes, issued_at AS iat, NULL AS exp"
        " FROM x_refresh WHERE token = ? AND state = 'live'", token,
    )  # fmt: skip


async def userinfo(org: Org, request: Request) -> Response:
    """GET and POST /services/oauth2/userinfo (OpenID Connect Core section 5.3)."""
    with org.changing():
        session = live_session(org, bearer(request.headers.get("authorization", "")))
        if session is None:
            return refuse_identity(org, None, "session_live")
        base = web.place_of(org, request).base
        user = _user(org, session.user_id)
        return JSONResponse({
            "sub": f"{base}/id/{state.noted(org.db, 'org_id')}/{session.user_id}",
            "user_id": session.user_id,
            "organization_id": state.noted(org.db, "org_id"),
            "preferred_username": user["Username"],
            "name": user["Name"],
            "email": user["Email"],
            "active": bool(user["IsActive"]),
            "user_type": "STANDARD",
            "urls": _urls(base, session.user_id),
        })  # fmt: skip


async def identity(org: Org, request: Request) -> Response:
    """GET /id/{org}/{user}: the identity URL, one's own only."""
    token = bearer(request.headers.get("authorization", ""))
    token = token or request.query_params.get("oauth_token", "")
    asked = request.path_params["org_id"], request.path_params["user_id"]
    with org.changing():
        session = live_session(org, token)
        if session is None:
            return refuse_identity(org, None, "session_live")
        if not is_id(asked[0]) or to15(asked[0]) != to15(state.noted(org.db, "org_id")):
            return refuse_identity(org, session, "identity_org")
        if not is_id(asked[1]) or to15(asked[1]) != to15(session.user_id):
            return refuse_identity(org, session, "identity_user")
        return JSONResponse(_identity(org, web.place_of(org, request).base, session.user_id))


def _identity(org: Org, base: str, user_id: str) -> dict[str, object]:
    user, org_id = _user(org, user_id), state.noted(org.db, "org_id")
    return {
        "id": f"{base}/id/{org_id}/{user_id}",
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org_id,
        "username": user["Username"],
        "nick_name": user["Alias"],
        "display_name": user["Name"],
        "email": user["Email"],
        "active": bool(user["IsActive"]),
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": 0,
        "last_modified_date": user["LastModifiedDate"],
        "urls": _urls(base, user_id),
    }


def _user(org: Org, user_id: str) -> Row:
    row = state.one(org.db, 'SELECT * FROM "User" WHERE "Id" = ?', user_id)
    if row is None:
        raise AssertionError(f"a session of user {user_id}, who is not there")
    return row


def _urls(base: str, user_id: str) -> dict[str, str]:
    rest = f"{base}/services/data/v{{version}}"
    return {
        "rest": f"{rest}/", "sobjects": f"{rest}/sobjects/", "search": f"{rest}/search/",
        "query": f"{rest}/query/", "recent": f"{rest}/recent/", "profile": f"{base}/{user_id}",
    }  # fmt: skip


async def success(_org: Org, _request: Request) -> Response:
    """GET /services/oauth2/success: the callback of apps that have none of their own."""
    return pages.plain("Authentication successful", "Remote Access Application Authorization")


async def echo(_org: Org, request: Request) -> Response:
    """GET /services/oauth2/echo: the callback that turns its query into JSON (headless)."""
    return JSONResponse(dict(request.query_params), headers={"Cache-Control": "no-store"})


async def error_page(org: Org, request: Request) -> Response:
    """GET RemoteAccessErrorPage: Salesforce's own page, which never calls back."""
    query = request.query_params
    with org.lock:
        return pages.oauth_error(org, query.get("error", ""), query.get("error_description", ""))
