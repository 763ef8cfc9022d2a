"""Clients for orgs side by side: at the org's own port, or at a generic login host's."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from emulated_client import Client, client_of
from evergrant.emulator.fleet import Fleet
from evergrant.emulator.server import Served

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once, for it takes long; nothing here speaks TLS."""


@contextmanager
def client_in(served: Served, app: str = "orbit-sync") -> Iterator[Client]:
    """A client of one org, with a browser of its own."""
    with httpx2.Client(verify=NO_TLS) as http:
        yield client_of(served, app, http)


def at(served: Served, url: str) -> Served:
    """The same org, asked at another address."""
    elsewhere = Served(served.stage)
    elsewhere.url, elsewhere.control_url = url, served.control_url
    return elsewhere


def key_for(fleet: Fleet, name: str) -> str:
    """The private key of Orbit's JWT app, registered with one org."""
    with httpx2.Client(verify=NO_TLS) as http:
        answer = http.get(f"{fleet[name].control_url}/key/orbit-jwt")
    return str(answer.json()["private_key"])
