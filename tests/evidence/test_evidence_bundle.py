"""A bundle shows nobody's names and secrets, and is judged as its evidence was."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli_kit import evergrant
from evergrant.catalog import load
from evergrant.diagnosis import diagnose
from evergrant.errors import BadInput
from evergrant.evidence import Wanted
from evergrant.evidence.bundle_file import pack
from evergrant.evidence.redact import redactor
from evidence_kit import NOW, evidence, login, table, values

SECRETS = {
    "access token": "00D8a000000XyzQ!AQ4AQFakeFakeFake.FakeFakeFakeFake_1",
    "refresh token": "5Aep861FakeFakeFakeFakeFake.FakeFakeFakeFake1",
    "client secret": "client_secret=8F3C1FAKE9D0A7B6C5E4",
    "password": "password=hunter2hunter2",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJmYWtlIn0.c2lnbmF0dXJlZmFrZQ",
}
PEOPLE = ("ann@acme.example", "bob.o'hara+x@acme.example", "admin@acme.example")
PLACES = ("203.0.113.9", "198.51.100.7", "2001:db8::9", "acme--uat.sandbox.my.salesforce.com")
IDS = ("005000000000001AAA", "00D000000000001EAA", "0H4000000000001AAA", "3MVG9FakeFakeFakeKey")
LOG = "\n".join(
    [
        '2026-11-22T11:00:00Z {"error":"invalid_grant",'
        '"error_description":"authentication failure"}',
        *(f"sent {value} at acme--uat.sandbox.my.salesforce.com" for value in SECRETS.values()),
        f"user {PEOPLE[0]} ({IDS[0]}) of {IDS[1]} from 2001:db8::9 with {IDS[2]} {IDS[3]}",
    ]
)
TRAIL = [
    {"Date": "11/22/2026 10:00:00 GMT", "User": PEOPLE[2], "Section": "Manage Users",
     "Action": f"Froze user {PEOPLE[0]} ({IDS[0]}) from {PLACES[0]} at {PLACES[3]}"}
]  # fmt: skip
ROWS = [
    login(PEOPLE[0], 1, "User is frozen"),
    login(PEOPLE[0], 20, "Success", ip=PLACES[1]),
    login(PEOPLE[1], 2, "Success", ip="2001:db8::9"),
    login("Carla Mayer", 3, "Success"),
]
GIVEN = (LOG, table(ROWS), table(TRAIL))


def bundled() -> str:
    wanted = Wanted(app="Orbit Sync", user=PEOPLE[0], now=NOW)
    found = evidence(*GIVEN, app="Orbit Sync", user=PEOPLE[0])
    return json.dumps(pack(found.gathered, wanted, made_at=NOW), ensure_ascii=False)


@pytest.mark.parametrize("hidden", [*SECRETS.values(), *PEOPLE, *PLACES, *IDS, "Carla Mayer"])
def test_a_bundle_holds_no_secret_no_person_and_no_place(hidden: str) -> None:
    value = hidden.partition("=")[2] or hidden.removesuffix(".sandbox.my.salesforce.com")
    assert value not in bundled()
    assert value.casefold() not in bundled().casefold()


def test_nothing_in_a_bundle_looks_like_a_secret_or_a_user_name() -> None:
    text = bundled()
    for shape in (r"[\w.+'-]+@[\w-]+\.", r"00D[A-Za-z0-9]{12,15}!", r"eyJ\w{8,}\.", r"5Aep",
                  r"\b005[A-Za-z0-9]{12}", r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b"):  # fmt: skip
        assert not re.search(shape, text), shape


def test_who_was_one_stays_one() -> None:
    moments = json.loads(bundled())["moments"]
    assert len({each["user"] for each in moments if each["text"].endswith("frozen from address-1")}
               ) == 1  # fmt: skip
    frozen = next(each for each in moments if each["act"] == "user frozen")
    failing = next(each for each in moments if each["what"] == "failure" and each["user"])
    assert failing["user"] in frozen["text"]


def test_a_bundle_is_judged_as_its_evidence_was() -> None:
    catalog = load()
    here = evidence(*GIVEN, app="Orbit Sync", user=PEOPLE[0])
    there = evidence(bundled())
    assert values(there) == values(here) | {"login_history.status": "User is frozen"}
    first, second = (diagnose(each.facts, catalog).ranked for each in (here, there))
    assert [(r.cause, r.confidence, r.word) for r in first] == [
        (r.cause, r.confidence, r.word) for r in second
    ]
    assert there.timeline.reach == here.timeline.reach == "one user"
    assert there.timeline.last_change is not None
    assert there.timeline.last_change.act == "user frozen"


def test_the_time_that_was_asked_for_goes_with_the_bundle() -> None:
    rows = [login(hours_ago=5, status="Restricted IP"), login(hours_ago=1)]
    at = NOW.replace(hour=7)
    found = evidence(table(rows), at=at)
    made = json.dumps(pack(found.gathered, Wanted(at=at, now=NOW), made_at=NOW))
    assert values(evidence(made))["login_history.status"] == "Restricted IP"


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_cut_bundle_is_refused(cut: int) -> None:
    with pytest.raises(BadInput, match="no bundle"):
        evidence(bundled()[:-cut])


def test_a_bundle_of_another_shape_is_refused() -> None:
    body = json.loads(bundled())
    body["facts"] = [{"name": "x"}]
    with pytest.raises(BadInput, match="no bundle"):
        evidence(json.dumps(body))


@given(st.text(max_size=80))
@example("a@b@0 Ann Bee@c@d 0@.@0")
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    one = redactor(["Ann Bee"]).text(text)
    assert redactor(["Ann Bee"]).text(one) == one


def test_packed_exports_are_read(tmp_path: Path) -> None:
    packed = gzip.compress(table(ROWS * 50).encode())
    assert values(evidence(packed))["login_history.status"] == "User is frozen"
    cut = evidence(packed[:-30]).gathered.readings[0]
    assert (cut.source, cut.read > 0) == ("login_history", True)


@pytest.mark.slow
def test_a_bundle_is_saved_shown_and_judged_on_the_command_line(tmp_path: Path) -> None:
    for name, text in zip(("log.txt", "logins.csv", "trail.csv"), GIVEN, strict=True):
        (tmp_path / name).write_text(text)
    words = ("log.txt", "logins.csv", "trail.csv", "--app", "Orbit Sync", "--user", PEOPLE[0])
    here = evergrant("diagnose", *words, "--format", "json", folder=tmp_path)
    saved = evergrant("bundle", "save", *words, "-o", "b.json", folder=tmp_path)
    assert (saved.code, saved.out, saved.err) == (0, "", "")
    there = evergrant("bundle", "judge", "b.json", "--format", "json", folder=tmp_path)
    assert (there.code, there.json()["causes"]) == (here.code, here.json()["causes"])
    shown = evergrant("bundle", "show", "b.json", folder=tmp_path)
    assert "login_history: login_history.status = User is frozen" in shown.out
    assert not any(name in saved.out + shown.out + there.out for name in (*PEOPLE, *PLACES))
    no = evergrant("bundle", "judge", "log.txt", folder=tmp_path)
    assert (no.code, "is no bundle" in no.err) == (2, True)


@pytest.mark.slow
def test_evidence_of_several_kinds_is_one_diagnosis(tmp_path: Path) -> None:
    (tmp_path / "trail").write_text(table(TRAIL))
    words = ("diagnose", "-", "trail", "--app", "Orbit Sync", "--at", "2026-11-22T11:00Z")
    end = evergrant(*words, folder=tmp_path, stdin=table(ROWS))
    assert "Timeline" in end.out
    assert "last change before the first failure: 2026-11-22 10:00:00 UTC" in end.out
    assert "reach: one user" in end.out
    assert "standard input (login history): 4 rows read" in end.out
    bad = evergrant("diagnose", "trail", "--at", "tomorrow", folder=tmp_path)
    assert (bad.code, "'tomorrow' is no time" in bad.err) == (2, True)
