"""What axe-core finds wrong with a page, in words that a test can fail with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPTIONS = {
    "resultTypes": ["violations"],
    "preload": False,  # it would fetch the style sheets once more, for rules that do not run here
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
"""WCAG 2.2 at levels A and AA, and what axe-core calls best practice."""
SCRIPT = Axe().axe_script
IS_NEW = "typeof axe === 'undefined'"
"""To hand the script over takes as long as a short run of it."""
RUN = "options => axe.run(document, options).then(seen => seen.violations)"
"""What it found right is not handed over: it is most of what it has to say."""


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule; empty when axe-core has nothing to say."""
    if page.evaluate(IS_NEW):
        page.evaluate(SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, OPTIONS)
    return [_line(rule, node) for rule in found for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    messages = (check["message"] for kind in ("any", "all", "none") for check in node[kind])
    return (
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html']}: {'; '.join(messages)}"
    )
