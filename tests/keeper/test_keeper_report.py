"""The report of an incident: the four things that a troubleshooter owes, and nothing made up."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from cli_kit import evergrant
from evergrant import keeper as verbs
from evergrant.cli.incident_report import as_html, as_markdown
from evergrant.errors import NotFound
from evergrant.model import Connection, Incident, Unknown, as_json
from keeper_kit import BROWSER_APP, KEY, Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)

EVIL = "<script>alert(1)</script> | `x` [y](http://evil.example) \x1b[31m"


def broken(ground: Ground, name: str = "Acme") -> tuple[Connection, Incident]:
    """A connection whose app was blocked, and the incident that this opened."""
    known = ground.connected(name)
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, known.id)
    found = ground.incident(known)
    assert found is not None
    return known, found


def repaired(ground: Ground, known: Connection) -> None:
    """The block is taken away, a permission set given, and the connection authorized anew."""
    ground.control.advance(timedelta(minutes=20))
    ground.control.act("unblock_app", app=BROWSER_APP)
    user = ground.control.world()["users"][0]["username"]
    ground.control.act("freeze_user", user=user)
    ground.control.act("unfreeze_user", user=user)
    assert ground.reauthorized(known).status == "done"


def test_a_report_says_error_cause_fix_changes_and_proof(ground: Ground) -> None:
    known, incident = broken(ground)
    repaired(ground, known)
    found = verbs.report(ground.keeper, incident.id, ground.control.session())
    assert found.cause is not None
    assert found.cause.id == "app-blocked-by-admin"
    assert not isinstance(found.settings, Unknown)
    assert not isinstance(found.assignments, Unknown)
    assert ["locked connected app" in each.text for each in found.settings].count(True) == 2
    assert all("locked connected app" not in each.text for each in found.assignments)
    assert [each.proven for each in found.incident.proofs] == [True, True, True]
    assert any("reauthorized" in each.kind for each in found.history)
    text = as_markdown(found)
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert heads[:5] == ["Error", "Cause", "Fix", "Settings changed", "Assignments changed"]
    assert heads[-2:] == ["Proof", "History"]
    assert "Admin change: An admin blocked the app" in text
    assert "Press Unblock" in text
    assert text.count("proven") >= 3


def test_without_an_admins_session_what_was_changed_is_not_known_and_never_none(
    ground: Ground,
) -> None:
    _, incident = broken(ground)
    found = verbs.report(ground.keeper, incident.id)
    assert isinstance(found.settings, Unknown)
    assert isinstance(found.assignments, Unknown)
    text = as_markdown(found)
    assert text.count("Not known: no admin's session was lent") == 2
    assert "None was found" not in text
    assert "None yet." in text


def test_a_session_that_may_not_read_the_audit_trail_is_said(ground: Ground) -> None:
    _, incident = broken(ground)
    found = verbs.report(ground.keeper, incident.id, ground.control.session("integration"))
    assert isinstance(found.settings, Unknown)
    assert "INVALID_TYPE" in found.settings.reason or "refused" in found.settings.reason


def test_names_from_outside_stay_text_in_every_format(ground: Ground) -> None:
    _, incident = broken(ground, EVIL)
    found = verbs.report(ground.keeper, incident.id)
    html, text = as_html(found), as_markdown(found)
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert "<script" not in text.replace("\\<", "")
    assert "\x1b" not in html + text
    assert re.search(r"(?<!\\)\]\(http", text) is None


def test_no_token_is_in_a_report(ground: Ground) -> None:
    known, incident = broken(ground)
    secrets = ground.live(known).credential
    found = verbs.report(ground.keeper, incident.id, ground.control.session())
    everything = as_html(found) + as_markdown(found) + json.dumps(as_json(found))
    assert secrets.access_token.reveal() not in everything
    assert secrets.refresh_token is not None
    assert secrets.refresh_token.reveal() not in everything
    assert ground.control.session().access_token.reveal() not in everything


def test_incidents_are_listed_newest_first_and_unknown_ones_refused(ground: Ground) -> None:
    known, incident = broken(ground)
    listed = verbs.list_incidents(ground.keeper)
    assert [(each.id, of.name) for each, of in listed] == [(incident.id, "Acme")]
    assert verbs.list_incidents(ground.keeper, known.id) == listed
    with pytest.raises(NotFound):
        verbs.report(ground.keeper, "inc_nothing")


def test_the_command_writes_all_three_formats(ground: Ground) -> None:
    _, incident = broken(ground)
    folder = ground.keeper.settings.data_dir.parent
    told = evergrant("incident", "list", folder=folder, **KEY)
    assert (told.code, incident.id in told.out) == (0, True)
    plain = evergrant("incident", "report", incident.id, folder=folder, **KEY)
    assert plain.out.startswith(f"# Incident {incident.id.replace('_', chr(92) + '_')}: Acme")
    page = evergrant("incident", "report", incident.id, "--format", "html", folder=folder, **KEY)
    assert page.out.startswith("<!doctype html>")
    data = evergrant("incident", "report", incident.id, "--format", "json", folder=folder, **KEY)
    assert data.json()["report"]["cause"]["id"] == "app-blocked-by-admin"
    assert evergrant("incident", "report", "inc_no", folder=folder, **KEY).code == 2
