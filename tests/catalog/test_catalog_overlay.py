"""An operator's own folder over the catalog: entries are added or replaced, bad ones refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evergrant.catalog import load, read
from evergrant.catalog.loader import FOLDER
from evergrant.diagnosis import diagnose
from evergrant.errors import BadInput
from evergrant.model import Fact
from evergrant.settings import load as settings

OURS = """\
title = "Our gateway strips the Authorization header"
why = "The company's gateway drops the header on Sundays."
remedy = "client-change"
prior = 0.3
gate = "network"
audience = "operator of the integration"
scenario_missing = "our gateway is not in the emulator"
signal = [{ fact = "local.gateway", is = true, likely = "always" }]
source = [{ url = "https://wiki.acme.example/gateway", kind = "observed", checked = 2026-11-20 }]

[[fix]]
who = "operator of the integration"
do = "Ask the network team for an exception"
change = "ask-network-team"

[[verify]]
do = "call the API once"
expect = "HTTP 200"
"""
FACTS = """\
[local.gateway]
title = "The call went through our gateway"
kind = "bool"
about = "host"
level = "own"
ask = "Did the call go through the gateway?"
background = { true = 5, false = 95 }
"""
CHANGES = """\
[[change]]
id = "ask-network-team"
title = "Ask the network team"
effects = "A ticket"
rollback = "Close the ticket"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An overlay with one cause, one fact and one change of its own."""
    (tmp_path / "causes").mkdir()
    (tmp_path / "causes" / "acme-gateway.toml").write_text(OURS, "utf-8")
    (tmp_path / "facts.toml").write_text(FACTS, "utf-8")
    (tmp_path / "changes.toml").write_text(CHANGES, "utf-8")
    return tmp_path


def test_an_entry_of_ones_own_is_judged_like_all_others(folder: Path) -> None:
    catalog = read(FOLDER, folder)
    assert set(catalog.causes) == {*load().causes, "acme-gateway"}
    found = diagnose([Fact("local.gateway", True, source="own_history")], catalog)
    assert found.cause == "acme-gateway"


def test_an_entry_of_the_same_name_replaces_ours(folder: Path) -> None:
    text = OURS.replace("Our gateway strips", "Acme rotates every Monday, and strips")
    (folder / "causes" / "secret-rotated.toml").write_text(text, "utf-8")
    cause = read(FOLDER, folder).causes["secret-rotated"]
    assert cause.title.startswith("Acme rotates every Monday")
    assert load().causes["secret-rotated"].title == "The consumer secret was rotated"


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "words"),
    [
        ("causes/acme-gateway.toml", '"client-change"', '"pray"', 3, "remedy is 'pray'"),
        ("causes/acme-gateway.toml", "local.gateway", "local.moon", 8, "local.moon"),
        ("causes/acme-gateway.toml", "prior = 0.3", "prior = ", 4, "not TOML"),
        ("facts.toml", "true = 5, ", "", 7, "true and false"),
        ("changes.toml", 'rollback = "Close the ticket"\n', "", 1, "'rollback' is missing"),
    ],
)
def test_a_bad_entry_is_refused_with_the_whole_path_and_the_line(
    folder: Path, name: str, old: str, new: str, line: int, words: str
) -> None:
    path = folder / name
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(BadInput) as refused:
        read(FOLDER, folder)
    assert refused.value.what.startswith(f"{path}, line {line}:")
    assert words in refused.value.what


def test_a_file_that_nobody_would_read_is_refused(folder: Path) -> None:
    (folder / "gates.toml").write_text("", "utf-8")
    with pytest.raises(BadInput, match=r"gates\.toml is nothing that an overlay holds"):
        read(FOLDER, folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder"):
        read(FOLDER, tmp_path / "nowhere")


def test_the_setting_lays_the_folder_over_the_catalog(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings({"EVERGRANT_CATALOG": str(folder)}).catalog == folder
    monkeypatch.setenv("EVERGRANT_CATALOG", str(folder))
    load.cache_clear()
    try:
        assert "acme-gateway" in load().causes
    finally:
        monkeypatch.undo()
        load.cache_clear()
    assert "acme-gateway" not in load().causes
