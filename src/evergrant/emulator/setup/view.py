"""How a Setup page is drawn: template, menu, buttons the person may press, inferred labels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from starlette.responses import HTMLResponse

from evergrant.emulator import pages
from evergrant.emulator.objects import parse_stamp, stamp
from evergrant.emulator.setup.index import HOME, menu
from evergrant.emulator.setup.labels import Labels

if TYPE_CHECKING:
    from evergrant.emulator.schema import Mark
    from evergrant.emulator.setup.desk import Desk, Page, Right

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
}
LOGOUT: Final = "/secur/logout.jsp"
"""Where the Log Out button goes (inferred)."""


def draw(desk: Desk, page: Page, status: int = 200, *, problem: str = "") -> HTMLResponse:
    """A page as this person may see it; raises NoRecord."""
    may = {name: deed.right.allows(desk.permissions) for name, deed in page.deeds.items()}
    return _render(
        desk, page.template, page.title, status,
        {**page.show(desk), "may": may, "problem": problem, "path": page.path},
    )  # fmt: skip


def insufficient(desk: Desk, right: Right) -> HTMLResponse:
    """The page for somebody who lacks a permission; its wording is inferred."""
    return denied(desk, right.told(), right.mark)


def denied(desk: Desk, needed: str, mark: Mark) -> HTMLResponse:
    """The same page, for something else that is needed."""
    return _render(
        desk, "insufficient.html", "Insufficient Privileges", 403, {"needed": needed, "mark": mark}
    )


def sentence(desk: Desk, title: str, text: str, status: int) -> HTMLResponse:
    """A page with one sentence of ours."""
    return _render(desk, "sentence.html", title, status, {"text": text})


def _render(
    desk: Desk, template: str, title: str, status: int, fields: dict[str, object]
) -> HTMLResponse:
    frame: dict[str, object] = {
        "banner": pages.BANNER, "org_name": pages.org_name(desk.org), "title": title,
        "L": Labels(), "M": str, "token": desk.token, "menu": menu(desk.permissions), "home": HOME,
        "logout": LOGOUT, "username": desk.username, "when": when,
        "moment": moment, "problem": "", "is_done": "done" in desk.query, "path": "",
    }  # fmt: skip
    text = pages.environment().get_template(f"setup/{template}").render({**frame, **fields})
    return HTMLResponse(text, status, headers=HEADERS)


def when(stamped: str | None) -> str:
    """A moment as the pages show it, in UTC; the real pages follow the user's locale."""
    if not stamped:
        return ""
    shown = parse_stamp(stamped)
    return Markup('<time datetime="{}">{}</time>').format(
        shown.isoformat(), f"{shown:%Y-%m-%d %H:%M:%S} UTC"
    )


def moment(seconds: float) -> str:
    """A moment of the internal tables, as the pages show it."""
    return when(stamp(datetime.fromtimestamp(seconds, UTC)))
