"""The Metadata API: what an admin set, retrieved as files and deployed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from evergrant.emulator.metadata.rest import rest_routes
from evergrant.emulator.metadata.soap import soap

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org

_SOAP: Final = "/services/Soap/m/{version}"


def metadata_routes(org: Org) -> list[Route]:
    """All routes of the Metadata API; they come before those of the APIs around it."""

    async def endpoint(request: Request) -> Response:
        return await soap(org, request)

    paths = (_SOAP, f"{_SOAP}/{{org_id}}")
    return [*(Route(path, endpoint, methods=["POST"]) for path in paths), *rest_routes(org)]
