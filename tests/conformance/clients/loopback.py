"""For clients that write https and salesforce.com themselves: their transport goes to loopback.

Nothing of a client is changed; each takes a session or a transport of the caller's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

MY_DOMAIN = "acme.my.salesforce.com"
"""The host that the clients believe they speak to."""


class ToLoopback(HTTPAdapter):
    """Sends whatever is meant for an https host to the emulator, and names the host asked for."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._netloc = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, *rest: Any, **how: Any) -> requests.Response:
        asked = urlsplit(str(request.url))
        request.headers["Host"] = asked.netloc
        request.url = asked._replace(scheme="http", netloc=self._netloc).geturl()
        return super().send(request, *rest, **how)


def session(url: str) -> requests.Session:
    """A session whose https ends at the emulator."""
    made = requests.Session()
    made.mount("https://", ToLoopback(url))
    return made
