"""A host application in one file: how a product embeds Evergrant's banner and connection card.

    EVERGRANT=http://127.0.0.1:8400 EVERGRANT_KEY=evgk_… CONNECTION=con_… \\
        uvicorn --app-dir examples/host-app app:app --port 8500

It has two users without passwords, an admin and an ordinary one.  What matters is `session`: the
product's backend knows who is signed in, asks Evergrant for a short-lived session word for that
person's connection, and hands it to that browser.  The key, which opens only the connections that
the product may have (`evergrant api-keys create`), never leaves the backend.
"""

from __future__ import annotations

import os
from html import escape

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

PEOPLE = {"ada": ("Ada Admin", "admin"), "uma": ("Uma User", "end user")}
"""Who may sign in here → their name, and what they are to Evergrant."""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Deals · Orbit</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/orbit.css">
<script type="module" src="{evergrant}/embed/evergrant.js"></script>
</head>
<body>
<header><strong>Orbit</strong> <span>{name}</span></header>
<main>
<evergrant-banner session="/evergrant-session" poll="1"></evergrant-banner>
<h1>Deals</h1>
<p>What this product is about stands here.</p>
<h2>Integrations</h2>
<evergrant-connect session="/evergrant-session" poll="1"></evergrant-connect>
</main>
</body>
</html>
"""
SHEET = """
body { margin: 0; font-family: system-ui, sans-serif; color: light-dark(#1c1c28, #e8e8f0);
  background: light-dark(#f6f6fa, #14141c); --evergrant-radius: 0.75rem;
  --evergrant-accent: #5b2bd9; --evergrant-on-accent: #ffffff; }
header { display: flex; justify-content: space-between; padding: 1rem; background: #24124f;
  color: #ffffff; }
main { max-width: 56rem; margin: 0 auto; padding: 1rem; }
"""


def evergrant() -> str:
    """Where Evergrant is."""
    return os.environ.get("EVERGRANT", "http://127.0.0.1:8400").rstrip("/")


def page(request: Request) -> Response:
    """The product's page, with two parts of Evergrant in it."""
    name, _ = PEOPLE.get(request.cookies.get("who", ""), ("", ""))
    if not name:
        return HTMLResponse('<!doctype html><title>Orbit</title><a href="/as/ada">Ada</a>', 401)
    answer = HTMLResponse(PAGE.format(evergrant=escape(evergrant()), name=escape(name)))
    # What the parts need of the host's policy: Evergrant's origin for the script and its calls.
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src data:; script-src {evergrant()}; "
        f"connect-src 'self' {evergrant()}; frame-ancestors 'none'; base-uri 'none'"
    )
    return answer


def session(request: Request) -> Response:
    """A session word for whoever is signed in here, for their own connection only."""
    _, reader = PEOPLE.get(request.cookies.get("who", ""), ("", ""))
    origin = f"{request.url.scheme}://{request.url.netloc}"
    if not reader or request.headers.get("origin") != origin:
        return JSONResponse({"error": "sign in first"}, 401)
    answer = httpx2.post(
        f"{evergrant()}/v1/connections/{os.environ['CONNECTION']}/embed-sessions",
        headers={"Authorization": f"Bearer {os.environ['EVERGRANT_KEY']}"},
        json={
            "origin": origin,
            "reader": reader,
            "who": "Ada Admin (ada@customer.example)",
        },
        timeout=10,
    )
    if answer.status_code != 201:
        return JSONResponse({"error": "no session just now"}, 503)
    return JSONResponse({"token": answer.json()["token"]}, headers={"Cache-Control": "no-store"})


def sign_in(request: Request) -> Response:
    """The product's own sign-in, without a password: this is an example."""
    answer = RedirectResponse("/", 303)
    answer.set_cookie("who", request.path_params["who"], httponly=True, samesite="lax")
    return answer


def sheet(_request: Request) -> Response:
    """The product's colours; those that begin with `--evergrant` are for the parts."""
    return Response(SHEET, media_type="text/css")


app = Starlette(
    routes=[
        Route("/", page),
        Route("/orbit.css", sheet),
        Route("/as/{who}", sign_in),
        Route("/evergrant-session", session, methods=["POST"]),
    ]
)
