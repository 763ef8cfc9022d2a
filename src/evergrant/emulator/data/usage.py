"""OAuth usage of external client apps: Connect REST, …/apps/oauth/usage (v59).

Connect REST API Developer Guide: apps, users of an app, tokens of a user, and their revocation;
connected apps are not among them.  It says that nextPageUrl is always there, so that a reader
stops at an empty page.  That ids are record ids, and the right to see it, are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state, tokens
from evergrant.emulator.data.call import answer, empty
from evergrant.emulator.data.errors import DataError
from evergrant.emulator.ids import is_id, to18

if TYPE_CHECKING:
    from sqlite3 import Row

    from starlette.responses import Response

    from evergrant.emulator.data.call import Call
    from evergrant.emulator.policies import AppPolicy

_RIGHT: Final = frozenset({"ExternalClientAppAdmin"})
_SINCE: Final = 59
_PAGE: Final = 100
_GRANTS: Final = (
    'SELECT t.*, u."Username", r.app_id FROM "OauthToken" t'
    " JOIN x_refresh r ON r.family = t.\"Id\" AND r.state = 'live'"
    ' LEFT JOIN "User" u ON u."Id" = t."UserId" WHERE r.app_id = ?'
)


def apps(call: Call) -> Response:
    """GET …/usage: the external client apps of the org."""
    _permitted(call)
    rows = state.every(call.org.db, 'SELECT "Id" FROM "ExternalClientApplication" ORDER BY rowid')
    listed = [_app(call, state.load_app(call.org.db, row["Id"])) for row in rows]
    return _page(call, "apps", listed)


def users(call: Call) -> Response:
    """GET …/usage/{app}/users: who has a refresh token for the app, each once."""
    app = _asked_app(call)
    rows = state.every(call.org.db, f'{_GRANTS} ORDER BY t."CreatedDate"', app.id)
    by_user: dict[str, list[Row]] = {}
    for row in rows:
        by_user.setdefault(row["UserId"], []).append(row)
    return _page(call, "users", [_use(call, app, held) for held in by_user.values()])


def tokens_of(call: Call) -> Response:
    """GET …/usage/{app}/{user}/tokens: the refresh tokens of one user, never the secrets."""
    app, user = _asked_app(call), _asked_id(call, "user")
    sql = f'{_GRANTS} AND t."UserId" = ? ORDER BY t."CreatedDate"'
    rows = state.every(call.org.db, sql, app.id, user)
    return _page(call, "tokens", [_use(call, app, [row], row["Id"]) for row in rows])


def revoke_user(call: Call) -> Response:
    """DELETE …/usage/{app}/{user}/tokens: 204."""
    app, user = _asked_app(call), _asked_id(call, "user")
    with call.org.changing():
        tokens.end_approvals(call.org, app_id=app.id, user_id=user)
    return empty()


def revoke_app(call: Call) -> Response:
    """DELETE …/usage/{app}/tokens: 204."""
    app = _asked_app(call)
    with call.org.changing():
        tokens.end_approvals(call.org, app_id=app.id)
    return empty()


def revoke_token(call: Call) -> Response:
    """DELETE …/usage/tokens/{token}: 204."""
    _permitted(call)
    token = _asked_id(call, "token")
    with call.org.changing() as db:
        found = state.one(
            db, 'SELECT r.app_id FROM "OauthToken" t JOIN x_refresh r ON r.family = t."Id"'
            " JOIN \"ExternalClientApplication\" a ON a.\"Id\" = r.app_id WHERE t.\"Id\" = ?",
            token,
        )  # fmt: skip
        if found is None:
            raise DataError("no_resource")
        tokens.end_family(call.org, token, "revoked")
    return empty()


def _permitted(call: Call) -> None:
    if call.caller.version < _SINCE:
        raise DataError("no_resource")
    if not call.caller.has_any(_RIGHT):
        raise DataError("access")


def _asked_id(call: Call, name: str) -> str:
    text = call.param(name)
    if not is_id(text):
        raise DataError("no_resource")
    return to18(text)


def _asked_app(call: Call) -> AppPolicy:
    _permitted(call)
    record = _asked_id(call, "app")
    found = state.one(
        call.org.db, 'SELECT 1 FROM "ExternalClientApplication" WHERE "Id" = ?', record
    )
    if found is None:
        raise DataError("no_resource")
    return state.load_app(call.org.db, record)


def _format(app: AppPolicy) -> str:
    return "JWT" if app.jwt_access_tokens else "Opaque"


def _app(call: Call, app: AppPolicy) -> dict[str, object]:
    return {
        "accessTokenFormat": _format(app),
        "availableActions": [],
        "description": None,
        "developerName": app.name.replace("-", "_"),
        "identifier": app.id,
        "isFromPackage": app.distribution == "Packaged",
        "usageDetailsUrl": f"{call.base}/apps/oauth/usage/{app.id}/users",
    }


def _use(call: Call, app: AppPolicy, held: list[Row], token: str = "") -> dict[str, object]:
    first, usage = held[0], f"{call.base}/apps/oauth/usage"
    revoke = f"{usage}/tokens/{token}" if token else f"{usage}/{app.id}/{first['UserId']}/tokens"
    return {
        "accessTokenFormat": _format(app),
        "appDeveloperName": app.name.replace("-", "_"),
        "appIdentifier": app.id,
        "initialConnectionAt": first["CreatedDate"],
        "lastUsedAt": max(row["LastUsedDate"] for row in held),
        "revocationUrl": revoke,
        "useCount": sum(row["UseCount"] for row in held),
        "userIdentifier": first["UserId"],
        "username": first["Username"],
    }


def _page(call: Call, name: str, rows: list[dict[str, object]]) -> Response:
    page, size = _number(call, "page", 0), min(max(_number(call, "pageSize", _PAGE), 1), _PAGE)
    path = call.request.url.path
    return answer({
        name: rows[page * size : (page + 1) * size],
        "currentPageUrl": f"{path}?page={page}&pageSize={size}",
        "nextPageUrl": f"{path}?page={page + 1}&pageSize={size}",
    })  # fmt: skip


def _number(call: Call, name: str, otherwise: int) -> int:
    text = call.request.query_params.get(name, "")[:9]
    return int(text) if text.isascii() and text.isdigit() else otherwise
