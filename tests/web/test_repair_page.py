"""Repairs in the console over HTTP: planned, tried, agreed to, carried out, proven, taken back."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from html import unescape

import httpx2

from evergrant import keeper as verbs
from evergrant.keeper import lending, repairing
from evergrant.keeper.revoking import revoke_waiting
from evergrant.model import Secret
from evergrant.repair.files import Files, of_zip, package
from evergrant.store import connections, flows, revocations
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from repair_kit import connected
from repair_page_kit import (
    CAUSE,
    CHANGE,
    LIFE,
    Repair,
    number_of,
    opened,
    repair_fixture,  # noqa: F401 (a fixture)
)
from web_kit import ADMINS, Web, web_fixture, words_of  # noqa: F401 (a fixture)


def sealed(repair: Repair) -> str:
    """What a yes to the plan that the page shows stands for."""
    found = re.search(r'name="seal" value="([0-9a-f]{64})"', repair.web.get(repair.at).text)
    assert found
    return found[1]


def in_another_browser(repair: Repair, browser: httpx2.Client, role: str) -> Web:
    """The console in a browser that does not hold the admin's sign-in."""
    keeper = repair.web.ground.keeper
    browser.get(verbs.invite(keeper, role="viewer" if role == "viewer" else "operator").reveal())
    return replace(repair.web, browser=browser)


def token_lent(repair: Repair) -> Secret:
    """The token of the admin's session."""
    cookie = repair.web.browser.cookies.get(f"evergrant_{repair.id}") or ""
    return lending.lent_session(repair.web.ground.keeper, repair.id, cookie).access_token


def is_blocked(repair: Repair) -> bool:
    return repair.policy.blocked


def now(repair: Repair) -> str:
    return repair.web.ground.keeper.clock.now().isoformat()


# --- from the plan to the proof ------------------------------------------------------------------


def test_an_admin_plans_applies_proves_and_takes_back(repair: Repair) -> None:
    soap = "/services/Soap/m/66.0"
    before = len(repair.web.ground.requests(soap))
    assert repair.plan().status_code == 400
    assert repair.web.post(f"{repair.at}/apply", yes="yes", seal="0" * 64).status_code == 400
    assert len(repair.web.ground.requests(soap)) == before, "the org was asked without an admin"
    repair.lend()
    assert repair.plan().status_code == 303
    shown = unescape(repair.web.get(repair.at).text)
    assert f"-        <refreshTokenPolicy>{LIFE}</refreshTokenPolicy>" in shown
    assert repair.policy.refresh_policy == LIFE
    repair.apply()
    assert repair.policy.refresh_policy == "infinite"
    assert "Applied, and read back from the org" in repair.page()
    repair.plan()
    again = repair.web.post(f"{repair.at}/apply", yes="yes", seal="0" * 64)
    assert "This repair was carried out" in words_of(again), "its way back would be lost"
    assert "Brings back ConnectedApp orbit_sync" in repair.page()
    repair.web.post(f"{repair.at}/undo")
    repair.wait()
    assert repair.policy.refresh_policy == LIFE
    assert "Taken back" in repair.page()
    told = [each.act for each in verbs.deeds(repair.web.ground.keeper)]
    for act in ("admin signed in", "repair: applying", "org repaired", "repair taken back"):
        assert act in told


def test_nothing_is_applied_but_what_this_operator_said_yes_to_in_this_browser(
    repair: Repair,
) -> None:
    repair.lend()
    repair.plan()
    seal = sealed(repair)
    assert repair.apply(yes="").status_code == 400
    assert repair.apply(seal="0" * 64).status_code == 400
    forged = repair.web.post(f"{repair.at}/apply", csrf="0" * 64, yes="yes", seal=seal)
    assert forged.status_code == 403
    with httpx2.Client(follow_redirects=False, timeout=60) as browser:
        other = in_another_browser(repair, browser, "operator")
        assert 'name="seal"' not in other.get(repair.at).text
        assert other.post(f"{repair.at}/apply", yes="yes", seal=seal).status_code == 400
    with httpx2.Client(follow_redirects=False, timeout=60) as browser:
        viewer = in_another_browser(repair, browser, "viewer")
        assert "What would change" in viewer.get(repair.at).text
        for what in ("admin", "plan", "simulate", "apply", "undo", "end"):
            assert viewer.post(f"{repair.at}/{what}", yes="yes", seal=seal).status_code == 403
    assert repair.policy.refresh_policy == LIFE


