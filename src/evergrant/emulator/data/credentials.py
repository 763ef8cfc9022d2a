"""Keys and secrets of external client apps: Connect REST, …/apps/oauth/credentials (v60, v65).

The setting enableClientSecretInRestApiAccess and both permissions are documented (4.7); members
and errors of the answers, and which path the rotation is sent to, are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import staged, state
from evergrant.emulator.data.call import answer, empty
from evergrant.emulator.data.errors import DataError
from evergrant.emulator.ids import is_id, to18, twin
from evergrant.emulator.objects import stamp
from evergrant.emulator.records import audit

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.data.call import Call
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.staged import Staged

_RIGHTS: Final = frozenset({"ExternalClientAppDeveloper", "ViewClientSecret"})
_SINCE: Final = 60
_STAGED_SINCE: Final = 65
_PARTS: Final = {
    "key": ("consumerKey",),
    "secret": ("consumerSecret",),
    "keyandsecret": ("consumerKey", "consumerSecret"),
}


def consumers(call: Call) -> Response:
    """GET …/credentials/{app}: the app's consumers; it has one."""
    app = _app(call, _SINCE)
    return answer({"consumers": [{"id": _consumer(app), "consumerKey": app.consumer_key}]})


def read(call: Call) -> Response:
    """GET …/credentials/{app}/{consumer}?part=key|secret|keyandsecret; the key if not said."""
    app = _asked(call, _SINCE)
    part = call.request.query_params.get("part", "key").lower()
    if part not in _PARTS:
        raise DataError("bad_value", name="part")
    secrets = [secret for secret, until in state.secrets_of(call.org.db, app.id) if until is None]
    known = {"consumerKey": app.consumer_key, "consumerSecret": secrets[0] if secrets else ""}
    return answer({name: known[name] for name in _PARTS[part]})


def listed(call: Call) -> Response:
    """GET …/{consumer}/staged: every set beside the app's own, without secrets."""
    app = _asked(call, _STAGED_SINCE)
    sets = [_told(each) for each in staged.every(call.org, app)]
    return answer({"stagedCredentials": sets})


def add(call: Call) -> Response:
    """POST …/{consumer}/staged: 201, with the new key and its secret."""
    app = _asked(call, _STAGED_SINCE)
    with call.org.changing():
        try:
            made = staged.add(call.org, app)
        except staged.CannotStage as error:
            raise DataError("staged", why=str(error)) from error
        _audit(call, f"Staged credentials of {app.label}")
    return answer({**_told(made), "consumerSecret": made.secret}, 201)


def one(call: Call) -> Response:
    """GET …/staged/{set}: one set with its secret."""
    app = _asked(call, _STAGED_SINCE)
    found = next((e for e in staged.every(call.org, app) if e.id == call.param("set")), None)
    if found is None:
        raise DataError("no_resource")
    return answer({**_told(found), "consumerSecret": found.secret})


def rotate(call: Call) -> Response:
    """PATCH …/staged/{set} with {"command": "rotate"}: the staged set becomes the app's own."""
    app = _asked(call, _STAGED_SINCE)
    if call.json_object().get("command") != "rotate":
        raise DataError("bad_value", name="command")
    with call.org.changing():
        try:
            staged.rotate(call.org, app, call.param("set"))
        except staged.CannotStage as error:
            raise DataError("staged", why=str(error)) from error
        _audit(call, f"Rotated credentials of {app.label}")
    return empty()


def delete(call: Call) -> Response:
    """DELETE …/staged/{set}: 204; the set is good no longer."""
    app = _asked(call, _STAGED_SINCE)
    with call.org.changing():
        if not staged.delete(call.org, app, call.param("set")):
            raise DataError("no_resource")
        _audit(call, f"Deleted staged credentials of {app.label}")
    return empty()


def _app(call: Call, since: int) -> AppPolicy:
    """The external client app named in the path, for a caller who may see its secrets."""
    if call.caller.version < since:
        raise DataError("no_resource")
    if not state.load_org(call.org.db).client_secret_in_rest:
        raise DataError("secrets_off")
    if not call.caller.permissions >= _RIGHTS:
        raise DataError("access")
    text = call.param("app")
    record = to18(text) if is_id(text) else ""
    found = state.one(
        call.org.db, 'SELECT 1 FROM "ExternalClientApplication" WHERE "Id" = ?', record
    )
    if found is None:
        raise DataError("no_resource")
    return state.load_app(call.org.db, record)


def _asked(call: Call, since: int) -> AppPolicy:
    """The app, where the consumer in the path is its own."""
    app, text = _app(call, since), call.param("consumer")
    if not is_id(text) or to18(text) != _consumer(app):
        raise DataError("no_resource")
    return app


def _consumer(app: AppPolicy) -> str:
    """The id of the app's row in ExtlClntAppOauthConsumer."""
    return twin("1Oc", app.id)


def _told(each: Staged) -> dict[str, object]:
    return {
        "id": each.id, "consumerKey": each.consumer_key, "state": each.standing,
        "expirationDate": stamp(each.until),
    }  # fmt: skip


def _audit(call: Call, display: str) -> None:
    audit(
        call.org, "inferred:stagedCredentials", display, "External Client Apps",
        by=call.caller.user_id,
    )  # fmt: skip
