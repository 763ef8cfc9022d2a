"""The repair commands as people run them, in an emulated org: shown, done, proven, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_kit import evergrant
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.connected import sign_in
from evergrant.emulator.server import Emulator
from repair_kit import connected

pytestmark = pytest.mark.slow


@pytest.fixture
def session(org: Emulator, tmp_path: Path) -> Iterator[str]:
    """An admin's session of the emulated org, as a file."""
    told = sign_in(org.org, "admin")
    path = tmp_path / "session.json"
    path.write_text(json.dumps({name: told[name] for name in ("access_token", "instance_url")}))
    yield str(path)
    path.unlink()


def _policy(org: Emulator) -> str:
    return app_by_name(org.org.db, "orbit-sync").refresh_policy


def test_a_policy_is_mended_proven_and_brought_back(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    org.act("set_app", app="orbit-sync", refresh_policy="zero")
    what = ("--rule", "TOK-01", "--app", "orbit_sync", "--session", session)
    before = evergrant("repair", "verify", *what, folder=tmp_path)
    assert before.code == 1
    done = evergrant("repair", "apply", *what, "--yes", "--backup", "kept", folder=tmp_path)
    assert done.code == 2, "a backup that cannot be kept stops it"
    assert _policy(org) == "zero"
    done = evergrant("repair", "apply", *what, "--yes", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "-        <refreshTokenPolicy>zero" in done.out
    assert "To be done by a person" in done.out
    assert "✓ orbit_sync: oauthPolicy/refreshTokenPolicy = specific_inactivity:30:DAYS" in done.out
    assert _policy(org) == "specific_inactivity:30:DAYS"
    assert evergrant("repair", "verify", *what, folder=tmp_path).code == 0
    again = evergrant("repair", "apply", *what, "--yes", folder=tmp_path)
    assert "nothing is deployed" in again.out
    (kept,) = tmp_path.glob("evergrant-backup-*-TOK-01-orbit_sync.zip")
    back = evergrant("repair", "undo", kept.name, "--session", session, "--yes", folder=tmp_path)
    assert back.code == 0, back.out + back.err
    assert _policy(org) == "zero"
    token = json.loads(Path(session).read_text())["access_token"]
    assert token not in done.out + done.err + again.out + back.out


def test_nothing_is_changed_without_a_yes(org: Emulator, session: str, tmp_path: Path) -> None:
    org.act("set_app", app="orbit-sync", refresh_policy="zero")
    what = ("--rule", "TOK-01", "--app", "orbit_sync", "--session", session)
    done = evergrant("repair", "apply", *what, folder=tmp_path, stdin="n\n")
    assert done.code == 1
    assert _policy(org) == "zero"
    assert not list(tmp_path.glob("*.zip"))


def test_records_are_written_only_where_that_is_allowed(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    org.act("freeze_user", user="integration")
    domain = "@" + sign_in(org.org, "integration")["username"].partition("@")[2]
    what = ("--rule", "TOK-10", "--set", f"user=integration{domain}", "--session", session, "--yes")
    without = evergrant("repair", "apply", *what, folder=tmp_path)
    assert without.code == 1
    assert "Not allowed to write records" in without.out
    done = evergrant("repair", "apply", *what, "--records", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "✓ " in done.out


def test_a_blocked_app_is_unblocked(org: Emulator, session: str, tmp_path: Path) -> None:
    org.act("block_app", app="orbit-sync")
    what = ("--rule", "ACC-07", "--app", "orbit_sync", "--session", session, "--yes")
    done = evergrant("repair", "apply", *what, folder=tmp_path)
    assert "BlacklistedConsumer orbit_sync is gone" in done.out, done.out + done.err
    assert not app_by_name(org.org.db, "orbit-sync").blocked


def test_one_change_of_a_fix_is_applied_by_its_id_alone(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    org.act("set_app", app="orbit-sync", refresh_policy="specific_lifetime:1:HOURS", rotation=True)
    what = ("--change", "refresh-policy", "--app", "Orbit Sync", "--session", session)
    done = evergrant("repair", "apply", *what, "--yes", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    assert _policy(org) == "infinite"
    assert app_by_name(org.org.db, "orbit-sync").rotation, "nothing else of the app was changed"
    by_hand = ("--change", "install-app", "--app", "Orbit Sync", "--session", session)
    refused = evergrant("repair", "plan", *by_hand, folder=tmp_path)
    assert refused.code == 2
    assert "no repair is known for install-app" in refused.err


def test_what_is_dangerous_is_refused_though_somebody_said_yes(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    what = ("--rule", "ACC-04", "--app", "orbit_sync", "--session", session, "--yes")
    done = evergrant("repair", "apply", *what, folder=tmp_path)
    assert done.code == 2
    assert "grant first, flip second" in done.err
    assert not app_by_name(org.org.db, "orbit-sync").admin_approved


def test_a_plan_a_patch_and_a_simulation_need_no_org(tmp_path: Path) -> None:
    for each in connected(refresh="zero"):
        path = tmp_path / each.path
        path.parent.mkdir(parents=True)
        path.write_bytes(each.data)
    told = evergrant("repair", "plan", "force-app", "--format", "json", folder=tmp_path).json()
    codes = {each["code"] for each in told["plans"]}
    assert {"TOK-01", "ACC-01", "CLI-01"} <= codes
    patch = evergrant("repair", "diff", "force-app", "--rule", "TOK-01", folder=tmp_path)
    assert "+        <refreshTokenPolicy>specific_inactivity:30:DAYS" in patch.out
    tried = evergrant("repair", "simulate", "force-app", "--rule", "TOK-01", folder=tmp_path)
    assert tried.code == 0, tried.out + tried.err
    assert "TOK-01 in an emulated org: repaired" in tried.out
    assert "✗ refresh" in tried.out


def test_a_simulation_shows_the_client_that_a_repair_would_break(tmp_path: Path) -> None:
    for each in connected():
        path = tmp_path / each.path
        path.parent.mkdir(parents=True)
        path.write_bytes(each.data)
    for rule, habit in (("CLI-01", "--no-pkce"), ("CLI-05", "--keeps-old-token")):
        what = ("repair", "simulate", "force-app", "--rule", rule, habit)
        tried = evergrant(*what, folder=tmp_path)
        assert tried.code == 1
        assert f"{rule} in an emulated org: NOT repaired" in tried.out


def test_two_repairs_of_one_app_do_not_undo_each_other(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    what = ("--rule", "CLI-01", "--rule", "CLI-05", "--app", "orbit_sync", "--session", session)
    done = evergrant("repair", "apply", *what, "--yes", "--format", "json", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    told = done.json()["plans"]
    assert [(each["code"], each["proven"]) for each in told] == [("CLI-01", True), ("CLI-05", True)]
    policy = app_by_name(org.org.db, "orbit-sync")
    assert policy.pkce_required
    assert policy.rotation
    assert len(list(tmp_path.glob("evergrant-backup-*.zip"))) == 2


def test_an_app_is_migrated_in_the_org_beside_the_old_one(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    what = ("repair", "migrate", "--app", "orbit_sync", "--session", session)
    done = evergrant(*what, "--simulate", "--deploy", "--yes", "--output", "new", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "both clients live" in done.out
    new = app_by_name(org.org.db, "orbit_sync_ECA")
    assert new.kind == "external_client_app"
    assert new.label == "Orbit Sync (ECA)"
    assert new.scopes == app_by_name(org.org.db, "orbit-sync").scopes
    assert len(list((tmp_path / "new").rglob("*-meta.xml"))) == 5
    again = evergrant(*what, "--output", "new", folder=tmp_path)
    assert again.code == 2


def test_a_secret_is_taken_out_of_a_file_and_shown_nowhere(tmp_path: Path) -> None:
    secret = "        <consumerSecret>9Never2Shown7Anywhere</consumerSecret>\n"
    (component,) = connected(oauth=secret)
    path = tmp_path / component.path
    path.parent.mkdir(parents=True)
    path.write_bytes(component.data)
    told = [
        evergrant("repair", *words, "force-app", "--rule", "SRC-01", folder=tmp_path)
        for words in (("plan",), ("diff",), ("diff", "--format", "json"), ("diff", "--write"))
    ]
    assert [each.code for each in told] == [0, 0, 0, 0], told
    assert all("9Never2Shown7Anywhere" not in each.out + each.err for each in told)
    assert path.read_bytes() == component.data.replace(secret.encode(), b"")
