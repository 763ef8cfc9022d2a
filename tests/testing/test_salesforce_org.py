"""The org of a test: apps, users, policies, faults, time, and what it wrote down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import jwt
import pytest
from starlette.testclient import TestClient

from emulated_client import VERIFIER, challenge
from evergrant.emulator.acts import BadAct
from evergrant.testing import App, Grant, NoCallback, SalesforceOrg, User, emulated_org
from evergrant.testing.flows import FLOWS, FlowName

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def one() -> Iterator[SalesforceOrg]:
    """One org for the module, in process."""
    with emulated_org() as org:
        yield org


@pytest.fixture
def org(one: SalesforceOrg) -> SalesforceOrg:
    """The org, back at its beginning."""
    one.reset()
    return one


@pytest.fixture
def ann(org: SalesforceOrg) -> User:
    return org.user("ann")


@pytest.fixture
def app(org: SalesforceOrg) -> App:
    return org.app("My App")


def ask(org: SalesforceOrg, app: App, **form: str) -> httpx2.Response:
    """One request at the token endpoint."""
    words = {"client_id": app.consumer_key, "client_secret": app.consumer_secret, **form}
    with TestClient(org.asgi, base_url=org.url) as client:
        return client.post("/services/oauth2/token", data=words)


def refresh(org: SalesforceOrg, app: App, grant: Grant) -> httpx2.Response:
    """Use a refresh token."""
    return ask(org, app, grant_type="refresh_token", refresh_token=grant.refresh_token or "")


def link(org: SalesforceOrg, app: App, **more: str) -> str:
    """Where the person is sent."""
    words = {
        "response_type": "code", "client_id": app.consumer_key, "redirect_uri": app.callback,
        "code_challenge": challenge(VERIFIER), "state": "s", **more,
    }  # fmt: skip
    return f"{org.url}/services/oauth2/authorize?{urlencode(words)}"


def test_an_org_with_an_app_and_a_user_takes_three_lines(org: SalesforceOrg) -> None:
    app = org.app("My App")
    ann = org.user("ann")
    grant = org.connect(app, ann)
    assert refresh(org, app, grant).status_code == 200
    assert [(each.user, each.status, each.subtype) for each in org.login_history()] == [
        ("ann@acme.example", "Success", "OauthWebServer"),
        ("ann@acme.example", "Success", "OauthRefreshToken"),
    ]
    assert {each.application for each in org.login_history()} == {"My App"}


def test_it_begins_with_nobody_but_the_admin_and_nothing_that_happened(org: SalesforceOrg) -> None:
    grant = org.admin.sign_in()
    with TestClient(org.asgi, base_url=org.url) as client:
        found = client.get(
            "/services/data/v66.0/query", params={"q": "SELECT Username FROM User"},
            headers=grant.headers,
        ).json()  # fmt: skip
    assert [each["Username"] for each in found["records"]] == ["admin@acme.example"]
    assert org.login_history() == []


def test_no_secret_stands_in_a_repr(org: SalesforceOrg, app: App, ann: User) -> None:
    grant = org.connect(app, ann)
    told = repr((org, app, ann, grant))
    secrets = (grant.access_token, grant.refresh_token, app.consumer_secret, ann.password)
    assert [each for each in secrets if not each or each in told] == []


# --- people at browsers


def test_a_person_who_allows_comes_back_with_a_code(
    org: SalesforceOrg, app: App, ann: User
) -> None:
    url = ann.allow(link(org, app))
    assert url.startswith(app.callback)
    code = parse_qs(urlsplit(url).query)["code"][0]
    answer = ask(
        org, app, grant_type="authorization_code", code=code, redirect_uri=app.callback,
        code_verifier=VERIFIER,
    )  # fmt: skip
    assert answer.json()["refresh_token"]


def test_a_person_who_denies_comes_back_with_an_error(
    org: SalesforceOrg, app: App, ann: User
) -> None:
    assert "error=access_denied" in ann.deny(link(org, app))


def test_salesforces_own_page_ends_the_walk_and_says_why(
    org: SalesforceOrg, app: App, ann: User
) -> None:
    app.block()
    with pytest.raises(NoCallback, match="the browser stands at"):
        ann.allow(link(org, app))


def test_a_device_gets_its_tokens_once_the_code_was_entered(org: SalesforceOrg, ann: User) -> None:
    app = org.app("TV", flows=["device"])
    begun = ask(org, app, response_type="device_code").json()
    ann.enter_code(begun["user_code"])
    answer = ask(org, app, grant_type="device", code=begun["device_code"])
    assert answer.json()["access_token"]
    with pytest.raises(NoCallback):
        ann.enter_code("WRONGONE")


# --- flows


@pytest.mark.parametrize("flow", list(FLOWS))
def test_an_app_connects_by_each_flow_and_history_says_so(
    org: SalesforceOrg, ann: User, flow: FlowName
) -> None:
    kind: Any = "connected_app" if FLOWS[flow].only_connected_app else "external_client_app"
    knobs = {"run_as": ann.username} if flow == "client_credentials" else {}
    app = org.app("Any App", flows=[flow], kind=kind, **knobs)
    grant = org.connect(app, ann)
    assert org.login_history()[-1].status == "Success"
    with TestClient(org.asgi, base_url=org.url) as client:
        assert client.get("/services/oauth2/userinfo", headers=grant.headers).is_success


def test_client_credentials_is_turned_on(org: SalesforceOrg, ann: User) -> None:
    app = org.app("Server", flows=["client_credentials"], scopes=["api"], run_as=ann.username)
    answer = ask(org, app, grant_type="client_credentials")
    assert answer.status_code == 200, answer.text
    assert org.attempts()[-1].user == ann.username


def test_the_key_of_an_app_signs_assertions(org: SalesforceOrg, ann: User) -> None:
    app = org.app("Signer", flows=["jwt_bearer"])
    claims = {
        "iss": app.consumer_key, "sub": ann.username, "aud": org.url,
        "exp": int(time.time()) + 120,
    }  # fmt: skip
    words = {"grant_type": JWT_BEARER, "assertion": jwt.encode(claims, app.private_key, "RS256")}
    refused = ask(org, app, **words)
    assert "admin approved" in refused.json()["error_description"]
    app.admit(profile="Standard User")
    assert ask(org, app, **words).status_code == 200


def test_an_app_made_again_after_a_reset_has_its_key_again(org: SalesforceOrg) -> None:
    keys = []
    for _ in range(2):
        app = org.app("Signer", flows=["jwt_bearer"])
        assert app.policy.certificate
        keys.append(app.private_key)
        org.reset()
    assert keys[0] == keys[1]


def test_username_and_password_need_a_connected_app(org: SalesforceOrg, ann: User) -> None:
    with pytest.raises(BadAct, match="connected_app"):
        org.app("Old", flows=["username_password"])
    app = org.app("Old", flows=["username_password"], kind="connected_app")
    words = {"username": ann.username, "password": ann.password + ann.security_token}
    assert ask(org, app, grant_type="password", **words).status_code == 200
    with pytest.raises(BadAct, match="Spring '26"):
        org.act("create_app", app="another", kind="connected_app")


# --- policies, time, faults


def test_time_moves_on_the_orgs_side_alone(org: SalesforceOrg, app: App, ann: User) -> None:
    app.set(refresh_policy="specific_inactivity:90:DAYS")
    grant = org.connect(app, ann)
    org.clock.advance(days=89)
    assert refresh(org, app, grant).status_code == 200
    org.clock.advance(days=91)
    assert refresh(org, app, grant).json() == {
        "error": "invalid_grant", "error_description": "expired access/refresh token",
    }  # fmt: skip
    last = org.attempts()[-1]
    assert (last.outcome, last.mark) == ("refused", "official")
    assert org.login_history()[-1].at - org.login_history()[0].at >= timedelta(days=89)


ADMINS = {
    "block": ("app", "block", "unblock"),
    "uninstall": ("app", "uninstall", "install"),
    "freeze": ("ann", "freeze", "unfreeze"),
    "deactivate": ("ann", "deactivate", "activate"),
}


@pytest.mark.parametrize("act", list(ADMINS))
def test_what_an_admin_takes_the_refresh_feels_and_can_get_back(
    org: SalesforceOrg, app: App, ann: User, act: str
) -> None:
    who, take, give = ADMINS[act]
    held = {"app": app, "ann": ann}[who]
    grant = org.connect(app, ann)
    getattr(held, take)()
    assert refresh(org, app, grant).status_code == 400
    getattr(held, give)()
    again = org.connect(app, ann)
    assert refresh(org, app, again).status_code == 200


def test_a_fault_is_laid_for_one_app_and_lifted(org: SalesforceOrg, app: App, ann: User) -> None:
    other = org.app("Other")
    grants = {each: org.connect(each, ann) for each in (app, other)}
    org.fault("system-down", app=app, times=9)
    assert [refresh(org, each, grants[each]).status_code for each in (app, other)] == [503, 200]
    org.lift_faults()
    assert refresh(org, app, grants[app]).status_code == 200


def test_callers_come_from_where_they_are_said_to(org: SalesforceOrg, app: App, ann: User) -> None:
    grant = org.connect(app, ann)
    org.callers_come_from("203.0.113.5")
    assert refresh(org, app, grant).status_code == 200
    assert org.login_history()[-1].source_ip == "203.0.113.5"


def test_an_unknown_knob_or_user_is_told(org: SalesforceOrg, app: App, ann: User) -> None:
    with pytest.raises(BadAct, match="no knob is named colour"):
        app.set(colour="red")
    with pytest.raises(BadAct, match="no new user"):
        org.user("ann")
    with pytest.raises(BadAct, match="no profile is named"):
        org.user("bob", profile="Nobody")
    with pytest.raises(BadAct, match="needs a flow"):
        org.app("None", flows=[])


# --- going back and branching off


def test_what_was_saved_comes_back_without_faults(org: SalesforceOrg, app: App, ann: User) -> None:
    grant = org.connect(app, ann)
    org.save("connected")
    app.revoke()
    org.fault("system-down", times=9)
    org.clock.advance(days=400)
    assert refresh(org, app, grant).status_code == 503
    org.restore("connected")
    assert refresh(org, app, grant).status_code == 200


def test_a_fork_goes_its_own_way(org: SalesforceOrg, app: App, ann: User) -> None:
    grant = org.connect(app, ann)
    branch = org.fork()
    branch.act("block_app", app=app.name)
    branch.clock.advance(days=5)
    branch.user("bob")
    assert refresh(branch, app, grant).status_code == 400
    assert refresh(org, app, grant).status_code == 200
    assert branch.clock.now() - org.clock.now() > timedelta(days=4)
    with pytest.raises(KeyError):
        _ = org.find_user("bob").id
    branch.emulator.stop()


def test_requests_are_seen_with_their_secrets_masked(
    org: SalesforceOrg, app: App, ann: User
) -> None:
    grant = org.connect(app, ann)
    refresh(org, app, grant)
    seen = org.requests()[-1]
    assert (seen["path"], seen["parameters"]["grant_type"]) == (
        "/services/oauth2/token", "refresh_token",
    )  # fmt: skip
    assert grant.refresh_token
    assert grant.refresh_token not in str(seen)
