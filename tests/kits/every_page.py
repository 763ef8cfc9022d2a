"""Every page of the console once, with something on it: what it weighs and how fast it stands.

`ELSE` names the routes that are no pages; a test holds both tables against the console's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

import evergrant.web
from crowd_kit import crowd
from evergrant import keeper as verbs
from evergrant.keeper.org_audits import audit_org
from evergrant.model import Connection
from keeper_kit import BROWSER_APP
from link_kit import link_for
from web_kit import Web

CONNECTION, FLOW = "/connections/{connection_id}", "/flows/{flow_id}"
RECONNECT, REPAIR = "/reconnect/{link_id}", "/repairs/{flow_id}"
NOWHERE: Final = "/nope"
"""The page that says that there is none."""
ELSE: Final[Mapping[str, str]] = {
    f"{CONNECTION}/bundle": "a file",
    f"{CONNECTION}/doctor/{{examination_id}}/events": "part of a page",
    f"{FLOW}/now": "part of a page",
    f"{REPAIR}/now": "part of a page",
    f"{REPAIR}/package.zip": "a file",
    f"{REPAIR}/way-back.zip": "a file",
    f"{RECONNECT}/now": "part of a page",
    f"{RECONNECT}/brand.css": "a file",
    f"{RECONNECT}/logo": "a file",
    "/connections.csv": "a file",
    "/oauth/callback": "leads on",
    "/r/{word}": "leads on",
    "/sign-in/{ticket}": "leads on",
    "/start/{ticket}": "leads on",
}
"""Routes that answer GET with something else."""
OPEN: Final = {
    "/sign-in": "/sign-in",
    "/callback/{how}": "/callback/refused",
    "/leave/{ticket}": f"/leave/{'t' * 40}?elsewhere=yes",
}
BLOCKED: Final = "app-blocked-by-admin"
MANY: Final = 10_000
DEAD: Final = '{"error":"invalid_grant","error_description":"expired access/refresh token"}'


def routes() -> set[str]:
    """Every route of the console that answers GET."""
    found: set[str] = set()
    for module in iter_modules(evergrant.web.__path__, "evergrant.web."):
        router = getattr(import_module(module.name), "routes", None)
        if isinstance(router, APIRouter):
            found |= {
                each.path
                for each in router.routes
                if isinstance(each, APIRoute) and "GET" in (each.methods or ())
            }
    return found


@dataclass(frozen=True, slots=True)
class Laid:
    """Where each page is to be found."""

    paths: Mapping[str, str]
    """A page's route → the path of one such page."""
    open_to_all: Mapping[str, str]
    """Pages for people without an account; a browser that is signed in gets others."""

    @property
    def every(self) -> dict[str, str]:
        """All of them."""
        return {**self.paths, **self.open_to_all}


def laid_out(web: Web, many: int = MANY) -> Laid:
    """So many connections, one of them blocked, audited, examined and being repaired."""
    made = _broken(web)
    at, flow = f"/connections/{made.id}", f"/flows/{web.reauthorizing(made.id)}"
    number = _repairable(web)
    repair = web.post(f"{at}/fixes/{BLOCKED}/{number}/repair").headers["location"]
    crowd(web.ground.keeper, made.integration, many, blocked=many // 40)
    paths = {
        "/": "/",
        "/connections": "/connections",
        "/connections/new": "/connections/new",
        CONNECTION: at,
        f"{CONNECTION}/configure": f"{at}/configure",
        f"{CONNECTION}/remove": f"{at}/remove",
        f"{CONNECTION}/links": f"{at}/links",
        f"{CONNECTION}/doctor": f"{at}/doctor",
        f"{CONNECTION}/doctor/{{examination_id}}": web.post(f"{at}/doctor").headers["location"],
        f"{CONNECTION}/fixes/{{cause}}/{{number}}": f"{at}/fixes/{BLOCKED}/1",
        FLOW: flow,
        f"{FLOW}/fixes/{{cause}}/{{number}}": f"{flow}/fixes/{BLOCKED}/1",
        REPAIR: repair,
        "/fleet": "/fleet",
        "/integrations": "/integrations",
        "/integrations/new": "/integrations/new",
        "/integrations/{integration_id}": f"/integrations/{made.integration}",
        "/integrations/{integration_id}/edit": f"/integrations/{made.integration}/edit",
        "/explain": "/explain",
        "/explain/term": "/explain/term?q=invalid_grant",
        "/explain/{cause}": f"/explain/{BLOCKED}",
        "/rules/{rule_id}": "/rules/app-blocked",
        "/readings/{reading_id}": web.post("/readings", text=DEAD).headers["location"],
        "/log": "/log",
        "/demo": "/demo",
        NOWHERE: NOWHERE,
    }
    word = link_for(web, made.id).rsplit("/", 1)[1]
    return Laid(paths, OPEN | {RECONNECT: f"/r/{word}"})


def _broken(web: Web) -> Connection:
    """A connection whose org was audited before an admin blocked the app."""
    connection = web.ground.connected("Nordwind Logistik & Söhne")
    audit_org(web.ground.keeper, connection.id, web.ground.control.session())
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    return connection


def _repairable(web: Web) -> int:
    """The step of the cause that a program can do."""
    fixes = web.ground.keeper.catalog.causes[BLOCKED].fixes
    return next(number for number, each in enumerate(fixes, 1) if each.change)
