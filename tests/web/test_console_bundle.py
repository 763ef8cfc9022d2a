"""The support bundle: all that was seen of a break, and nobody's secret and nobody's name."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cli_kit import evergrant
from crowd_kit import secrets_of
from evergrant import keeper as verbs
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)


def test_the_bundle_of_a_break_is_judged_elsewhere_as_it_was_here(web: Web, tmp_path: Path) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    answer = web.get(f"/connections/{connection.id}/bundle")
    incident = web.ground.incident(connection)
    assert incident
    name = answer.headers["content-disposition"]
    assert re.fullmatch(
        rf'attachment; filename="evergrant-{incident.id}-\d{{8}}-\d{{6}}.json"', name
    )
    (tmp_path / "b.json").write_text(answer.text)
    judged = evergrant("bundle", "judge", "b.json", "--format", "json", folder=tmp_path)
    assert judged.code == 0, judged.err
    assert incident.cause in judged.out


def test_a_bundle_holds_no_secret_and_nobodys_name(web: Web) -> None:
    keeper, org = web.ground.keeper, web.ground.org
    connection = web.ground.connected("Acme Confidential Ltd")
    web.ground.connected("Globex")
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(keeper, connection.id)
    verbs.observe_text(
        keeper,
        connection.id,
        "POST /token refresh_token=5Aep861TSESvWeug_xvFHRBTTbf_YrT client_secret=abc123XYZ"
        '\n{"error":"invalid_grant","error_description":"expired access/refresh token"}'
        " for jane.doe@acme.example at 203.0.113.77",
        flow="web_server",
        doing="test",
    )
    text = web.get(f"/connections/{connection.id}/bundle").text
    who = web.ground.now(connection.id).identity
    assert who
    hidden = [*secrets_of(keeper), who.username, who.org_id, who.user_id, "jane.doe", "5Aep861",
              "abc123XYZ", "203.0.113.77", "Acme Confidential", org.url]  # fmt: skip
    assert len(secrets_of(keeper)) > 2
    assert [each for each in hidden if each in text] == []
    assert len(json.loads(text)["facts"]) > 5


def test_a_past_incident_has_a_bundle_of_its_own(web: Web) -> None:
    keeper = web.ground.keeper
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(keeper, connection.id)
    incident = web.ground.incident(connection)
    assert incident
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    web.ground.reauthorized(connection)
    page = web.get(f"/connections/{connection.id}").text
    address = f"/connections/{connection.id}/bundle?incident={incident.id}"
    assert f'href="{address}"' in page
    assert json.loads(web.get(address).text)["at"] == verbs.case_of(keeper, connection.id).past[
        0
    ].opened_at.isoformat().replace("+00:00", "Z")


def test_an_incident_of_another_connection_is_not_handed_over(web: Web) -> None:
    connection, other = web.ground.connected(), web.ground.connected("Globex")
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, other.id)
    incident = web.ground.incident(other)
    assert incident
    answer = web.get(f"/connections/{connection.id}/bundle?incident={incident.id}")
    assert answer.status_code == 404
    assert other.name not in answer.text


def test_a_connection_that_never_broke_has_a_bundle_too_and_strangers_get_none(web: Web) -> None:
    connection = web.ground.connected()
    address = f"/connections/{connection.id}/bundle"
    assert json.loads(web.get(address).text)["schema"] == "evergrant.bundle/1"
    web.browser.cookies.clear()
    assert web.get(address).status_code == 303
