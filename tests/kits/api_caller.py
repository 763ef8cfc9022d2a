"""Calls of the REST API as a user of the world, over the wire."""

import ssl
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from evergrant.emulator import Emulator, connected

V: Final = "/services/data/v67.0"
_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once, for it takes long; nothing here speaks TLS."""


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """Signs in anew for each call, so that the clock may move between them."""

    emulator: Emulator
    http: httpx2.Client

    def send(self, method: str, path: str, user: str = "admin", **words: Any) -> httpx2.Response:
        """The answer to one call."""
        token = connected.sign_in(self.emulator.org, user)["access_token"]
        return self.http.request(
            method, f"{self.emulator.url}{path}", headers={"Authorization": f"Bearer {token}"},
            **words,
        )  # fmt: skip

    def ask(self, text: str, user: str = "admin", api: str = "query") -> Any:
        """The records of a query without their attributes, or the errorCode it gets."""
        answer = self.send("GET", f"{V}/{api}", user, params={"q": text})
        found = answer.json()
        if answer.status_code != 200:
            return found[0]["errorCode"]
        return [{k: v for k, v in row.items() if k != "attributes"} for row in found["records"]]


def open_http() -> httpx2.Client:
    """A client without certificates to load."""
    return httpx2.Client(verify=_TLS)
