"""docs/reference/pages.md: what each page of the console weighs, how fast it stands, what it may.

Sizes and times are of the last `python benchmarks/pages.py --write`, which keeps them in pages.json
beside this file; the states are those that the browser tests hand to axe-core; the headers are the
console's own.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evergrant.web.security import HEADERS
from generator.markdown import code, table
from generator.markdown import page as whole

RESULTS = Path(__file__).with_name("pages.json")
STATES = Path(__file__).parents[2] / "tests" / "kits" / "states.toml"
ELSEWHERE = "elsewhere"
POLICY = "Content-Security-Policy"
ALLOWS = {
    "default-src": "everything else",
    "style-src": "style sheets",
    "script-src": "scripts",
    "img-src": "pictures",
    "connect-src": "what scripts ask for",
    "form-action": "where forms lead",
    "frame-ancestors": "who may frame a page",
    "base-uri": "another base for addresses",
}
"""What each directive of the policy is about, in plain words."""


def page() -> str:
    """The whole page."""
    seen: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    return whole(
        "Pages",
        "What every page of the console costs a browser, and what it may do there.",
        "## Size and speed",
        f"Measured by `python benchmarks/pages.py` with {seen['connections']:,} connections in the "
        "store, in Chromium with an empty cache, at 360 and at 1440 pixels.\n"
        "The paint is the largest contentful one, in milliseconds, the least of several visits; it "
        f"is of one run on a machine with {seen['machine']['cores']} cores and a load average of "
        f"{seen['machine']['load']}, and the other columns are the same everywhere.",
        table(
            ["page", "kB on the wire", "requests", "elements", "paint, phone", "paint, desk",
             "layout shift"],
            _costs(seen["pages"]),
        ),
        f"{_budgets(seen['budgets'])}\n"
        "The script ends with 1 where a page does not keep its budget; a test keeps the bytes.",
        "Style, scripts and pictures are sent compressed (gzip) and asked after by their ETag.\n"
        "Pages and JSON are not compressed, on purpose: a page holds a word against forgery beside "
        "text that a stranger may choose, and the length of a compressed answer tells whether the "
        "two share letters ([BREACH](https://breachattack.com)).\n"
        "A proxy before the console should not compress them either.",
        "## Accessibility",
        "axe-core, with the rules of WCAG 2.2 A and AA and its best practices, finds nothing in "
        "any of these states; a test fails where a page has no state that is looked at.\n"
        "Besides, no page is wider than the screen at 360 pixels, and every page works without "
        "script up to live updates.",
        table(["page", "states that the tests look at"], _states()),
        "## What a page may do",
        f"Every answer of the console carries `{POLICY}`; the browser tests fail on anything "
        "that it refuses.",
        table(["directive", "about", "allowed"], _policy()),
        "And these headers:",
        table(["header", "value"], ((code(name), code(value)) for name, value in _others())),
    )  # fmt: skip


def _costs(pages: list[dict[str, Any]]) -> Iterator[list[str]]:
    for each in pages:
        phone, desk = each["phone"], each["desk"]
        most = {name: max(phone[name], desk[name]) for name in phone}
        yield [
            code(each["page"]), f"{most['bytes'] / 1000:.0f}", f"{most['requests']:.0f}",
            f"{most['elements']:.0f}", f"{phone['lcp_ms']:.0f}", f"{desk['lcp_ms']:.0f}",
            f"{most['shift']:.3f}",
        ]  # fmt: skip


def _budgets(budgets: dict[str, float]) -> str:
    return (
        f"Budgets: {budgets['bytes'] / 1000:.0f} kB, {budgets['requests']} requests, "
        f"{budgets['elements']:,} elements, {budgets['lcp_ms']:,} ms, a shift of "
        f"{budgets['shift']}, and no violation that axe-core finds."
    )


def _states() -> Iterator[list[str]]:
    known: dict[str, list[str]] = tomllib.loads(STATES.read_text("utf-8"))
    for route in sorted(known.keys() - {ELSEWHERE}):
        yield [code(route), ", ".join(known[route])]
    yield ["not the console's", ", ".join(known[ELSEWHERE])]


def _policy() -> Iterator[list[str]]:
    for directive in HEADERS[POLICY].split("; "):
        name, _, allowed = directive.partition(" ")
        yield [code(name), ALLOWS[name], code(allowed)]


def _others() -> list[tuple[str, str]]:
    return [(name, value) for name, value in HEADERS.items() if name != POLICY]
