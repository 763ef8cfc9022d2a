"""What the tests of the SDK begin with: sources of a running service's tokens, closed at the end.

A test module imports `open_fixture` to have the fixture `opened`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from evergrant import keeper as verbs
from evergrant.client import TokenSource
from service_kit import Up

Opened = Callable[..., TokenSource]


def given(up: Up, connection: str = "Acme", **how: Any) -> dict[str, Any]:
    """What a source of this service is made with."""
    word, _ = verbs.create_key(up.ground.keeper, "app", of_connections=[connection])
    return {"url": up.url, "api_key": word, **how}


@pytest.fixture(name="opened")
def open_fixture() -> Iterator[Opened]:
    """Makes sources."""
    with ExitStack() as held:
        yield lambda connection, **how: held.enter_context(TokenSource(connection, **how))
