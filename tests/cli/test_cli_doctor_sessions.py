"""The doctor at the command line with an admin's session that is over, or names nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evidence_kit import login, table

WORDS = ("--app", "Orbit Sync", "--user", "integration@acme.example", "--no-input")


@pytest.fixture(autouse=True)
def nothing_issued_stays(desk: Desk) -> Iterator[None]:
    yield
    (desk.folder / "session.json").unlink(missing_ok=True)


def session(desk: Desk, **more: str) -> str:
    told = httpx2.get(f"{desk.control}/session", timeout=60).json()
    return desk.file("session.json", json.dumps(told | more))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"access_token": "00D000000000001!dead"}, "the org does not take this session"),
        ({"instance_url": "http://127.0.0.1:9"}, "could not reach 127.0.0.1:9"),
    ],
    ids=["over", "unreachable"],
)
def test_a_session_that_shows_nothing_is_said_first_and_ends_with_4(
    desk: Desk, more: dict[str, str], said: str
) -> None:
    end = desk.run("doctor", "--session", session(desk, **more), *WORDS)
    told = " ".join(end.out.split())
    assert end.code == 4, end.out + end.err
    assert told.startswith("! ")
    assert said.casefold() in told[:120].casefold()
    assert "%20" not in end.out + end.err
    assert "nobody named the user" not in end.out + end.err


def test_the_doctor_shows_the_timeline_of_its_evidence_and_what_could_not_be_read(
    desk: Desk,
) -> None:
    rows = [login(hours_ago=3, status="Success"), login(hours_ago=1)]
    logins = desk.file("logins.csv", table(rows) + '"cut, ')
    trail = desk.file("trail.csv", "Date,User,Action,Section,Display\n11/22/2026 10:00:00 GMT,"
                      "admin@acme.example,,,Blocked connected app Orbit Sync\n")  # fmt: skip
    words = ("--evidence", logins, "--evidence", trail, "--app", "Orbit Sync", "--no-input")
    end = desk.run("doctor", *words)
    told = " ".join(end.out.split())
    assert "last success: 2026-11-22 09:00:00 UTC" in told
    assert "last change before the first failure: 2026-11-22 10:00:00 UTC" in told
    assert "first failure: 2026-11-22 11:00:00 UTC" in told
    assert "2 rows read; 1 could not be read" in told
    id_ = told.rpartition("--resume ")[2].split()[0]
    again = desk.run("doctor", "--resume", id_, "--no-input", "--format", "json").json()
    assert [each["what"] for each in again["evidence"]["timeline"]["moments"]] == [
        "success", "change", "failure",
    ]  # fmt: skip
    assert [each["skipped"] for each in again["evidence"]["readings"]] == [1, 0]


def test_a_username_that_the_org_does_not_know_is_said_first(desk: Desk) -> None:
    words = ("--app", "Orbit Sync", "--user", "integraton@acme.example", "--no-input")
    end = desk.run("doctor", "--session", session(desk), *words)
    told = " ".join(end.out.split())
    assert end.code == 3
    assert told.startswith("! No User where Username = 'integraton@acme.example'; perhaps")
    data = desk.run("doctor", "--session", session(desk), *words, "--format", "json").json()
    assert "perhaps 'integration@acme.example'" in data["warnings"][0]
