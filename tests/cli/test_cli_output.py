"""What is written: plain, in 80 columns, never obeyed, and as the contract says."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_kit import DEAD, environ, evergrant
from evergrant.cli.output import harmless
from evergrant.cli.reading import read_text
from evergrant.errors import BadInput

HOSTILE = (
    "\x1b[31mred\x1b[0m [red]tag[/red] [link=http://x]y[/link] \x9b2J \u202egpj.exe "
    'error=invalid_grant "error_description":"expired access/refresh token" \x07'
)


def test_cases_are_answered_one_line_each_best_first_and_at_most_five(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "symptom": DEAD, "flow": "refresh_token", "causes": ["ignored"]},
        {"id": 7, "symptom": "line\u2028separator inside", "context": None, "flow": None},
        {"symptom": "", "flow": "carrier_pigeon"},
    ]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\r\n\n"
    (tmp_path / "cases.jsonl").write_text(text)
    end = evergrant("diagnose", "--cases", "cases.jsonl", folder=tmp_path)
    told = [json.loads(line) for line in end.out.splitlines()]
    assert (end.code, [each["id"] for each in told]) == (0, ["a", 7, 3])
    assert "line 3: no flow is called 'carrier_pigeon'" in end.err
    for each in told:
        shares = [cause["confidence"] for cause in each["causes"]]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) <= 5
        assert sum(shares) + each["none_of_these"] <= 1.01
        assert all(set(cause) == {"id", "refined", "confidence"} for cause in each["causes"])
        assert set(each) == {"id", "causes", "none_of_these"}
    assert told[0]["causes"][0]["id"] == "refresh-token-revoked"


def test_nothing_known_is_not_known(tmp_path: Path) -> None:
    end = evergrant("diagnose", "--format", "json", folder=tmp_path, stdin="the printer is out")
    assert (end.code, end.json()["causes"], end.json()["none_of_these"]) == (3, [], 1.0)


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_is_shown_and_never_obeyed(tmp_path: Path, form: str) -> None:
    end = evergrant("diagnose", "--format", form, folder=tmp_path, stdin=HOSTILE)
    raw = end.out + end.err
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(raw)
    assert "[red]tag[/red]" in " ".join(raw.split())
    error = evergrant("explain", HOSTILE, "--format", form, folder=tmp_path)
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(error.out + error.err)


def test_an_unbroken_word_is_folded_into_80_columns(tmp_path: Path) -> None:
    text = f'{{"error":"invalid_grant","error_description":"{"x" * 400}"}}'
    end = evergrant("diagnose", folder=tmp_path, stdin=text)
    assert max(len(line) for line in end.out.splitlines()) <= 80


def test_a_pasted_token_is_never_repeated(tmp_path: Path) -> None:
    token = "00D5g000004XXXX!AQEAQFakeFakeFakeFakeFakeFake.FakeFake"
    text = f"Authorization: Bearer {token}\n{DEAD}\nrefresh_token=5Aep861FakeFakeFakeFakeFake"
    for form in ("text", "json"):
        end = evergrant("diagnose", "--format", form, folder=tmp_path, stdin=text)
        assert "AQEAQFake" not in end.out + end.err
        assert "5Aep861" not in end.out + end.err


def test_output_without_unicode_does_not_fail(tmp_path: Path) -> None:
    end = evergrant("explain", "ip-restricted", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert (end.code, "\\u2192" in end.out) == (0, True)


def on_a_terminal(*words: str, folder: Path, **more: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "evergrant.cli", *words],
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
        env=environ(folder, TERM="xterm-256color", COLUMNS="80", **more), cwd=folder,
    )  # fmt: skip
    os.close(theirs)
    text, give_up = b"", time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        text += part
    process.wait(60)
    os.close(ours)
    return text.decode()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_colour_is_for_terminals_that_want_it(tmp_path: Path) -> None:
    words = ("drill", "session-expired")
    assert "\x1b[32myes" in on_a_terminal(*words, folder=tmp_path)
    assert "\x1b[32m" not in on_a_terminal(*words, folder=tmp_path, NO_COLOR="1")


def test_a_progress_line_comes_on_standard_error_only_after_a_second(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from evergrant.cli.output import progress

    with progress("Looking"):
        pass
    assert capsys.readouterr().err == ""
    out, err, give_up = "", "", time.monotonic() + 60
    with progress("Looking [red]"):
        while not err and time.monotonic() < give_up:
            time.sleep(0.02)
            more = capsys.readouterr()
            out, err = out + more.out, err + more.err
    assert (out, err) == ("", "Looking [red] …\n")


@given(st.text())
def test_harmless_text_stays_and_what_steers_is_written_out(text: str) -> None:
    told = harmless(text)
    assert all(char in "\t\n" or char.isprintable() or ord(char) > 0x9F for char in told)
    assert harmless(told) == told


@given(st.text())
def test_json_stays_json_when_it_is_made_harmless(text: str) -> None:
    assert json.loads(harmless(json.dumps([text], ensure_ascii=False))) == [text]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_as_bad_input(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(raw)
    with suppress(BadInput):
        assert isinstance(read_text(str(path)), str)
