"""A page that shows every component in every state, served as the console serves its pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import evergrant
from evergrant.api.listening import listen
from evergrant.health import State
from evergrant.model import Proof
from evergrant.web.security import HEADERS

WEB = Path(evergrant.__file__).parent / "web"
ICON = '<link rel="icon" href="/static/icon.svg">'
PROVEN = (
    Proof("identity", True, "00D5g000007KLmN, integration@northwind.example"),
    Proof("call", False, "GET /services/data answered 403 API_DISABLED_FOR_ORG"),
    Proof("login_history", None, "this user may not read Login History; an evidence session may"),
)

environment = Environment(
    loader=FileSystemLoader([WEB / "templates", Path(__file__).parent]),
    autoescape=True,
    undefined=StrictUndefined,
)


def macro(file: str, name: str) -> Callable[..., str]:
    """A macro of a file of components, as Python calls it."""
    found: Callable[..., str] = getattr(
        environment.get_template(f"components/{file}.html").module, name
    )
    return found


def values() -> dict[str, Any]:
    """What the style guide shows."""
    return {
        "operator": "ada@vendor.example",
        "tenant": "",
        "csrf": "a-word-against-forgery",
        "nav": (("/", "Connections"), ("/told", "Diagnose"), ("/audit", "Audit"), ("/d", "Drills")),
        "here": "/",
        "states": tuple(State),
        "rows": tuple((f"Customer {number}", state) for number, state in enumerate(State, 1)),
        "proven": PROVEN,
        "noon": datetime(2026, 11, 22, 12, 5, tzinfo=UTC),
    }


def guide(_: Request) -> Response:
    """The style guide."""
    html = environment.get_template("style_guide.html").render(values())
    return HTMLResponse(html, headers=HEADERS)


async def told(request: Request) -> Response:
    """Says what was pressed."""
    form = await request.form()
    said = f"{request.method} {request.url.query} {' '.join(sorted(form))}"
    return HTMLResponse(f"<!doctype html><title>Told</title>{ICON}<p>{said}</p>", headers=HEADERS)


def fragment(_: Request) -> Response:
    """What htmx swaps in: a component that needs script."""
    return HTMLResponse(macro("copy", "copyable")("swapped in", "word"), headers=HEADERS)


def faulty(_: Request) -> Response:
    """A page with everything that the harness must notice."""
    html = (
        f'<!doctype html><html lang="en"><title>Faulty</title>{ICON}<main><h1>Faulty</h1>'
        "<script>document.title = 'inline'</script>"
        '<input name="unlabelled"><img src="http://elsewhere.example/p.png" alt=""></main>'
    )
    return HTMLResponse(html, headers=HEADERS)


app = Starlette(
    routes=[
        Route("/", guide),
        Route("/told", told, methods=["GET", "POST"]),
        Route("/fragment", fragment),
        Route("/faulty", faulty),
        Mount("/static", StaticFiles(directory=WEB / "static")),
    ]
)


@contextmanager
def serving() -> Iterator[str]:
    """Serve the gallery on loopback until the block ends; gives its address."""
    with listen("127.0.0.1", 0) as opened:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([opened],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=60)
