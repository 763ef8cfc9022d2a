"""The person at the browser, in process: no port, no certificate, no page that is not the org's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.testclient import TestClient

from evergrant.emulator import state
from evergrant.emulator.oauth.device import VERIFY
from evergrant.testing.robot import Person
from evergrant.testing.robot import walk as walked

if TYPE_CHECKING:
    from evergrant.emulator.server import Served
    from evergrant.testing.robot import Sight


class NoCallback(Exception):
    """Salesforce's own page ended the walk: the app never hears of it."""

    def __init__(self, sight: Sight) -> None:
        shown = urlsplit(sight.url)
        words = sight.pasted().partition("\n")[2]
        super().__init__(f"the browser stands at {shown.path}, which says:\n{words}")


def walk(served: Served, url: str, username: str, password: str, answer: str) -> str:
    """Follow an authorize URL to its callback, whose address is given; raises NoCallback."""
    asked = parse_qs(urlsplit(url).query)
    callback = asked.get("redirect_uri", [""])[0]
    if not callback:
        raise ValueError("the URL has no redirect_uri")
    sight = _look(served, url, Person(username, password, answer), callback)
    if not sight.called_back:
        raise NoCallback(sight)
    return sight.url


def enter_code(served: Served, user_code: str, username: str, password: str) -> None:
    """Enter a device's code; raises NoCallback where the org does not take it."""
    url = f"{served.org.base_url}{VERIFY}?{urlencode({'user_code': user_code})}"
    sight = _look(served, url, Person(username, password), callback="no-callback:")
    code = user_code.replace("-", "").upper()
    with served.org.lock:
        row = state.one(served.org.db, "SELECT state FROM x_device WHERE user_code = ?", code)
    if row is None or row["state"] != "approved":
        raise NoCallback(sight)


def _look(served: Served, url: str, person: Person, callback: str) -> Sight:
    base = served.org.base_url
    with TestClient(served.app, base_url=base, follow_redirects=False) as browser:
        return walked(url, person, callback, browser=browser, follow=False)
