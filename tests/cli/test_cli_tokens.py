"""`evergrant tokens`, against an emulated org in another process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from cli_kit import assert_told
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant.emulator.server import Emulator

pytestmark = pytest.mark.slow


@pytest.fixture(name="crowded")
def crowded_fixture(desk: Desk, org: Emulator) -> Iterator[Desk]:
    """An org with old approvals of several users, and one that is new."""
    for user in ("integration", "sam", "rita"):
        desk.act("approve", app="orbit-sync", user=user)
    desk.act("deactivate_user", user="rita")
    with org.org.changing() as db:
        long_ago = "2026-01-05T08:00:00.000+0000"
        db.execute('UPDATE "OauthToken" SET "CreatedDate" = ?, "LastUsedDate" = ?', (long_ago,) * 2)
    desk.act("approve", app="orbit-sync", user="sam")
    yield desk
    for each in desk.folder.glob("*.json"):
        each.unlink()


def _session(desk: Desk, user: str = "admin") -> str:
    told = httpx2.get(f"{desk.control}/session", params={"user": user}, timeout=60).json()
    path = desk.folder / f"{user}.json"
    path.write_text(json.dumps({name: told[name] for name in ("access_token", "instance_url")}))
    return path.name


def _approvals(org: Emulator) -> list[str]:
    with org.org.lock:
        rows = org.org.db.execute(
            'SELECT u."Username" FROM "OauthToken" t JOIN "User" u ON u."Id" = t."UserId"'
            ' ORDER BY t."CreatedDate"'
        ).fetchall()
    return [str(row[0]).partition("@")[0] for row in rows]


def test_old_and_orphaned_approvals_go_after_a_yes_and_are_seen_to_be_gone(
    crowded: Desk, org: Emulator
) -> None:
    what = ("--session", _session(crowded))
    assert _approvals(org) == ["integration", "sam", "rita", "sam"]
    told = crowded.run("tokens", "list", *what, "--format", "json").json()
    assert told["seen"] == 4
    assert [(e["username"].partition("@")[0], e["reasons"]) for e in told["can_go"]] == [
        ("integration", ["stale"]), ("sam", ["stale"]), ("rita", ["stale", "orphaned"]),
    ]  # fmt: skip
    assert crowded.run("tokens", "clean", *what, stdin="n\n").code == 1
    assert len(_approvals(org)) == 4
    only = crowded.run("tokens", "clean", *what, "--reason", "orphaned", "--yes")
    assert only.code == 0, only.err
    assert _approvals(org) == ["integration", "sam", "sam"]
    done = crowded.run("tokens", "clean", *what, "--yes")
    assert done.code == 0, done.err
    assert "2 approvals: 2 revoked. 2 are gone." in done.out
    assert _approvals(org) == ["sam"]
    with org.org.lock:
        secrets = [r[0] for r in org.org.db.execute('SELECT "DeleteToken" FROM "OauthToken"')]
    assert not [each for each in secrets if each in done.out + done.err + only.out]


def test_a_session_that_sees_only_its_own_approvals_cleans_nothing(
    crowded: Desk, org: Emulator
) -> None:
    poor = _session(crowded, "sam")
    assert_told(
        crowded.run("tokens", "clean", "--session", poor, "--yes"), 4, "Customize Application"
    )
    assert len(_approvals(org)) == 4
