"""What every page of the console costs a browser that comes for the first time.

    python benchmarks/pages.py [CONNECTIONS] [--write]

The real service, with 10,000 connections unless told otherwise, and Chromium with an empty cache,
as a phone and as a desk.  Per page: bytes on the wire (document, style, scripts, pictures),
requests, elements, the largest contentful paint and the layout shift as the browser's own
PerformanceObserver tells them, and what axe-core finds.  The paint is the least of several visits,
which other work on the machine disturbs least; of the rest, the most counts.  Ends with 1 if a page
does not keep its budget.  `--write` keeps the result for docs/reference/pages.md.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "kits"))

import chromium
from axe import violations
from evergrant.emulator.server import Emulator
from every_page import MANY, Laid, laid_out
from sight import Look
from web_kit import Web, standing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

RESULTS = Path(__file__).parent.parent / "docs" / "generator" / "pages.json"
LOOKS = {"phone": Look(360, 800), "desk": Look(1440, 900)}
VISITS = 3
BUDGETS = {"bytes": 100_000, "requests": 20, "elements": 1_400, "lcp_ms": 1_000, "shift": 0.1,
           "violations": 0}  # fmt: skip
"""The most that a page may cost; 1,400 elements and a shift of 0.1 are Lighthouse's own limits."""
SEEN = """
() => new Promise(done => {
  const seen = {lcp_ms: 0, shift: 0};
  const told = (type, take) => new PerformanceObserver(list => list.getEntries().forEach(take))
    .observe({type, buffered: true});
  told("largest-contentful-paint", each => { seen.lcp_ms = each.startTime; });
  told("layout-shift", each => { if (!each.hadRecentInput) seen.shift += each.value; });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(
    {...seen, elements: document.querySelectorAll("*").length}), 100)));
})
"""
"""What the page's observers saw from its beginning on, two frames and a moment after it stands."""


def main(arguments: list[str]) -> int:
    """Measure, print, and say whether every budget was kept."""
    many = next((int(each) for each in arguments if each.isdigit()), MANY)
    with ExitStack() as held:
        org = held.enter_context(Emulator(seed=11))
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        web = held.enter_context(standing(org, folder))
        laid = laid_out(web, many)
        browser = held.enter_context(chromium.started())
        rows = [_row(browser, web, laid, route) for route in laid.every]
    print("\n".join(_lines(rows)))
    if "--write" in arguments:
        machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[1])}
        told = {"connections": many, "machine": machine, "budgets": BUDGETS, "pages": rows}
        RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 1 if any(_broken(row) for row in rows) else 0


def _row(browser: Browser, web: Web, laid: Laid, route: str) -> dict[str, Any]:
    seen = {name: _visited(browser, web, laid, route, look) for name, look in LOOKS.items()}
    return {"page": route, **seen}


def _visited(browser: Browser, web: Web, laid: Laid, route: str, look: Look) -> dict[str, float]:
    """A page in several first visits; its rules are looked at in the last."""
    visits, found = [], 0
    for number in range(VISITS):
        context = browser.new_context(
            viewport={"width": look.width, "height": look.height}, color_scheme=look.schemes[0]
        )
        if route in laid.paths:
            _sign_in(context, web)
        page = context.new_page()
        visits.append(_visit(page, web.url + laid.every[route]))
        if number == VISITS - 1:
            found = len(violations(page))
        context.close()
    worst = {name: round(max(each[name] for each in visits), 3) for name in visits[0]}
    best = round(min(each["lcp_ms"] for each in visits))
    return {**worst, "lcp_ms": best, "violations": found}


def _sign_in(context: BrowserContext, web: Web) -> None:
    """With the session of the browser that is signed in already: sign-ins are limited."""
    for each in web.browser.cookies.jar:
        context.add_cookies([{"name": each.name, "value": each.value or "", "url": web.url}])


def _visit(page: Page, address: str) -> dict[str, float]:
    told: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda each: told.append(each["encodedDataLength"]))
    page.goto(address, wait_until="load")
    seen: dict[str, float] = page.evaluate(SEEN)
    return {"bytes": sum(told), "requests": len(told)} | seen


def _broken(row: dict[str, Any]) -> list[str]:
    """The budgets that a page does not keep, at either width."""
    return [
        f"{width} {name}"
        for width in LOOKS
        for name, most in BUDGETS.items()
        if row[width][name] > most
    ]


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{'page':50} {'kB':>6} {'req.':>4} {'elem.':>6} {'LCP ms':>11} {'shift':>6} axe budget"
    for row in rows:
        phone, desk = row["phone"], row["desk"]
        most = {name: max(phone[name], desk[name]) for name in BUDGETS}
        paints = f"{phone['lcp_ms']:.0f} / {desk['lcp_ms']:.0f}"
        yield (
            f"{row['page']:50} {most['bytes'] / 1000:6.1f} {most['requests']:4.0f} "
            f"{most['elements']:6.0f} {paints:>11} {most['shift']:6.3f} {most['violations']:3.0f} "
            f"{', '.join(_broken(row)) or 'kept'}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
