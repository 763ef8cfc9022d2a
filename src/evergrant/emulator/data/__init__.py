"""The REST data API: its routes, its root, its limits, and a plain 501 for all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Never

from starlette.routing import Route

from evergrant.emulator.data import blobs as data_blobs
from evergrant.emulator.data import credentials as data_credentials
from evergrant.emulator.data import describe as data_describe
from evergrant.emulator.data import query as data_query
from evergrant.emulator.data import records as data_records
from evergrant.emulator.data import usage as data_usage
from evergrant.emulator.data import writes as data_writes
from evergrant.emulator.data.call import DAILY_CALLS, VERSIONS, answer, calls_on, endpoint
from evergrant.emulator.data.composite import composite
from evergrant.emulator.data.errors import STATEMENT, DataError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.data.call import Call, Handler
    from evergrant.emulator.org import Org

_METHODS: Final = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
_RESOURCES: Final = ("composite", "limits", "query", "queryAll", "sobjects", "tooling")
_VIEW_SETUP: Final = frozenset({"ViewSetup"})


def data_routes(org: Org) -> list[Route]:
    """All routes under /services/data; every path is also known with a slash at its end."""
    paths = _paths()
    bare = {path: (_route(path, org, handlers), handlers) for path, handlers in paths.items()}
    paths["/composite"] = {"POST": composite(bare)}
    routes = [
        _route(path + slash, org, handlers)
        for path, handlers in paths.items()
        for slash in ("", "/")
    ]
    return [
        Route("/services/data", versions),
        Route("/services/data/", versions),
        *routes,
        _route("/{rest:path}", org, dict.fromkeys(_METHODS, not_built)),
    ]


def _paths() -> dict[str, dict[str, Handler]]:
    record: dict[str, Handler] = {
        "GET": data_records.read,
        "PATCH": data_writes.change,
        "DELETE": data_writes.delete,
    }
    return {
        "": {"GET": resources},
        "/limits": {"GET": limits},
        "/query": {"GET": data_query.first_page},
        "/query/{locator}": {"GET": data_query.next_page},
        "/queryAll": {"GET": data_query.first_page},
        "/queryAll/{locator}": {"GET": data_query.next_page},
        "/tooling/query": {"GET": data_query.first_page},
        "/tooling/query/{locator}": {"GET": data_query.next_page},
        "/apps/oauth/usage": {"GET": data_usage.apps},
        "/apps/oauth/usage/tokens/{token}": {"DELETE": data_usage.revoke_token},
        "/apps/oauth/usage/{app}/users": {"GET": data_usage.users},
        "/apps/oauth/usage/{app}/tokens": {"DELETE": data_usage.revoke_app},
        "/apps/oauth/usage/{app}/{user}/tokens": {
            "GET": data_usage.tokens_of,
            "DELETE": data_usage.revoke_user,
        },
        "/apps/oauth/credentials/{app}": {"GET": data_credentials.consumers},
        "/apps/oauth/credentials/{app}/{consumer}": {"GET": data_credentials.read},
        "/apps/oauth/credentials/{app}/{consumer}/staged": {
            "GET": data_credentials.listed,
            "POST": data_credentials.add,
        },
        "/apps/oauth/credentials/{app}/{consumer}/staged/{set}": {
            "GET": data_credentials.one,
            "PATCH": data_credentials.rotate,
            "DELETE": data_credentials.delete,
        },
        "/sobjects": {"GET": data_describe.every},
        "/sobjects/{entity}": {"GET": data_describe.brief, "POST": data_writes.create},
        "/sobjects/{entity}/describe": {"GET": data_describe.whole},
        "/sobjects/{entity}/{record}": record,
        "/sobjects/{entity}/{record}/{field}": {"GET": data_blobs.read},
        "/tooling/sobjects": {"GET": data_describe.every},
        "/tooling/sobjects/{entity}": {"GET": data_describe.brief},
        "/tooling/sobjects/{entity}/describe": {"GET": data_describe.whole},
        "/tooling/sobjects/{entity}/{record}": {"GET": data_records.read},
    }


def _route(path: str, org: Org, handlers: dict[str, Handler]) -> Route:
    return Route(f"/services/data/v{{version}}{path}", endpoint(org, handlers), methods=_METHODS)


async def versions(_request: Request) -> Response:
    """GET /services/data: the API versions; needs no session.

    The newest release says in its label whose answer this is.
    """
    listed = [
        {"label": label, "url": f"/services/data/v{version}", "version": version}
        for version, label in VERSIONS.items()
    ]
    listed[-1]["label"] += f" ({STATEMENT})"
    return answer(listed)


def resources(call: Call) -> Response:
    """GET /services/data/v67.0: the resources that are built."""
    return answer({name: f"{call.base}/{name}" for name in _RESOURCES})


def limits(call: Call) -> Response:
    """GET …/limits: the day's API calls; needs View Setup and Configuration."""
    if not call.caller.has_any(_VIEW_SETUP):
        raise DataError("limits_access")
    used = calls_on(call.org, call.caller.now.date().isoformat())
    return answer({"DailyApiRequests": {"Max": DAILY_CALLS, "Remaining": DAILY_CALLS - used}})


def not_built(call: Call) -> Never:
    """Whatever else is asked for: its name, and 501."""
    raise DataError("not_built", name=f"{call.request.method} {call.request.url.path}")
