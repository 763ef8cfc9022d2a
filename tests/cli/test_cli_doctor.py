"""The doctor at the command line, against a served org: a person's session, and programs."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from cli_kit import Ended, assert_told
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from planted import stand_in_sf
from terminal import Session, at_terminal, frozen

FROZEN = Path(__file__).parent / "transcripts"
HELD = "Orbit_Sync_Access"


class Clinic:
    """A desk with a connection by JWT bearer, and an admin's login of the Salesforce CLI."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        key = httpx2.get(f"{desk.control}/key/orbit-jwt", timeout=60).json()["private_key"]
        self.file = desk.integration(
            "orbit-jwt",
            "jwt_bearer",
            consumer_secret_env="",
            private_key_file=desk.file("key.pem", key),
            subject=desk.user("integration")["username"],
        )
        told = httpx2.get(f"{desk.control}/session", timeout=60).json()
        self.sf = {
            "SF_BIN": str(stand_in_sf(desk.folder, told["instance_url"])),
            "STAND_IN_TOKEN": told["access_token"],
            "EVERGRANT_ALLOWED_HOSTS": desk.org.partition("//")[2],
            "EVERGRANT_STATUS_URL": desk.control,
        }

    def connected(self) -> None:
        """Connected ten minutes ago, so that its row is not taken for one of the failure."""
        self.desk.post("/clock", advance_s=-600)
        assert self.desk.run("connect", "Acme", "--integration", self.file).code == 0
        self.desk.post("/clock", advance_s=600)

    def lost(self) -> None:
        """The golden incident: the app is pre-authorized, and the user lost the permission set."""
        self.desk.act("unassign_permission_set", user="integration", permission_set=HELD)

    def assigned(self) -> None:
        self.desk.act("assign_permission_set", user="integration", permission_set=HELD)

    def doctor(self, *words: str) -> Ended:
        from cli_kit import evergrant

        more = self.desk.environ | self.sf
        return evergrant("doctor", *words, folder=self.desk.folder, **more)

    def at_terminal(self, *words: str, answers: tuple[str, ...] = (), colour: bool) -> Session:
        more = self.desk.environ | self.sf
        return at_terminal(
            "doctor", *words, folder=self.desk.folder, answers=answers, colour=colour, **more
        )


ANSWERS = ("1", "1", "1", "1")
"""What a person says to the doctor's questions, in turn."""


def without_first(screen: str) -> str:
    """Our renewal and the row that it left differ by less than a second: either may come first."""
    return re.sub(r"( - first failure: ).*?(?=\n *- reach)", r"\1…", screen, flags=re.DOTALL)


@pytest.fixture(name="clinic")
def clinic_fixture(desk: Desk) -> Clinic:
    clinic = Clinic(desk)
    clinic.connected()
    return clinic


def examination_in(text: str) -> str:
    found = re.search(r"exam_[0-9a-f]{16}", text)
    assert found is not None, text
    return found[0]


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_a_person_walks_the_golden_incident_with_the_doctor_until_it_is_proven(
    clinic: Clinic, colour: bool
) -> None:
    clinic.lost()
    asked = clinic.at_terminal("--connection", "Acme", colour=colour)
    id_ = examination_in(asked.screen)
    seen = clinic.at_terminal("--resume", id_, "--target-org", "admin", colour=colour)
    clinic.assigned()
    proven = clinic.at_terminal("--resume", id_, "--target-org", "admin", colour=colour)
    assert (seen.code, proven.code) == (1, 0)
    screen = "".join(
        f"$ evergrant doctor {words}\n{each.screen}[{each.code}]\n\n"
        for words, each in (
            ("--connection Acme", asked),
            ("--resume exam_ID --target-org admin", seen),
            ("--resume exam_ID --target-org admin", proven),
        )
    )
    screen = without_first(screen)
    now, before = frozen(FROZEN / f"doctor-golden-{'colour' if colour else 'plain'}.txt", screen)
    assert now == before
    assert ("\x1b[" in now) is colour
    plain = re.sub(r"\x1b\[[0-9;]*m", "", now)
    assert max(map(len, plain.splitlines())) <= 80


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_a_person_with_nothing_but_an_error_text_is_asked_until_the_cause_is_clear(
    clinic: Clinic, colour: bool
) -> None:
    error = clinic.desk.file("error.txt", "invalid_grant: authentication failure")
    words = ("--evidence", error, "--app", "Orbit Sync")
    asked = clinic.at_terminal(*words, answers=ANSWERS, colour=colour)
    screen = f"$ evergrant doctor --evidence error.txt --app 'Orbit Sync'\n{asked.screen}"
    now, before = frozen(FROZEN / f"doctor-asks-{'colour' if colour else 'plain'}.txt", screen)
    assert now == before
    assert "Answer: " in now
    assert asked.code == 1


