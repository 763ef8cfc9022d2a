"""Emulators and browsers for the tests that speak HTTP."""

import ssl
from collections.abc import Iterator

import httpx2
import pytest
from emulated_client import Client, ClientFor, client_of

from evergrant.emulator import Emulator

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once, for it takes long; nothing here speaks TLS."""


@pytest.fixture(scope="session")
def served() -> Iterator[Emulator]:
    """One emulator for the whole run, with a seed of its own."""
    with Emulator(seed=7) as emulator:
        yield emulator


@pytest.fixture
def emulator(served: Emulator) -> Emulator:
    """The emulator, back at the beginning."""
    served.stage.reset()
    return served


@pytest.fixture
def client_for(emulator: Emulator) -> Iterator[ClientFor]:
    """Makes clients of the world's apps, each with a browser of its own."""
    opened: list[httpx2.Client] = []

    def make(app: str = "orbit-sync", user: str = "integration") -> Client:
        opened.append(httpx2.Client(verify=TLS))
        return client_of(emulator, app, opened[-1], user)

    yield make
    for each in opened:
        each.close()
