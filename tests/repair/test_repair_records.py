"""Repairs of what only an org's rows show: several users in one run, each named and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_kit import evergrant
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.connected import sign_in
from evergrant.emulator.server import Emulator
from repair_kit import connected

pytestmark = pytest.mark.slow


@pytest.fixture
def session(org: Emulator, tmp_path: Path) -> Iterator[str]:
    """An admin's session of the emulated org, as a file."""
    yield _session_of(org, "admin", tmp_path)
    for each in tmp_path.glob("*.json"):
        each.unlink()


def _session_of(org: Emulator, user: str, folder: Path) -> str:
    told = sign_in(org.org, user)
    path = folder / f"{user}.json"
    path.write_text(json.dumps({name: told[name] for name in ("access_token", "instance_url")}))
    return str(path)


def _active(org: Emulator, user: str) -> bool:
    row = org.org.db.execute(
        'SELECT "IsActive" FROM "User" WHERE "Username" = ?', (f"{user}@acme.example",)
    ).fetchone()
    return bool(row[0])


def test_users_who_are_not_admitted_are_found_in_the_org_and_admitted_in_one_run(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    for user in ("integration", "sam", "rita"):
        org.act("approve", app="orbit-sync", user=user)
    org.act("grant_app", app="orbit-sync", permission_set="Orbit_Sync_Access")
    org.act("set_app", app="orbit-sync", admin_approved=True)
    what = ("--rule", "ACC-03", "--session", session)
    (planned,) = evergrant("repair", "plan", *what, "--format", "json", folder=tmp_path).json()[
        "plans"
    ]
    assert planned["missing"] == {}
    assert [each["do"].rpartition("(")[2] for each in planned["steps"]] == [
        "Orbit_Sync_Access to rita@acme.example)", "Orbit_Sync_Access to sam@acme.example)",
    ]  # fmt: skip
    done = evergrant("repair", "apply", *what, "--records", "--yes", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "2 records: 2 done." in done.out
    assert "✓ rita@acme.example holds Orbit_Sync_Access" in done.out
    left = evergrant("repair", "plan", *what[:2], "--app", "Orbit Sync", *what[2:], folder=tmp_path)
    assert "no finding shows it" in left.out


def test_frozen_and_deactivated_users_are_let_in_again_and_a_missing_one_stops_none(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    for user in ("sam", "rita"):
        org.act("approve", app="orbit-sync", user=user)
    org.act("freeze_user", user="sam")
    org.act("deactivate_user", user="rita")
    what = ("--rule", "TOK-10", "--session", session, "--records", "--yes", "--format", "json")
    done = evergrant("repair", "apply", *what, folder=tmp_path)
    assert done.code == 0, done.out + done.err
    (told,) = done.json()["plans"]
    ends = [(each["of"].partition("@")[0], each["end"]) for each in told["steps"]]
    assert ends == [
        ("rita", "was so already"), ("sam", "done"), ("rita", "done"), ("sam", "was so already"),
    ]  # fmt: skip
    assert _active(org, "rita")
    named = "user=nobody@acme.example, sam@acme.example"
    again = evergrant("repair", "apply", *what[:-2], "--set", named, folder=tmp_path)
    assert again.code == 1
    assert "2 failed, 2 was so already" in again.out
    assert "the org has no user 'nobody@acme.example'" in again.out


def test_a_session_that_may_not_manage_users_activates_nobody(
    org: Emulator, tmp_path: Path
) -> None:
    org.act("deactivate_user", user="rita")
    poor = _session_of(org, "sam", tmp_path)
    what = ("--rule", "TOK-10", "--set", "user=rita@acme.example", "--session", poor)
    done = evergrant("repair", "apply", *what, "--records", "--yes", folder=tmp_path)
    assert done.code == 1, done.out + done.err
    assert "INSUFFICIENT_ACCESS" in done.err
    Path(poor).unlink()
    assert not _active(org, "rita")


def test_an_app_that_a_migration_made_is_deleted_by_its_way_back(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    what = ("repair", "migrate", "--app", "orbit_sync", "--session", session)
    done = evergrant(*what, "--deploy", "--yes", folder=tmp_path)
    assert done.code == 0, done.out + done.err
    assert not app_by_name(org.org.db, "orbit_sync_ECA").deleted
    (kept,) = tmp_path.glob("evergrant-backup-*-migrate-orbit_sync_ECA.zip")
    back = evergrant("repair", "undo", kept.name, "--session", session, "--yes", folder=tmp_path)
    assert back.code == 0, back.out + back.err
    assert "deletes: ExternalClientApplication orbit_sync_ECA" in back.out
    assert app_by_name(org.org.db, "orbit_sync_ECA").deleted
    assert not app_by_name(org.org.db, "orbit-sync").deleted


def test_a_connections_own_token_plans_what_it_may_see_and_says_what_it_may_not(
    desk: Desk,
) -> None:
    file = desk.integration("orbit-server", "client_credentials")
    assert desk.run("connect", "Acme", "--integration", file).code == 0
    told = desk.run("repair", "plan", "--org", "Acme", "--rule", "TOK-10",
                    "--set", "user=sam@acme.example")  # fmt: skip
    assert told.code == 0, told.err
    assert "Record: Unfreeze the user (sam@acme.example)" in told.out
    assert "the session lacks" in told.err
    done = desk.run("repair", "apply", "--org", "Acme", "--rule", "TOK-10", "--records", "--yes",
                    "--set", "user=sam@acme.example")  # fmt: skip
    assert done.code == 1
    assert "2 records: 2 failed." in done.out


def test_a_code_that_says_several_things_is_named_by_its_rule(tmp_path: Path) -> None:
    for each in connected():
        (tmp_path / each.kind.path(each.name).rpartition("/")[2]).write_bytes(each.data)
    told = evergrant("repair", "plan", ".", "--rule", "ORG-01", folder=tmp_path)
    assert told.code == 2
    assert "password-flow-blocked-in-use, password-flow-open" in " ".join(told.err.split())
    one = evergrant("repair", "plan", ".", "--rule", "password-flow-open", folder=tmp_path)
    assert "blockOAuthUnPwFlow = true" in one.out
