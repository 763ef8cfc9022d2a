"""A customer's admin with a reconnect link: a browser of their own, and no account here."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
import pytest

from evergrant import keeper as verbs
from web_kit import CSRF, Web

TICKET = re.compile(r"url=(/start/[\w-]+)")


@dataclass(slots=True)
class Customer:
    """Somebody who got a link in the mail."""

    web: Web
    browser: httpx2.Client = field(repr=False)
    home: str = ""

    def opens(self, address: str, **how: str) -> httpx2.Response:
        """Open the link, and remember where it leads."""
        answer = self.browser.get(address, headers=how)
        if answer.status_code == 303:
            self.home = answer.headers["location"]
        return answer

    def page(self, language: str = "en") -> httpx2.Response:
        """The page of the link."""
        return self.browser.get(self.web.url + self.home, headers={"Accept-Language": language})

    def csrf(self) -> str:
        """The word against forgery of the page."""
        found = CSRF.search(self.page().text)
        return found[1] if found else ""

    def post(self, what: str, csrf: str | None = None, **fields: str) -> httpx2.Response:
        """Send a form of the page."""
        given = {"csrf": self.csrf() if csrf is None else csrf, **fields}
        where = f"{self.web.url}{self.home}/{what}"
        return self.browser.post(where, data=given, headers={"Origin": self.web.url})

    def attempts(self, **fields: str) -> str:
        """Press *Continue to Salesforce*; the start link that the browser is led to."""
        answer = self.post("attempts", force_login="yes", **fields)
        found = TICKET.search(answer.text)
        assert found, answer.text
        return self.web.url + found[1]


def link_for(web: Web, connection_id: str, *, life: timedelta = timedelta(days=7)) -> str:
    """The address of a new link."""
    return verbs.make_link(web.ground.keeper, connection_id, life=life).address.reveal()


def logo(side: int = 32) -> bytes:
    """A PNG: a disc of one colour on nothing (PNG specification, chunks IHDR, IDAT, IEND)."""
    middle = (side - 1) / 2
    rows = b"".join(
        b"\0"
        + b"".join(
            b"\xff\xb0\x20\xff"
            if (x - middle) ** 2 + (y - middle) ** 2 <= middle**2
            else b"\0\0\0\0"
            for x in range(side)
        )
        for y in range(side)
    )
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.fixture(name="customer")
def customer_fixture(web: Web) -> Iterator[Customer]:
    """A customer's admin."""
    with httpx2.Client(follow_redirects=False, timeout=60) as browser:
        yield Customer(web, browser)
