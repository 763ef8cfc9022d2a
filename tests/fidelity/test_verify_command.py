"""`evergrant emulator verify` as people run it: a login of the CLI, consent, a recording."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli_kit import Ended, assert_told, environ, evergrant
from evergrant.errors import BadInput
from evergrant.fidelity import judged, read_recording
from planted import Exchange, planted, stand_in_sf
from target_org import LABEL, Target, target

pytestmark = pytest.mark.slow


CALLBACKS = ["http://127.0.0.1:8400/oauth/callback"]
KEPT = "kept.json"


@pytest.fixture(scope="module")
def org() -> Iterator[Target]:
    """The person's org; tests of this module spend nothing of it that another needs."""
    with target() as made:
        made.url = made.emulator.url
        made.emulator.act("set_app", app="orbit-sync", callbacks=CALLBACKS)
        yield made


@pytest.fixture(scope="module")
def first(org: Target, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """One comparison without an app, and the folder with its recording."""
    folder = tmp_path_factory.mktemp("first")
    return verify(org, folder, "--target-org", "dev", "--record", KEPT), folder


def variables(org: Target, sf: Path) -> dict[str, str]:
    """What a person's environment holds."""
    return {
        "SF_BIN": str(sf),
        "STAND_IN_TOKEN": org.token,
        "EVERGRANT_ALLOWED_HOSTS": urlsplit(org.url).netloc,
        "BRIDGE_SECRET": org.app["consumer_secret"],
        "BRIDGE_REFRESH": org.refresh_token,
    }


def verify(org: Target, folder: Path, *words: str) -> Ended:
    """One comparison, with a program that answers as the Salesforce CLI does."""
    more = variables(org, stand_in_sf(folder, org.url))
    return evergrant("emulator", "verify", *words, folder=folder, **more)


def app_file(org: Target, folder: Path) -> str:
    """The integration file of the person's app."""
    (folder / "key.pem").write_text(org.private_key)
    path = folder / "bridge.toml"
    path.write_text(
        f'id = "bridge"\napp_label = "{LABEL}"\nflow = "web_server"\n'
        f'consumer_key = "{org.app["consumer_key"]}"\nconsumer_secret_env = "BRIDGE_SECRET"\n'
        f'private_key_file = "key.pem"\nlogin_host = "{org.url}"\n'
        f"scopes = {json.dumps(org.app['scopes'])}\n"
    )
    return str(path)


def test_an_org_like_the_emulator_refutes_nothing_and_leaves_a_redacted_recording(
    tmp_path: Path,
) -> None:
    with target() as org:
        org.url = org.emulator.url
        org.emulator.act("set_app", app="orbit-sync", callbacks=CALLBACKS)
        end = verify(
            org, tmp_path, "--target-org", "dev", "--app-file", app_file(org, tmp_path),
            "--app-setting", "client_credentials=true", "--refresh-token-env", "BRIDGE_REFRESH",
            "--allow-writes", "rows", "--allow-writes", "tokens", "--record", KEPT,
            "--format", "json",
        )  # fmt: skip
        words = org.words()
    assert end.code == 0, end.err
    told = end.json()
    assert (told["counts"]["refuted"], told["recording"]) == ({}, KEPT)
    assert list(told["left_out"]) == ["app-jwt-wrong-key-eca"]
    text = (tmp_path / KEPT).read_text("utf-8")
    assert json.loads(text)["schema"] == "evergrant.fidelity/1"
    assert [word for word in words if word in text + end.out + end.err] == []


def test_a_refuted_mark_ends_with_1_and_is_shown_from_both_sides(
    org: Target, tmp_path: Path
) -> None:
    def plant(told: Exchange) -> Exchange:
        return told.saying("client identifier invalid", "no such client")

    with planted(org.emulator.url, plant) as url:
        end = verify(replace(org, url=url), tmp_path, "--target-org", "dev")
    assert end.code == 1
    said = " ".join(end.out.split())
    for words in ("refusal:client_unknown/token (official)", "a Developer Edition org",
                  "emulator 'client identifier invalid', org 'no such client'"):  # fmt: skip
        assert words in said
    assert max(map(len, end.out.splitlines())) <= 80
    assert len(list(tmp_path.glob("evergrant-fidelity-*.json"))) == 1


def test_a_recording_is_judged_again_without_the_org(first: tuple[Ended, Path]) -> None:
    end, folder = first
    again = evergrant("emulator", "verify", "--replay", KEPT, folder=folder, SF_BIN="nothing")
    assert (end.code, again.code) == (0, 0)
    assert end.out == again.out


def test_an_emulator_that_answers_otherwise_is_refuted_by_an_old_recording(
    first: tuple[Ended, Path],
) -> None:
    kept = json.loads((first[1] / KEPT).read_text("utf-8"))
    kept["seen"]["userinfo-garbage"]["status"] = 401
    report = judged(read_recording(json.dumps(kept)))
    assert [each.mark for each in report.refuted] == ["refusal:token_dead/api"]


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"schema": "evergrant.fidelity/9"}',
                                  '{"schema": "evergrant.fidelity/1", "seen": 3}'])  # fmt: skip