def test_an_org_that_somebody_changed_meanwhile_is_shown_anew_and_not_deployed_over(
    repair: Repair,
) -> None:
    repair.lend()
    repair.plan()
    shorter = "specific_lifetime:2:HOURS"
    repair.web.ground.control.act("set_app", app=BROWSER_APP, refresh_policy=shorter)
    repair.apply()
    assert repair.policy.refresh_policy == shorter
    assert "Somebody changed the org since you looked" in repair.page()
    repair.apply()
    assert repair.policy.refresh_policy == "infinite"


def test_a_user_is_set_free_and_an_app_unblocked_in_one_sign_in_each_by_a_yes(
    repair: Repair,
) -> None:
    web, control = repair.web, repair.web.ground.control
    control.act("freeze_user", user="integration")
    frozen = replace(
        repair, id=opened(web, repair.connection, "user-locked-or-frozen", "unfreeze-user")
    )
    frozen.lend()
    frozen.plan()
    frozen.apply()
    assert "integration@acme.example is not frozen" in frozen.page()
    assert frozen.flow.outcome["applied"]["proven"]
    control.act("block_app", app=BROWSER_APP)
    blocked = replace(
        repair, id=opened(web, repair.connection, "app-blocked-by-admin", "unblock-app")
    )
    blocked.lend()
    blocked.plan()
    assert "BlacklistedConsumer" in blocked.page()
    assert is_blocked(repair)
    blocked.apply()
    assert not is_blocked(repair)
    assert blocked.flow.outcome["applied"]["proven"]
    blocked.web.post(f"{blocked.at}/undo")
    blocked.wait()
    assert is_blocked(repair)


# --- the admin's session -------------------------------------------------------------------------


def test_the_admins_session_ends_here_and_at_salesforce_given_back_or_not(repair: Repair) -> None:
    ground, keeper = repair.web.ground, repair.web.ground.keeper
    repair.lend()
    first = token_lent(repair)
    assert ground.is_live(first)
    assert first.reveal() not in repr(repair.flow.outcome)
    assert first != ground.live(repair.connection).credential.access_token
    repairing.write(keeper, repair.id, working={"what": "applying", "since": now(repair)})
    assert repair.web.post(f"{repair.at}/end").status_code == 400, "in the midst of a change"
    assert "Sign the admin out" not in repair.page()
    repairing.write(keeper, repair.id, drop=("working",))
    repair.web.post(f"{repair.at}/end")
    assert not ground.is_live(first)
    assert repair.flow.sealed is None
    assert repair.plan().status_code == 400
    repair.lend()
    second = token_lent(repair)
    ground.control.advance(lending.LENT_FOR + timedelta(seconds=1))
    assert repair.plan().status_code == 400
    revoke_waiting(keeper)
    assert not ground.is_live(second)
    with keeper.writing() as tx:
        flows.expire(tx, keeper.clock.now())
    assert repair.flow.sealed is None


def test_who_may_not_is_refused_in_salesforces_words_and_another_org_is_not_let_in(
    repair: Repair,
) -> None:
    repair.lend("sam")
    answer = repair.plan()
    assert answer.status_code == 503
    assert "INSUFFICIENT_ACCESS" in answer.text
    keeper, own = repair.web.ground.keeper, repair.connection.identity
    assert own is not None
    with keeper.writing() as tx:
        elsewhere = replace(own, org_id="00D000000000001AAA")
        connections.update(tx, repair.connection.id, identity=elsewhere)
    repair.lend()
    assert "the admin signed in to another org" in repair.page()
    assert repair.plan().status_code == 400
    with keeper.reading() as tx:
        assert not revocations.waiting(tx, repair.connection.id), "a token was not given back"
    assert repair.policy.refresh_policy == LIFE


