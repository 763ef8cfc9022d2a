"""The golden case from the exports of a served org: who failed, and what changed before."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from emulated_client import client_of
from evergrant.catalog import load
from evergrant.diagnosis import diagnose
from evergrant.emulator import Emulator
from evergrant.emulator.setup.downloads import LOGINS, LOGINS_GZIP
from evergrant.evidence import Evidence, Wanted, of_documents
from evergrant.evidence.given.document import Document
from setup_robot import Robot

QUERIES = {
    "logins": "SELECT UserId, LoginTime, LoginType, LoginSubType, Status, Application, SourceIp"
    " FROM LoginHistory",
    "trail": "SELECT Action, Display, Section, CreatedDate, CreatedBy.Username"
    " FROM SetupAuditTrail",
    "idp": "SELECT AppId, ErrorCode, Timestamp, UserId, InitiatedBy FROM IdpEventLog",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """An org in which the app's list lacks its user, and what its admin can export."""

    user: str
    refusal: str
    exports: dict[str, bytes]

    def evidence(self, *names: str, **wanted: Any) -> Evidence:
        """What these exports and the refusal show."""
        given = [Document.of_bytes(name, self.exports[name]) for name in names]
        documents = [*given, Document.of_text(self.refusal)]
        return of_documents(documents, Wanted(**wanted))


@pytest.fixture(scope="module")
def broken() -> Iterator[Broken]:
    with Emulator(seed=11) as org, httpx2.Client(timeout=60) as http:
        client = client_of(org, "orbit-sync", http)
        client.connect()
        org.clock.advance(seconds=7200)
        org.act("set_app", app="orbit-sync", admin_approved=True)
        org.clock.advance(seconds=600)
        refused = client.refresh()
        client.authorize()
        org.clock.advance(seconds=600)
        org.act("block_app", app="orbit-server")
        yield Broken(client.user["username"], refused.text, _exports(org))


def _exports(org: Emulator) -> dict[str, bytes]:
    with httpx2.Client(timeout=60) as http:
        return _queried(org, http) | _downloaded(Robot(org, http).sign_in())


def _downloaded(admin: Robot) -> dict[str, bytes]:
    paths = {"csv": LOGINS, "gzip": LOGINS_GZIP}
    return {name: admin.open(path).answer.content for name, path in paths.items()}


def _queried(org: Emulator, http: httpx2.Client) -> dict[str, bytes]:
    session = http.get(f"{org.control_url}/session", params={"user": "admin"}).json()
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    return {
        name: http.get(
            f"{org.url}/services/data/v66.0/query", params={"q": soql}, headers=bearer
        ).content
        for name, soql in QUERIES.items()
    }


def _facts(found: Evidence) -> dict[str, Any]:
    return {fact.name: fact.value for fact in found.facts}


@pytest.mark.parametrize("logins", ["logins", "csv", "gzip"])
def test_login_history_tells_the_same_in_every_form(broken: Broken, logins: str) -> None:
    seen = _facts(broken.evidence(logins, app="Orbit Sync"))
    assert seen["login_history.status"] == "Failed: Not approved for access"


def test_the_change_that_broke_it_is_named_and_not_a_later_one(broken: Broken) -> None:
    found = broken.evidence("csv", "trail", app="Orbit Sync")
    assert _facts(found)["audit.last_act"] == "permitted users changed"
    line = found.timeline
    assert line.first_failure is not None
    assert line.last_change is not None
    assert line.last_success is not None
    assert line.last_success.at < line.last_change.at < line.first_failure.at


def test_the_users_fare_makes_the_cause_the_first(broken: Broken) -> None:
    facts = broken.evidence("csv", "trail", "idp", app="Orbit Sync", user=broken.user).facts
    found = diagnose(facts, load())
    assert found.cause == "user-not-preauthorized"
    assert found.level == "admin"


def test_columns_in_any_order_change_nothing(broken: Broken) -> None:
    rows = list(csv.DictReader(io.StringIO(broken.exports["csv"].decode())))
    made = io.StringIO()
    writer = csv.DictWriter(made, list(reversed(rows[0])))
    writer.writeheader()
    writer.writerows(rows)
    turned = Broken(broken.user, broken.refusal, {"csv": made.getvalue().encode()})
    assert _facts(turned.evidence("csv")) == _facts(broken.evidence("csv"))


def test_what_the_org_answers_is_whole_json(broken: Broken) -> None:
    assert all(json.loads(broken.exports[name])["done"] for name in QUERIES)
