"""Integrations: a page each, secrets that are only written, and what is missing told beforehand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from crowd_kit import EVIL, secrets_of
from evergrant import keeper as verbs
from evergrant.keeper.readiness import readiness
from evergrant.model import Integration, Secret
from evergrant.store import audit_log
from evergrant.store.expectations import Expectations, Requirement, Step
from evergrant.web.support import contact_of
from keeper_kit import BROWSER_APP, JWT_APP, SERVER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)


def fields_of(web: Web, path: str) -> dict[str, str]:
    """What the form of a page would send as it stands, but for its secrets."""
    page = web.get(path).text
    found = dict(re.findall(r'<input class="slds-input"\s+id="\w+" name="(\w+)" type="text" '
                            r'value="([^"]*)"', page))  # fmt: skip
    flow = re.search(r'<option value="(\w+)" selected>', page)
    return found | {"flow": flow[1] if flow else ""}


def stored(web: Web, app: str = BROWSER_APP) -> Integration:
    """The integration as it is kept."""
    return verbs.described(web.ground.keeper, web.ground.integration(app).id).integration


def test_the_page_shows_what_customers_see_and_no_secret(web: Web) -> None:
    web.ground.connected()
    known = web.ground.integration()
    secret = known.app.consumer_secret
    assert secret
    for path in ("", "/edit"):
        page = web.get(f"/integrations/{known.id}{path}")
        assert page.status_code == 200
        assert known.app_label in page.text
        assert known.app.consumer_key in page.text
        assert secret.reveal() not in page.text
        assert [each for each in secrets_of(web.ground.keeper) if each in page.text] == []
    assert "held, sealed; never shown" in words_of(web.get(f"/integrations/{known.id}"))


def test_saving_the_form_as_it_stands_changes_nothing_and_keeps_the_secret(web: Web) -> None:
    before = stored(web)
    given = fields_of(web, f"/integrations/{before.id}/edit")
    answer = web.post(f"/integrations/{before.id}/edit", **given)
    assert answer.status_code == 303, words_of(answer)
    assert verbs.described(web.ground.keeper, before.id).integration == before


def test_a_new_secret_takes_the_place_of_the_old_one_and_is_logged_nowhere(web: Web) -> None:
    keeper, before = web.ground.keeper, stored(web)
    given = fields_of(web, f"/integrations/{before.id}/edit")
    fresh = "F5E4D3C2B1A0" * 5
    answer = web.post(
        f"/integrations/{before.id}/edit", **given | {"app_owner": "Orbit Inc."},
        consumer_secret=fresh,
    )  # fmt: skip
    assert answer.status_code == 303
    after = verbs.described(keeper, before.id).integration
    assert after.app.consumer_secret == Secret(fresh)
    assert after.app_owner == "Orbit Inc."
    with keeper.reading() as tx:
        told = audit_log.before(tx, 0, limit=20)
    assert any((each.act, each.subject) == ("integration changed", before.id) for each in told)
    for path in keeper.settings.data_dir.iterdir():
        assert fresh.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": " "}, "name is missing"),
        ({"consumer_key": ""}, "consumer key is missing"),
        ({"login_host": "https://login.salesforce.com.evil.example"}, "evil.example"),
        ({"flow": "username_password"}, "cannot be chosen here"),
        ({"app_label": "x" * 256}, "longer than 255"),
        ({"private_key": "x" * 20_001}, "longer than any"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    web: Web, wrong: dict[str, str], told: str
) -> None:
    before = stored(web)
    given = fields_of(web, f"/integrations/{before.id}/edit")
    answer = web.post(f"/integrations/{before.id}/edit", **given | wrong)
    assert answer.status_code == 400
    assert told in words_of(answer)
    assert "x" * 20_001 not in answer.text
    assert verbs.described(web.ground.keeper, before.id).integration == before


def test_an_integration_is_added_and_says_what_it_lacks(web: Web) -> None:
    answer = web.post(
        "/integrations/new", name="Comet & Søn", app_label="Comet", flow="client_credentials",
        consumer_key="3MVGcomet", login_host="production", scopes="api, refresh_token api",
    )  # fmt: skip
    assert answer.status_code == 303, words_of(answer)
    assert answer.headers["location"].startswith("/integrations/comet-s-n?")
    words = words_of(web.get(answer.headers["location"]))
    assert "This flow cannot do without one" in words
    assert verbs.described(web.ground.keeper, "comet-s-n").integration.app.scopes == (
        "api", "refresh_token",
    )  # fmt: skip
    assert "1 missing" in words_of(web.get("/integrations"))
    again = web.post("/integrations/new", name="comet-s-n", app_label="Comet", flow="web_server",
                     consumer_key="3MVGcomet", login_host="production")  # fmt: skip
    assert again.status_code == 400


def test_needs_and_steps_are_added_replaced_and_taken_away(web: Web) -> None:
    keeper, known = web.ground.keeper, web.ground.integration()
    address = f"/integrations/{known.id}"
    for access in ("read", "edit"):
        web.post(f"{address}/requires", kind="object", requirement="Lead", access=access, why="x")
    web.post(f"{address}/requires", kind="permission", requirement="ApiEnabled", access="edit",
             optional="yes")  # fmt: skip
    web.post(f"{address}/steps", step="outbound", do="Connect outbound", link="/lightning/x",
             evidence="NamedCredential Orbit_Cloud")  # fmt: skip
    told = verbs.expected_by(keeper, known.id)
    assert told.requires == (
        Requirement("object", "Lead", "edit", "x"),
        Requirement("permission", "ApiEnabled", "", "", is_optional=True),
    )
    assert told.steps == (
        Step("outbound", "Connect outbound", "", "/lightning/x",
             evidence="NamedCredential Orbit_Cloud"),
    )  # fmt: skip
    web.post(f"{address}/requires", drop="object Lead")
    web.post(f"{address}/steps", drop="outbound")
    told = verbs.expected_by(keeper, known.id)
    assert (len(told.requires), len(told.steps)) == (1, 0)


@pytest.mark.parametrize(
    ("room", "given", "told"),
    [
        (
            "requires",
            {"kind": "planet", "requirement": "Mars", "access": ""},
            "kind of requirement",
        ),
        ("requires", {"kind": "object", "requirement": "", "access": "read"}, "API name"),
        ("steps", {"step": "a", "do": "b", "link": "//evil.example"}, "no suffix"),
        ("steps", {"step": "a", "do": "b", "link": "javascript:alert(1)"}, "no suffix"),
        ("steps", {"step": "a", "do": "b", "evidence": "Mars x"}, "cannot be looked for"),
        ("work", {"sync_every_min": "-1"}, "no count"),
        ("work", {"sync_every_min": "9" * 40}, "no count"),
        ("work", {"certificate_ends": "soon"}, "no day"),
        ("work", {"label_note": "x" * 501}, "longer than 500"),
    ],
)
def test_an_expectation_that_cannot_be_is_refused_and_shown_again(
    web: Web, room: str, given: dict[str, str], told: str
) -> None:
    known = web.ground.integration()
    answer = web.post(f"/integrations/{known.id}/{room}", **given)
    assert answer.status_code == 400
    assert told in words_of(answer)
    assert verbs.expected_by(web.ground.keeper, known.id) == Expectations()


def test_what_is_missing_is_told_before_the_first_customer_meets_it(web: Web) -> None:
    keeper, known = (
        web.ground.keeper,
        verbs.described(web.ground.keeper, web.ground.integration().id),
    )

    def row(check: str, **change: Any) -> str:
        app = {key: change.pop(key) for key in list(change) if hasattr(known.integration.app, key)}
        integration = replace(
            known.integration, app=replace(known.integration.app, **app), **change
        )
        found = readiness(keeper, replace(known, integration=integration))
        return next((each.outcome for each in found if each.check == check), "")

    assert row("Callback URL") == "pass"
    assert row("Callback URL", redirect_uri="https://elsewhere.example/callback") == "warn"
    assert row("Scopes", scopes=("api",)) == "fail"
    assert row("Scopes", scopes=("api", "refresh_token")) == "pass"
    assert row("Scopes", scopes=()) == "warn"
    assert row("Consumer secret", consumer_secret=None) == "warn"
    assert row("Consumer secret", flow="client_credentials", consumer_secret=None) == "fail"
    assert row("Private key", flow="jwt_bearer") == "fail"
    assert row("Private key", flow="jwt_bearer", private_key=Secret("no key")) == "fail"
    assert row("Private key", **_signed(web)) == "pass"
    assert row("Subject", flow="jwt_bearer", subject="") == "fail"
    assert row("Support", support_contact="") == "warn"
    assert row("Unfamiliar name", app_label="Zephyr Platform", name="Orbit") == "warn"
    assert row("Tried") == "warn"


def test_a_service_that_browsers_reach_without_tls_is_told_so(web: Web) -> None:
    keeper = web.ground.keeper
    plain = replace(
        keeper, settings=replace(keeper.settings, public_url="http://keeper.vendor.example")
    )
    known = verbs.described(keeper, web.ground.integration().id)
    found = {each.check: each for each in readiness(plain, known)}
    assert found["Callback URL"].outcome == "fail"
    assert "not https" in found["Callback URL"].told


def _signed(web: Web) -> dict[str, object]:
    return {"flow": "jwt_bearer", "private_key": web.ground.integration(JWT_APP).app.private_key}


def test_the_end_of_a_certificate_is_told_in_time(web: Web) -> None:
    keeper, today = web.ground.keeper, web.ground.keeper.clock.now().date()
    known = verbs.described(keeper, web.ground.integration(JWT_APP).id)
    for days, expected in ((-1, "fail"), (5, "warn"), (200, "pass")):
        ends = (today + timedelta(days=days)).isoformat()
        told = replace(known, expected=Expectations(certificate_ends=ends))
        found = {each.check: each.outcome for each in readiness(keeper, told)}
        assert found["Certificate"] == expected


def test_the_login_host_is_looked_at_where_that_is_asked_for(web: Web) -> None:
    known = web.ground.integration()
    words = words_of(web.post(f"/integrations/{known.id}/host"))
    assert "Login host answers" in words
    assert re.search(r"Login host answers (Good|Missing)", words)


def test_a_ticket_is_filled_in_and_holds_no_secret(web: Web) -> None:
    keeper = web.ground.keeper
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(keeper, connection.id)
    case = verbs.case_of(keeper, connection.id)
    for contact in ("help@orbit.example", "https://help.orbit.example/new?t={subject}&b={body}"):
        known = replace(case.integration, support_contact=contact)
        made = contact_of(known, Expectations(support_hours="9 to 17 CET"), case)
        assert made
        assert made.hours
        told = unquote(made.address)
        assert case.incident
        assert case.incident.id in told
        assert "app-blocked-by-admin" in told
        assert [each for each in secrets_of(keeper) if each in told] == []
        query = parse_qs(urlsplit(made.address).query)
        assert len(query) == 2
    assert contact_of(replace(case.integration, support_contact=""), Expectations(), case) is None


def test_a_hostile_contact_becomes_no_script_and_no_second_address(web: Web) -> None:
    known = web.ground.integration()
    for contact in ("javascript:alert(1)", "data:text/html,x", EVIL, "a@b.example\nBcc: x@y.z"):
        made = contact_of(replace(known, support_contact=contact), Expectations())
        assert made
        assert made.address == ""


def test_whoever_is_stuck_in_a_flow_is_offered_the_ticket_and_the_hours(web: Web) -> None:
    keeper = web.ground.keeper
    connection = web.ground.connected()
    known = web.ground.integration()
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, replace(known, support_contact="help@orbit.example"))
    verbs.expect(keeper, known.id, Expectations(support_hours="weekdays, 9 to 17 CET"))
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(keeper, connection.id)
    page = web.get(f"/flows/{web.reauthorizing(connection.id)}")
    assert 'href="mailto:help@orbit.example?subject=' in page.text
    assert "weekdays, 9 to 17 CET" in words_of(page)


def test_names_that_are_script_are_shown_as_text_on_every_page_of_an_integration(web: Web) -> None:
    keeper, known = web.ground.keeper, web.ground.integration()
    with keeper.writing() as tx:
        evil = replace(known, name=EVIL, app_label=EVIL, app_owner=EVIL, support_contact=EVIL)
        keeper.vault.save_integration(tx, evil)
    told = Expectations((Requirement("object", EVIL, "read", EVIL),), (Step(EVIL, EVIL, EVIL),),
                        label_note=EVIL, support_hours=EVIL)  # fmt: skip
    verbs.expect(keeper, known.id, told)
    for path in ("/integrations", f"/integrations/{known.id}", f"/integrations/{known.id}/edit"):
        page = web.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text.replace('<img src="/static/icon.svg"', "")
        assert "\u202e" not in page.text


def test_strangers_and_viewers_change_no_integration(web: Web) -> None:
    known = stored(web, SERVER_APP)
    token = web.token()
    web.browser.cookies.clear()
    for path in ("", "/edit"):
        assert web.get(f"/integrations/{known.id}{path}").status_code == 303
    assert web.post(f"/integrations/{known.id}/edit", token, name="x").status_code in (303, 403)
    assert web.get("/integrations").status_code == 303
    assert verbs.described(web.ground.keeper, known.id).integration == known
