"""One service on a SQLite database, and none beside a restore."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

import store_kit
from evergrant import keeper as verbs
from evergrant.api.address import announced
from evergrant.api.service import Service, serving
from evergrant.cli.app import build
from evergrant.errors import Misuse, StoreTrouble
from evergrant.keeper.presence import alive
from evergrant.settings import Settings
from evergrant.store import processes
from evergrant.store.alone import alone
from keeper_kit import KEY
from store_kit import each_database_fixture  # noqa: F401 (a fixture)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGRANT_MASTER_KEY", KEY["EVERGRANT_MASTER_KEY"])


@contextmanager
def served(folder: Path) -> Iterator[Service]:
    """A service without faces."""
    with serving(Settings(folder, database_url=store_kit.remote(folder)), "127.0.0.1", 0) as up:
        yield up


def test_a_second_service_on_the_same_file_is_refused_and_the_first_stays_announced(
    tmp_path: Path,
) -> None:
    with served(tmp_path) as first:
        for _ in range(2):
            with pytest.raises(Misuse, match="a service is running on"), served(tmp_path):
                pass
        assert announced(first.keeper.settings) == first.url
    with served(tmp_path) as again:
        assert announced(again.keeper.settings) == again.url


def test_a_restore_beside_the_service_is_refused_whatever_its_address_file_says(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy.db"
    words = ["restore", str(copy), "--yes"]
    environ = {**KEY, "EVERGRANT_DATA_DIR": str(tmp_path / "data")}
    with served(tmp_path / "data") as up:
        verbs.back_up(up.keeper, copy)
        (tmp_path / "data" / "service.json").unlink()
        refused = CliRunner().invoke(build(), words, env=environ)
        assert isinstance(refused.exception, Misuse)
        with pytest.raises(Misuse, match="a service is running on"):
            verbs.restore(up.keeper.settings, copy)
    # The number of a process that ended long ago may be that of another one now.
    stale = tmp_path / "data" / "service.json"
    stale.write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": 1}))
    assert CliRunner().invoke(build(), words, env=environ).exit_code == 0


@pytest.mark.usefixtures("each_database")
def test_a_service_writes_itself_down_while_it_runs_and_no_longer(tmp_path: Path) -> None:
    with served(tmp_path) as up:
        with up.keeper.reading() as tx:
            (mine,) = alive(up.keeper, tx)
        assert mine.name.endswith("(all)")
        assert mine.ring == (up.keeper.vault.key_id,)
        with pytest.raises(Misuse, match="the service is running: "):
            verbs.restored_elsewhere(up.keeper)
        settings = up.keeper.settings
    with verbs.open_for_all(settings) as keeper:
        with keeper.reading() as tx:
            assert processes.since(tx, keeper.clock.now().replace(year=2000)) == []
        assert verbs.restored_elsewhere(keeper).connections == 0


def test_a_database_server_is_left_to_its_own_tools(tmp_path: Path) -> None:
    with store_kit.playing_on("postgresql"):
        settings = Settings(tmp_path, database_url=store_kit.remote(tmp_path))
        with verbs.open_for_all(settings) as keeper, pytest.raises(Misuse) as refused:
            verbs.back_up(keeper, tmp_path / "copy.db")
    assert "pg_dump" in refused.value.next_step
    assert not (tmp_path / "copy.db").exists()


def test_a_folder_that_cannot_be_written_is_no_running_service(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreTrouble), alone(tmp_path / "data" / "evergrant.db"):
        pass
    (tmp_path / "x.db.service").mkdir()
    with pytest.raises(StoreTrouble), alone(tmp_path / "x.db"):
        pass
