"""PostgreSQL itself is stopped and started again while a refresh goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evergrant.emulator.server import Emulator
from fault_kit import MOMENTS, at_moment, played
from keeper_kit import (
    grounded,
    org_fixture,  # noqa: F401 (a fixture)
)
from postgres_kit import Server, own_server
from store_kit import playing_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as mine:
        yield mine


@pytest.mark.parametrize("moment", [each for each in MOMENTS if each != "in flight"])
def test_a_restart_at_any_moment_of_a_refresh_costs_nothing(
    server: Server, shared_org: Emulator, tmp_path: Path, moment: str
) -> None:
    name = moment.replace(" ", "_").lower()
    with server.asked() as raw:
        raw.execute(f"CREATE DATABASE {name}")
    with (
        playing_at(tmp_path, server.url(name)),
        grounded(shared_org, tmp_path) as ground,
    ):
        left = played(ground, at_moment(moment, server.restart))
    assert (left.lost, left.double_spends, left.false_dead) == (False, 0, False)
