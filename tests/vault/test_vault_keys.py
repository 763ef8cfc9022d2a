"""The master key: where it comes from, and what is said when it cannot be used."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evergrant.errors import VaultTrouble
from evergrant.settings import Settings
from evergrant.vault.keys import open_ring
from evergrant.vault.sealing import MasterKey

RAW = bytes(range(32))
TEXT = base64.b64encode(RAW).decode()


def load(folder: Path, environ: dict[str, str] | None = None, **more: str) -> MasterKey:
    return open_ring(Settings(data_dir=folder / "data").but(**more), environ or {}).current


def test_the_first_run_makes_a_key_for_its_owner_alone_and_the_next_finds_it(
    tmp_path: Path,
) -> None:
    made = load(tmp_path)
    path = tmp_path / "data" / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]
    assert load(tmp_path).id == made.id
    assert base64.b64decode(path.read_text()) == made.raw


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from evergrant.settings import Settings\n"
        "from evergrant.vault.keys import open_ring\n"
        "print(open_ring(Settings(data_dir=Path(sys.argv[1])), {}).current.id)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert len({each.communicate()[0] for each in both}) == 1


def test_the_environment_wins_over_the_command_and_the_command_over_the_file(
    tmp_path: Path,
) -> None:
    load(tmp_path)
    other = base64.b64encode(b"c" * 32).decode()
    command = f"{sys.executable} -c \"print('{other}')\""
    assert load(tmp_path, master_key_command=command).raw == b"c" * 32
    both = load(tmp_path, {"EVERGRANT_MASTER_KEY": TEXT}, master_key_command=command)
    assert both.raw == RAW


@pytest.mark.parametrize(
    "text",
    [TEXT, f" {TEXT}\n", TEXT.rstrip("="), base64.urlsafe_b64encode(RAW).decode()],
    ids=["plain", "with white space", "without padding", "url-safe"],
)
def test_every_usual_spelling_of_base64_is_read(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, {"EVERGRANT_MASTER_KEY": text}).raw == RAW


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (base64.b64encode(b"x" * 16).decode(), "it holds 16 bytes"),
        (base64.b64encode(b"x" * 33).decode(), "it holds 33 bytes"),
        ("hunter2 hunter2!", "it is not base64"),
        ("ключ", "it is not base64"),
        ("  ", "it holds 0 bytes"),
    ],
)
def test_a_key_that_is_none_says_what_is_expected_and_does_not_show_it(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(VaultTrouble) as met:
        load(tmp_path, {"EVERGRANT_MASTER_KEY": text})
    assert met.value.what == f"EVERGRANT_MASTER_KEY holds no master key: {why}"
    assert "base64 of 32 random bytes" in met.value.why
    assert not text.strip() or text.strip() not in met.value.diagnostics()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_open_is_refused_with_the_command_that_closes_it(
    tmp_path: Path, mode: int
) -> None:
    load(tmp_path)
    path = tmp_path / "data" / "master.key"
    path.chmod(mode)
    with pytest.raises(VaultTrouble, match="lies open to other users") as met:
        load(tmp_path)
    assert met.value.next_step == f"chmod 600 {path}"
    subprocess.run(met.value.next_step, shell=True, check=True)
    load(tmp_path)


def test_a_damaged_key_file_is_left_alone(tmp_path: Path) -> None:
    load(tmp_path)
    path = tmp_path / "data" / "master.key"
    path.write_bytes(b"\xff\xfe garbage")
    with pytest.raises(VaultTrouble, match=r"the key file .* holds no master key"):
        load(tmp_path)
    assert path.read_bytes() == b"\xff\xfe garbage"


def test_a_key_file_that_cannot_be_made_is_trouble_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(VaultTrouble, match="cannot be read or made") as met:
        load(tmp_path)
    assert met.value.why in {os.strerror(17), os.strerror(20)}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("/nowhere/secret-manager get", "could not be run"),
        ("'unbalanced", "could not be run"),
        (" ", "could not be run"),
        (
            f"{sys.executable} -c \"import sys; sys.exit('password=hunter2 was refused')\"",
            "exit code 1: password=••• was refused",
        ),
    ],
)
def test_a_command_that_gives_no_key_is_explained_without_what_it_must_not_tell(
    tmp_path: Path, command: str, why: str
) -> None:
    with pytest.raises(VaultTrouble, match="command gave no key") as met:
        load(tmp_path, master_key_command=command)
    assert why in met.value.why
    assert "hunter2" not in met.value.diagnostics()
