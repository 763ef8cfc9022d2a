"""The part of the emulator's page that says which Setup pages it has, and who may open each."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.emulator.setup.bridge import CONNECTIONS
from evergrant.emulator.setup.desk import Page
from evergrant.emulator.setup.index import BY_ADDRESS, BY_PREFIX, NOT_BUILT
from evergrant.emulator.setup.labels import SOURCED
from generator.markdown import code, table


def parts() -> tuple[str, ...]:
    """Headings and tables, to stand in a page."""
    return (
        "## Setup",
        "What admins do in a browser; sign in as `admin` with the password of the control port's "
        "`/world`.\nThe address is the deep link's suffix, to stand after the org's own; its mark "
        "says how well it is known.\nA button asks for its own permissions, and whoever lacks them "
        "does not see it.\nEach page lists at its foot which of its labels are inferred.",
        table(
            ["page", "address", "mark", "label", "opens with", "its mark", "buttons need"],
            _pages(),
        ),
        "These are known by name and answer 501: "
        + ", ".join(f"{title} ({code(name)})" for name, title in NOT_BUILT.items())
        + ".",
        "### A vendor's package",
        f"`install_package` brings a made-up package whose page {code(CONNECTIONS)} has three "
        "system connections, as some integrations have: outbound (a named credential that "
        "somebody authenticates at the vendor), the organization chosen there, and inbound (the "
        "vendor's app that somebody authorizes).\nEach is connected through the browser or by an "
        "act, breaks alone, and is repaired alone; inbound passes every gate of the token "
        "endpoint.\nThe vendor's own pages are played under `/emulator/orbit`.",
    )


def _pages() -> Iterator[tuple[object, ...]]:
    for path, page in (
        *BY_ADDRESS.items(),
        *((f"/{key}…", each) for key, each in BY_PREFIX.items()),
    ):
        label = "stated" if page.title in SOURCED else "inferred"
        needed, mark = _needed(page)
        yield (
            page.title, code(path.replace("{record}", "ID")), page.mark, label, needed, mark,
            "; ".join(_buttons(page)),
        )  # fmt: skip


def _needed(page: Page) -> tuple[str, str]:
    """Who may open a page: a permission, or for a package's page its permission set."""
    if page.title == BY_ADDRESS[CONNECTIONS].title:
        return "the permission set Orbit Setup User", "inferred"
    return page.right.told(), page.right.mark


def _buttons(page: Page) -> Iterator[str]:
    """The rights of the buttons that ask for more than the page."""
    asked = {deed.right.told(): deed.right for deed in page.deeds.values()}
    for told, right in asked.items():
        if right != page.right:
            yield told
