"""What no route of the API takes in, as problems for programs: requests that are not as its
document says, paths and methods that it does not have, and our own defects.

The console, mounted behind it, would answer such a path with a page for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from evergrant.api import problems
from evergrant.api.problems import Kind, problem

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_BY_STATUS = {
    each.status: each for each in (problems.NOT_FOUND, problems.WRONG_METHOD, problems.TOO_LARGE)
}
MOST_ERRORS = 20
"""So many things that are wrong with a request are told, at most."""


def add_to(app: FastAPI) -> None:
    """Answer whatever the routes that the app has by now do not; add none to its API afterwards."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unreadable)
    app.add_exception_handler(Exception, _defect)
    app.router.routes.append(Route("/v1/{rest:path}", _Nowhere(tuple(app.router.routes))))


class _Nowhere:
    """An ASGI app for paths that have no route, or not by that method."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        allowed = [method for method in _METHODS if self._has({**scope, "method": method})]
        if not allowed:
            answer = problem(problems.NOT_FOUND)
        else:
            answer = problem(problems.WRONG_METHOD, headers={"Allow": ", ".join(allowed)})
        await answer(scope, receive, send)

    def _has(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)


def _invalid(_request: Request, error: Exception) -> Response:
    """Tell where a request is not as it should be; what stands there is never repeated."""
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [
        {"where": ".".join(str(step) for step in each["loc"]), "what": str(each["msg"])}
        for each in error.errors()[:MOST_ERRORS]
    ]
    return problem(problems.INVALID, more={"errors": wrong})


def _unreadable(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return problem(_BY_STATUS.get(error.status_code, _other(error.status_code)))


def _other(status: int) -> Kind:
    return problems.BAD_REQUEST if status < 500 else problems.DEFECT


def _defect(_request: Request, _error: Exception) -> Response:
    return problem(problems.DEFECT)