def test_what_is_no_recording_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no recording"):
        read_recording(text)


@pytest.mark.parametrize(("answer", "is_asked"), [("y", True), ("", False)])
def test_a_person_is_asked_before_anything_writes(
    org: Target, tmp_path: Path, answer: str, is_asked: bool
) -> None:
    env = environ(tmp_path, **variables(org, stand_in_sf(tmp_path, org.url)))
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "evergrant.cli", "emulator", "verify", "--target-org", "dev",
         "--app-file", app_file(org, tmp_path)],
        stdin=theirs, capture_output=True, text=True, timeout=90, env=env, cwd=tmp_path,
        check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "may leave failed rows in Login History" in done.stderr
    assert ("not allowed to write" not in done.stdout) == is_asked


def test_what_writes_is_left_out_where_nobody_can_be_asked(org: Target, tmp_path: Path) -> None:
    words = ("--target-org", "dev", "--app-file", app_file(org, tmp_path))
    end = verify(org, tmp_path, *words)
    assert end.code == 0
    assert "--allow-writes rows allows them" in end.err
    assert "it was not allowed to write (rows)" in end.out


def test_a_production_org_is_refused_before_it_is_asked_unless_that_is_said(
    tmp_path: Path,
) -> None:
    with target(edition="Enterprise Edition") as org:
        org.url = org.emulator.url
        end = verify(org, tmp_path, "--target-org", "prod")
        asked = [each["path"] for each in org.emulator.stage.history()]
        left = list(tmp_path.glob("*.json"))
        knowing = verify(org, tmp_path, "--target-org", "prod", "--i-know-this-is-production")
    assert_told(end, 2, "looks like a production org (Enterprise Edition)")
    assert {"/services/data", "/services/oauth2/userinfo", "/services/data/v66.0/query"} == {*asked}
    assert left == []
    assert (knowing.code, "a production org of" in knowing.out) == (0, True)


def test_one_thing_is_done_at_a_time_and_an_old_recording_is_not_overwritten(
    first: tuple[Ended, Path], org: Target
) -> None:
    assert_told(verify(org, first[1]), 2, "--target-org, --replay and --list")
    again = verify(org, first[1], "--target-org", "dev", "--record", KEPT)
    assert_told(again, 2, "cannot write the recording", "there already")


def test_an_unknown_setting_of_an_app_is_refused_by_name(org: Target, tmp_path: Path) -> None:
    end = verify(
        org, tmp_path, "--target-org", "dev", "--app-file", app_file(org, tmp_path),
        "--app-setting", "certificate=x",
    )  # fmt: skip
    assert_told(end, 2, "no setting of an app is called certificate", "rotation")


def test_every_behaviour_is_listed_with_what_it_writes(tmp_path: Path) -> None:
    end = evergrant("emulator", "verify", "--list", "--format", "json", folder=tmp_path)
    rows = {each["id"]: each for each in end.json()["behaviours"]}
    assert rows["token-unknown-grant"]["writes"] == "nothing"
    assert rows["app-generic-host"]["writes"] == "rows"
    assert rows["token-life"]["writes"] == "tokens"


def test_a_session_that_has_ended_is_no_finding(org: Target, tmp_path: Path) -> None:
    end = verify(replace(org, token="00Dxx!ended"), tmp_path, "--target-org", "dev")
    assert_told(end, 4, "does not say which it is", "Bad_OAuth_Token", "log in again")
