"""The register of apps, drawn up from an org and read back by the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_kit import evergrant
from evergrant.audit.inventory import Listed, inventory, register_text
from evergrant.audit.model import OrgRows
from evergrant.audit.register import read_register
from evergrant.emulator.connected import sign_in
from evergrant.emulator.server import Emulator
from rule_kit import NOW

ROWS: dict[str, tuple[dict[str, object], ...]] = {
    "ConnectedApplication": ({"Id": "0H4000000000001", "Name": "Ledger Sync"},),
    "ExternalClientApplication": (
        {"Id": "0xI000000000001", "DeveloperName": "Orbit", "MasterLabel": "Orbit Portal"},
    ),
    "OauthToken": (
        {"AppName": "Ledger Sync", "UserId": "005000000000001", "User": {"Username": "bot@a.io"},
         "CreatedDate": "2026-01-01T08:00:00Z", "LastUsedDate": "2026-11-01T08:00:00Z"},
        {"AppName": "Data Mover", "UserId": "005000000000002", "User": {"Username": "sam@a.io"},
         "CreatedDate": "2026-01-01T08:00:00Z", "LastUsedDate": "2026-03-01T08:00:00Z"},
    ),
    "LoginHistory": (
        {"Application": "Ledger Sync", "UserId": "005000000000001", "Status": "Success",
         "LoginTime": "2026-11-20T08:00:00Z"},
        {"Application": "Ledger Sync", "UserId": "005000000000001", "Status": "Invalid",
         "LoginTime": "2026-11-21T08:00:00Z"},
    ),
}  # fmt: skip
REGISTER = """# agreed in March
[[app]]
name = "Ledger Sync"   # finance
standing = "sanctioned"
owner = "Finance IT"

[[app]]
name = "Old Loader"
standing = "banned"
owner = "Security"
reason = "leaked its secret"
"""


def test_every_app_that_an_org_tells_of_is_listed_with_its_use_and_what_people_decided() -> None:
    found = inventory(OrgRows("org", ROWS), read_register("r.toml", REGISTER), NOW)
    told = {each.app: each for each in found}
    assert list(told) == ["Data Mover", "Ledger Sync", "Old Loader", "Orbit Portal"]
    ledger = told["Ledger Sync"]
    assert (ledger.standing, ledger.owner, ledger.kind) == (
        "sanctioned", "Finance IT", "connected app"
    )  # fmt: skip
    assert ledger.last_used is not None
    assert f"{ledger.last_used:%m-%d}" == "11-20", "a refused login is no use"
    assert (told["Data Mover"].kind, told["Data Mover"].users) == ("", ("sam@a.io",))
    assert (told["Orbit Portal"].approvals, told["Orbit Portal"].last_used) == (0, None)
    assert told["Old Loader"].reason == "leaked its secret"


def test_a_register_keeps_what_stood_in_it_and_gains_what_is_new_as_unreviewed() -> None:
    found = inventory(OrgRows("org", ROWS), read_register("r.toml", REGISTER), NOW)
    text = register_text(found, REGISTER)
    assert text.startswith(REGISTER)
    rows = read_register("r.toml", text)
    assert [(row["app"], row["standing"]) for row in rows] == [
        ("Ledger Sync", "sanctioned"), ("Old Loader", "banned"),
        ("Data Mover", "unreviewed"), ("Orbit Portal", "unreviewed"),
    ]  # fmt: skip
    assert "# authorized by sam@a.io" in text
    again = inventory(OrgRows("org", ROWS), rows, NOW)
    assert register_text(again, text) == text


def test_what_a_session_may_not_see_is_left_open_and_not_called_none() -> None:
    rows = {name: each for name, each in ROWS.items() if name != "OauthToken"}
    hidden = OrgRows("org", rows, {"OauthToken": "Customize Application"})
    (orbit,) = (e for e in inventory(hidden, (), NOW) if e.app == "Orbit Portal")
    assert (orbit.users, orbit.approvals, orbit.scopes) == (None, None, None)


@given(st.lists(st.text(min_size=1).filter(str.strip), max_size=4, unique=True))
def test_a_register_holds_labels_of_any_signs(labels: list[str]) -> None:
    safe = [each.encode("utf-8", "ignore").decode() or "x" for each in labels]
    rows = read_register("r.toml", register_text([Listed(each) for each in safe]))
    assert [row["app"] for row in rows] == safe


@pytest.fixture(name="session")
def session_fixture(org: Emulator, tmp_path: Path) -> Iterator[str]:
    """An admin's session of the emulated org, as a file."""
    told = sign_in(org.org, "admin")
    path = tmp_path / "session.json"
    path.write_text(json.dumps({name: told[name] for name in ("access_token", "instance_url")}))
    yield path.name
    path.unlink()


@pytest.mark.slow
def test_an_orgs_register_is_written_and_the_audit_judges_by_it(
    org: Emulator, session: str, tmp_path: Path
) -> None:
    org.act("approve", app="orbit-sync", user="sam")
    what = ("--session", session)
    done = evergrant("app", "list", *what, "--write", "apps.toml", folder=tmp_path)
    assert done.code == 0, done.err
    assert "unreviewed" in done.out
    text = (tmp_path / "apps.toml").read_text()
    assert 'name = "Orbit Sync"' in text
    assert "# authorized by sam@acme.example" in text
    assert "scopes Api" in text
    again = evergrant("app", "list", *what, "--write", "apps.toml", folder=tmp_path)
    assert again.code == 2
    banned = text.replace("unreviewed", "banned")
    (tmp_path / "apps.toml").write_text(banned)
    kept = evergrant(
        "app", "list", *what, "--register", "apps.toml", "--write", "apps.toml", folder=tmp_path
    )
    assert kept.code == 0, kept.err
    assert (tmp_path / "apps.toml").read_text() == banned
    rule = ("--rule", "app-banned", "--format", "json")
    judged = evergrant("audit", *what, "--register", "apps.toml", *rule, folder=tmp_path).json()
    assert "Orbit Sync" in {each["app"] for each in judged["findings"]}
