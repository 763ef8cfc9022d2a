"""A person at the browser, played: opens a link, signs in, presses Allow, and reports what it sees.

It reads forms as a browser would and knows nothing of the emulator but what its pages say, so it
works against any emulator that is reached by address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2

STEPS = 20
"""Pages and redirects after which the robot gives up."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the browser."""

    username: str
    password: str = field(repr=False)
    answer: str = "Allow"
    """The button pressed on the consent page."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a walk through the browser ended."""

    url: str
    status: int
    text: str = field(repr=False)
    called_back: bool
    """Whether the redirect to the callback was seen; Salesforce's own error page never gives it."""

    def pasted(self) -> str:
        """What a person would paste: the address, and the words on the page."""
        words = _Words()
        words.feed(self.text)
        return "\n".join([self.url, *words.lines])


@dataclass(slots=True)
class _Form:
    action: str = ""
    method: str = "get"
    values: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Text on the button → its name and value."""


class _Words(HTMLParser):
    """What a page says, without its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._hidden:
            self.lines.append(" ".join(data.split()))


class _Page(HTMLParser):
    """The forms of a page, with the buttons' texts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._button: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(at.get("action", ""), at.get("method", "get").lower()))
        elif not self.forms:
            return
        elif tag == "button" or (tag == "input" and at.get("type") == "submit"):
            self._button = (at.get("name", ""), at.get("value", ""))
            if tag == "input":
                self.handle_data(at.get("value", ""))
        elif tag == "input" and at.get("name"):
            self.forms[-1].values[at["name"]] = at.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._button is not None and data.strip():
            self.forms[-1].buttons[data.strip()] = self._button
            self._button = None


def walk(
    url: str, person: Person, callback: str, *, browser: httpx2.Client, follow: bool = True
) -> Sight:
    """Open a URL and act until there is nothing left to do.

    `callback` is the address whose visit counts as called back; with `follow` it is visited,
    without it the walk ends before, with the callback's full URL (for a caller that takes it in
    itself).
    """
    answer, called_back = browser.get(url), False
    for _ in range(STEPS):
        if answer.status_code in REDIRECTS:
            target = urljoin(str(answer.url), answer.headers["location"])
            if arrived := target.startswith(callback):
                called_back = True
            if arrived and not follow:
                return Sight(target, answer.status_code, "", called_back)
            answer = browser.get(target)
            continue
        step = None if called_back else _act(answer, person)
        if step is None:
            break
        answer = browser.send(step(browser))
    return Sight(str(answer.url), answer.status_code, answer.text, called_back)


def _act(answer: httpx2.Response, person: Person) -> _Press | None:
    page = _Page()
    page.feed(answer.text)
    for form in page.forms:
        if "username" in form.values and "password" in form.values:
            return _Press(answer, form, {"username": person.username, "password": person.password})
        if person.answer in form.buttons:
            name, value = form.buttons[person.answer]
            return _Press(answer, form, {name: value} if name else {})
    return None


@dataclass(frozen=True, slots=True)
class _Press:
    """A button about to be pressed."""

    answer: httpx2.Response
    form: _Form
    filled: dict[str, str] = field(repr=False)

    def __call__(self, browser: httpx2.Client) -> httpx2.Request:
        values = {**self.form.values, **self.filled}
        target = urljoin(str(self.answer.url), self.form.action or str(self.answer.url))
        if self.form.method == "get":
            return browser.build_request("GET", target, params=values)
        return browser.build_request("POST", target, data=values)


def browser() -> httpx2.Client:
    """A fresh browser profile: its own cookies, redirects followed step by step."""
    return httpx2.Client(follow_redirects=False, timeout=10.0)
