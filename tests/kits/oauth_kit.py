"""What the tests of our clients begin with: an emulated org, both drivers, and a person's browser.

A test module imports `served_fixture`, `oauth_org_fixture` and `play_fixture` to have the fixtures
`org` and `play`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from evergrant.emulator.server import Emulator
from evergrant.model import App, Credential, Secret, Session
from evergrant.wire import Conversation, arun, run

CALLBACK = "http://localhost:1717/OauthRedirect"
Play = Callable[..., Any]
"""Performs a conversation by one of the drivers."""


@pytest.fixture(scope="module", name="served")
def served_fixture() -> Iterator[Emulator]:
    """One emulated org for all tests of a module."""
    with Emulator(seed=7) as emulator:
        yield emulator


@pytest.fixture(name="org")
def oauth_org_fixture(served: Emulator) -> Emulator:
    """A fresh org for each test; starting it once is enough."""
    assert httpx2.post(f"{served.control_url}/reset").is_success
    return served


class Moving:
    """A clock whose waiting moves the emulated org's clock, and takes no time."""

    def __init__(self, org: Emulator) -> None:
        self._org = org
        self.waited: list[float] = []

    def now(self) -> Any:
        return self._org.clock.now()

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self._org.clock.advance(seconds=seconds)

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


def in_a_loop(conversation: Conversation[Any], **how: Any) -> Any:
    return asyncio.run(arun(conversation, **how))


@pytest.fixture(params=[run, in_a_loop], ids=["run", "arun"], name="play")
def play_fixture(request: pytest.FixtureRequest) -> Play:
    """The test runs once by each driver."""
    chosen: Play = request.param
    return chosen


def ask(org: Emulator, path: str) -> Any:
    """The control port's answer."""
    return httpx2.get(org.control_url + path).json()


def app_row(org: Emulator, name: str) -> Any:
    return next(row for row in ask(org, "/world")["apps"] if row["name"] == name)


def user_row(org: Emulator, name: str) -> Any:
    rows = ask(org, "/world")["users"]
    return next(row for row in rows if row["username"].startswith(f"{name}@"))


def app_of(org: Emulator, name: str = "orbit-sync", **changes: Any) -> App:
    """An app of the org, as its client knows it."""
    row = app_row(org, name)
    known = {"consumer_key": row["consumer_key"], "consumer_secret": Secret(row["consumer_secret"])}
    return App(**({**known, "redirect_uri": CALLBACK} | changes))


def session_of(credential: Credential) -> Session:
    return Session(credential.instance_url, credential.access_token)


class Browser:
    """Fills in the forms of the login pages and stops at the first address that is not Salesforce's
    own page."""

    def __init__(self, org: Emulator, user: str = "integration", decision: str = "allow") -> None:
        found = user_row(org, user)
        self._fields = {
            "username": found["username"],
            "password": found["password"],
            "decision": decision,
        }
        self._org = org
        self._http = httpx2.Client()

    def visit(self, url: str) -> str:
        """The address that the browser ends at; of a page without a form, its own."""
        with self._http:
            page = self._http.get(url)
            for _ in range(8):
                if page.is_redirect:
                    target = urljoin(str(page.url), page.headers["location"])
                    if not target.startswith(self._org.url) or "ErrorPage" in target:
                        return target
                    page = self._http.get(target)
                elif "<form" in page.text:
                    page = self._submit(page)
                else:
                    return str(page.url)
        raise AssertionError("the pages never end")

    def _submit(self, page: httpx2.Response) -> httpx2.Response:
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        assert action is not None, page.text
        names = re.findall(r'<(?:input|button)[^>]*name="([^"]*)"', page.text)
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
        form = {name: self._fields[name] for name in names if name in self._fields}
        form |= {name: unescape(value) for name, value in hidden}
        return self._http.post(urljoin(str(page.url), unescape(action[1])), data=form)
