"""The routes of the console, without a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute

from evergrant.web import app as module


class _NoKeeper:
    settings: Any = None


def routes_of_console() -> Iterator[APIRoute]:
    """Every route with a page or a form behind it."""
    console = module._console(_NoKeeper(), None)  # type: ignore[arg-type]
    for each in console.routes:
        inner = getattr(each, "original_router", None)
        for route in inner.routes if inner is not None else [each]:
            if isinstance(route, APIRoute):
                yield route