# --- without an admin ----------------------------------------------------------------------------


def upload(repair: Repair, data: bytes) -> httpx2.Response:
    return repair.web.browser.post(
        repair.web.url + f"{repair.at}/plan",
        data={"csrf": repair.web.token()},
        files={"file": ("metadata.zip", data)},
        headers={"Origin": repair.web.url},
    )


def labelled(files: Files) -> Files:
    """The same app under the label of the connection's."""
    made = (each.with_data(each.data.replace(b"Ledger Sync", b"Orbit Sync")) for each in files)
    return Files(made)


def zip_of(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr(name, data)
    return target.getvalue()


def test_metadata_that_somebody_brought_is_planned_tried_and_handed_on(repair: Repair) -> None:
    assert upload(repair, package(labelled(connected(refresh=LIFE)))).status_code == 303
    page = repair.page()
    assert "By the file that was brought" in page
    assert "An admin signs in first" in page
    answer = repair.web.get(f"{repair.at}/package.zip")
    (made,) = Files(of_zip(answer.content))
    assert made.text("oauthPolicy/refreshTokenPolicy") == "infinite"
    assert "package.xml" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    repair.web.post(f"{repair.at}/simulate")
    assert "In the emulated org it works afterwards" in repair.page()
    assert "is no zip" in words_of(upload(repair, b"not a zip"))
    assert "No metadata of apps" in words_of(upload(repair, zip_of("readme.txt", b"hello")))
    assert "No app is called" in words_of(upload(repair, package(connected())))
    assert "By the file that was brought" in repair.page()
    assert repair.policy.refresh_policy == LIFE


def test_without_an_app_of_its_own_for_admins_the_page_names_the_command(web: Web) -> None:
    connection = web.ground.connected()
    repair = Repair(web, connection, opened(web, connection))
    page = repair.page()
    assert "Nobody can sign in here" in page
    assert f"evergrant repair apply --change {CHANGE} --app 'Orbit Sync'" in page
    assert web.post(f"{repair.at}/admin").status_code == 400
    with web.ground.keeper.writing() as tx:
        own = verbs.integrations_of(web.ground.keeper)[0]
        web.ground.keeper.vault.save_integration(tx, replace(own, id=ADMINS, name="Twin"))
    assert "it must be another one" in repair.page()
    assert web.post(f"{repair.at}/admin").status_code == 400


def test_a_repair_is_offered_where_a_program_can_do_it_and_is_no_authorization(
    repair: Repair,
) -> None:
    web, connection = repair.web, repair.connection
    at = f"/connections/{connection.id}/fixes/{CAUSE}"
    for number, fix in enumerate(web.ground.keeper.catalog.causes[CAUSE].fixes, 1):
        page = web.get(f"{at}/{number}").text
        assert ("Plan, simulate, apply" in page) is (fix.change == CHANGE)
        if fix.change != CHANGE:
            assert web.post(f"{at}/{number}/repair").status_code == 404
    flow = web.reauthorizing(connection.id)
    step = f"/flows/{flow}/fixes/{CAUSE}/{number_of(web)}"
    assert f'name="during" value="{flow}"' in web.get(step).text
    begun = web.post(f"{at}/{number_of(web)}/repair", during=flow).headers["location"]
    assert f'href="{step}"' in web.get(begun).text, "the sign-in does not go on afterwards"
    assert web.post(f"{at}/{number_of(web)}/repair", during=repair.id).status_code == 404
    assert web.get(f"/flows/{repair.id}").status_code == 404
    assert web.post(f"/flows/{repair.id}/seen", text="blocked").status_code == 404
    assert web.reauthorizing(connection.id) == flow
    assert "Evergrant for admins" not in web.get("/connections/new").text
    assert web.post("/connections", integration=ADMINS, name="X").status_code == 400
