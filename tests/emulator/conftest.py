"""Emulators and browsers for the tests that speak HTTP."""

import ssl
from collections.abc import Callable, Iterator

import httpx2
import pytest

from api_caller import ApiCaller, open_http
from emulated_client import Client, ClientFor, client_of
from evergrant.emulator import Emulator
from setup_robot import Robot

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


@pytest.fixture(scope="session")
def api_http() -> Iterator[httpx2.Client]:
    """One HTTP client for all calls of the API."""
    with open_http() as http:
        yield http


@pytest.fixture
def api(emulator: Emulator, api_http: httpx2.Client) -> ApiCaller:
    """Calls the REST API as any user."""
    return ApiCaller(emulator, api_http)


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


@pytest.fixture
def robot_for(emulator: Emulator) -> Iterator[Callable[[str], Robot]]:
    """Signs people in to Setup, each in a browser of their own."""
    opened: list[httpx2.Client] = []

    def make(user: str) -> Robot:
        opened.append(httpx2.Client(verify=TLS))
        return Robot(emulator, opened[-1], user).sign_in()

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def admin(robot_for: Callable[[str], Robot]) -> Robot:
    """The admin, signed in to Setup."""
    return robot_for("admin")