def test_two_closed_gates_are_named_in_salesforces_order_until_access_is_proven(
    clinic: Clinic,
) -> None:
    clinic.desk.post("/clock", advance_s=-60)  # the audit trail knows whole seconds
    clinic.lost()
    clinic.desk.post("/clock", advance_s=60)
    clinic.desk.act("block_app", app="orbit-jwt")
    clinic.desk.post("/clock", advance_s=2)
    words = ("--target-org", "admin")
    first = clinic.at_terminal("--connection", "Acme", *words, colour=False)
    id_ = examination_in(first.screen)
    clinic.desk.act("unblock_app", app="orbit-jwt")
    clinic.desk.post("/clock", advance_s=2)  # what was changed and what failed differ by seconds
    second = clinic.at_terminal("--resume", id_, *words, colour=False)
    clinic.assigned()
    third = clinic.at_terminal("--resume", id_, *words, colour=False)
    assert (first.code, second.code, third.code) == (1, 1, 0)
    screen = "".join(f"{each.screen}[{each.code}]\n\n" for each in (first, second, third))
    now, before = frozen(FROZEN / "doctor-stacked.txt", without_first(screen))
    assert now == before


def test_without_input_the_doctor_lists_the_query_the_export_and_the_click(clinic: Clinic) -> None:
    error = clinic.desk.file("error.txt", "invalid_grant: authentication failure")
    end = clinic.doctor("--evidence", error, "--app", "Orbit Sync", "--no-input")
    told = " ".join(end.out.split())
    assert end.code == 3
    assert "query: SELECT LoginTime, UserId, Status, Application, SourceIp FROM Login" in told
    assert "export: the CSV download of Setup > Login History; give it with --evidence" in told
    assert "needs Monitor Login History" in told


def test_programs_get_gates_question_and_missing_evidence_and_no_secret(clinic: Clinic) -> None:
    clinic.desk.post("/clock", advance_s=-60)  # the audit trail knows whole seconds
    clinic.lost()
    clinic.desk.post("/clock", advance_s=60)
    clinic.desk.act("block_app", app="orbit-jwt")
    end = clinic.doctor("--connection", "Acme", "--target-org", "admin", "--format", "json")
    told = end.json()
    assert (end.code, told["status"], end.err) == (1, "clear", "")
    assert [(each["gate"], each["how"]) for each in told["gates"]][:1] == [
        ("app_blocked", "refuses")
    ]
    assert ("permitted_users", "will refuse") in [
        (each["gate"], each["how"]) for each in told["gates"]
    ]
    assert clinic.sf["STAND_IN_TOKEN"] not in end.out


def test_an_uploaded_login_history_stands_for_the_look_at_the_org(clinic: Clinic) -> None:
    clinic.lost()
    clinic.doctor("--connection", "Acme", "--no-input")
    rows = httpx2.get(
        f"{clinic.desk.org}/services/data/v66.0/query",
        params={"q": "SELECT LoginTime, Status, Application, SourceIp, UserId FROM LoginHistory"},
        headers={"Authorization": f"Bearer {clinic.sf['STAND_IN_TOKEN']}"},
        timeout=60,
    ).text
    path = clinic.desk.folder / "rows.json"
    path.write_text(rows)
    end = clinic.doctor("--connection", "Acme", "--evidence", str(path), "--format", "json")
    told = end.json()
    facts = {each["name"]: each["source"] for each in told["diagnosis"]["facts"]}
    assert facts["login_history.status"] == "login_history"
    assert told["causes"][0]["id"] == "user-not-preauthorized"


def test_a_healthy_connection_is_proven_and_ends_with_0(clinic: Clinic) -> None:
    end = clinic.doctor("--connection", "Acme")
    assert (end.code, end.out.splitlines()[0]) == (0, "✓ Acme: it works.")
    assert "login history, proven" in end.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is nothing to examine"),
        (("--resume", "exam_0", "--connection", "Acme"), "--resume knows what it is about"),
        (("--resume", "exam_0"), "there is no examination 'exam_0'"),
        (("--connection", "Nobody"), "there is no connection 'Nobody'"),
        (("--connection", "Acme", "--target-org", "a", "--session", "b"), "exclude each other"),
    ],
)
def test_a_command_line_that_cannot_be_meant_is_told_why(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    assert_told(desk.run("doctor", *words), 2, said)


def test_a_login_that_the_salesforce_cli_does_not_have_could_not_look(
    clinic: Clinic,
) -> None:
    stand_in_sf(clinic.desk.folder, clinic.desk.org, version="logged out")
    assert_told(clinic.doctor("--connection", "Acme", "--target-org", "admin"), 4, "no session")
