"""What would settle it: every query runs on the org, and its answer makes its fact known."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from evergrant.catalog import load
from evergrant.errors import Refused
from evergrant.evidence import Wanted, of_documents
from evergrant.evidence.given.document import Document
from evergrant.keeper.doctor_ways import QUERIES, queries_for
from evergrant.model import Fact
from evergrant.org.query import query
from evergrant.wire import run
from keeper_kit import Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)

USER, APP = "integration@acme.example", "Orbit Sync"
APART = {
    "user.password_changed": "what it is compared with, only the connection knows",
    "user.newer_tokens": "likewise",
    "failure.reach": "takes rows of others",
    "login_history.new_address": "takes a failing row",
    "app.secret_rotated_days": "takes a rotation",
    "user.use_any_api_client": "this org lacks the feature",
    "app.ip_relaxed": "an external client app's",
    "app.client_credentials_enabled": "an external client app's",
    "app.run_as_user": "an external client app's",
    "app.refresh_token_policy": "SOQL does not tell it of this app",
}
"""Facts of which the answers of this org alone make nothing known."""


def broken(ground: Ground, *, frozen: bool = True) -> None:
    ground.connected()
    ground.control.advance(timedelta(minutes=7))
    ground.control.act("set_app", app="orbit-sync", admin_approved=True)
    ground.control.act("grant_app", app="orbit-sync", permission_set="Orbit_Sync_Access")
    if frozen:
        ground.control.act("freeze_user", user="integration")


def asked(ground: Ground, fact: str, user: str = USER, app: str = APP) -> Iterator[list[Any]]:
    now = ground.keeper.clock.now()
    for soql in queries_for(fact, app=app, user=user, since=now - timedelta(days=2)):
        # The field of an org without the feature is not there (org-model 2.3).
        lacking = [Refused] if fact == "user.use_any_api_client" else []
        with suppress(*lacking):
            yield run(query(ground.control.session(), soql))


def handed_in(ground: Ground, texts: list[str], app: str = APP) -> dict[str, Fact]:
    documents = [Document.of_text(each, f"{n}.json") for n, each in enumerate(texts)]
    wanted = Wanted(app, USER, now=ground.keeper.clock.now())
    return {each.name: each for each in of_documents(documents, wanted).facts if each.is_known}


def as_json(rows: list[Any]) -> str:
    """As `sf data query --json` prints it."""
    return json.dumps({"status": 0, "result": {"records": rows, "totalSize": len(rows)}})


def as_csv(rows: list[Any]) -> str:
    """As `sf data query --result-format csv` prints it."""
    flat = [dict(_flat(row)) for row in rows]
    made = io.StringIO()
    writer = csv.DictWriter(made, list(flat[0]))
    writer.writeheader()
    writer.writerows(flat)
    return made.getvalue()


def _flat(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            if name != "attributes":
                yield from _flat(value, f"{above}{name}.")
        else:
            shown = str(value).lower() if isinstance(value, bool) else value
            yield f"{above}{name}", "" if shown is None else shown


@pytest.mark.parametrize("form", [as_json, as_csv], ids=["json", "csv"])
def test_every_query_runs_and_its_answer_makes_its_fact_known(ground: Ground, form: Any) -> None:
    broken(ground, frozen=False)  # whose sessions would be over
    silent = {}
    for fact in QUERIES:
        answers = [rows for rows in asked(ground, fact) if rows]
        known = handed_in(ground, [form(each) for each in answers]) if answers else {}
        if fact not in known:
            silent[fact] = sorted(known)
    assert set(silent) - set(APART) - {"idp.error_code"} == set(), silent


def test_the_answers_say_what_a_look_says(ground: Ground) -> None:
    broken(ground)
    known = {
        fact: handed_in(ground, [as_json(each) for each in asked(ground, fact)])[fact].value
        for fact in ("user.frozen", "user.active", "user.preauthorized", "app.admin_approved_only",
                     "user.app_tokens", "app.kind", "user.api_enabled", "audit.last_act")
    }  # fmt: skip
    assert known == {
        "user.frozen": True, "user.active": True, "user.preauthorized": True,
        "app.admin_approved_only": True, "user.app_tokens": 1, "app.kind": "connected app",
        "user.api_enabled": True, "audit.last_act": "user frozen",
    }  # fmt: skip


def test_an_external_client_apps_policies_are_read_from_their_own_rows(ground: Ground) -> None:
    app = "Orbit Sync Server"
    texts = [as_json(each) for each in asked(ground, "app.client_credentials_enabled", app=app)]
    known = handed_in(ground, texts, app)
    assert known["app.client_credentials_enabled"].value is True
    assert "app.ip_relaxed" in known


def test_an_answer_is_no_telling(ground: Ground) -> None:
    broken(ground)
    (rows,) = asked(ground, "user.frozen")
    assert "telling" not in handed_in(ground, [as_json(rows)])


def test_rows_of_somebody_else_are_nobodys_and_are_named(ground: Ground) -> None:
    rows = [row for (rows,) in [[*asked(ground, "user.active", "admin@acme.example")]]
            for row in rows]  # fmt: skip
    wanted = Wanted(APP, USER, now=ground.keeper.clock.now())
    found = of_documents([Document.of_text(as_json(rows))], wanted)
    assert not [each for each in found.facts if each.name.startswith("user.")]
    assert "--user names the one meant" in str(found.gathered.readings[0].notes)


def test_every_fact_that_the_org_shows_has_a_query_or_an_export() -> None:
    facts = load().facts.values()
    ours = ("login-history", "idp-event-log", "setup-audit-trail", "app-policy", "user",
            "user-permissions", "preauthorization", "oauth-tokens", "sessions")  # fmt: skip
    assert [e.name for e in facts if e.check in ours and e.name not in QUERIES] == ["app.enabled"]
