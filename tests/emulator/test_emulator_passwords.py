"""Username and password: one text on the wire, the truth in Login History."""

import base64
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from emulated_client import VERIFIER, Client, ClientFor, challenge
from evergrant.emulator import Emulator
from evergrant.emulator.server import Served

FAILED = ("invalid_grant", "authentication failure")


def grant(client: Client, **words: str) -> httpx2.Response:
    """A good request of the username-password flow, but for these words."""
    user = client.user
    form = {
        "username": user["username"], "password": user["password"] + user["security_token"], **words
    }  # fmt: skip
    return client.token(grant_type="password", **form)


@pytest.fixture
def client(client_for: ClientFor, emulator: Emulator) -> Client:
    """A client of an org that still allows the flow."""
    emulator.act("set_org", block_username_password=False)
    return client_for()


def last(emulator: Served) -> tuple[Any, Any]:
    row = emulator.org.db.execute('SELECT * FROM "LoginHistory" ORDER BY rowid DESC').fetchone()
    return row["Status"], row["LoginSubType"]


def said(answer: httpx2.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"], answer.json()["error_description"]


def test_password_and_security_token_get_an_access_token_and_no_refresh_token(
    client: Client, emulator: Emulator
) -> None:
    given = grant(client).json()
    assert "refresh_token" not in given
    assert client.call(given["access_token"]).status_code == 200
    assert last(emulator) == ("Success", "OauthUsernamePassword")


def test_the_flow_is_off_unless_an_admin_allows_it(
    client_for: ClientFor, emulator: Emulator
) -> None:
    assert said(grant(client_for())) == FAILED
    assert last(emulator) == ("Username-Password Flow Disabled", "OauthUsernamePassword")


def test_external_client_apps_never_have_it(client: Client, client_for: ClientFor) -> None:
    assert said(grant(client_for("orbit-server"))) == FAILED
    assert last(client.emulator)[0] == "Username-Password Flow Disabled"


@pytest.mark.parametrize(
    ("breaks", "status"),
    [
        ({"password": "wrong"}, "Invalid Password"),
        ({"password": "plain"}, "Failed: API security token required"),
    ],
)
def test_the_wire_hides_what_login_history_tells(
    client: Client, emulator: Emulator, breaks: dict[str, str], status: str
) -> None:
    if breaks["password"] == "plain":
        breaks = {"password": client.user["password"]}
    assert said(grant(client, **breaks)) == FAILED
    assert last(emulator) == (status, "OauthUsernamePassword")


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ({"name": "deactivate_user", "user": "integration"}, "User is Inactive"),
        ({"name": "freeze_user", "user": "integration"}, "User Is Frozen"),
        ({"name": "set_app", "app": "orbit-sync", "admin_approved": True},
         "Failed: Not approved for access"),
    ],
)  # fmt: skip
def test_standing_and_approval_are_hidden_too(
    client: Client, emulator: Emulator, act: dict[str, Any], status: str
) -> None:
    emulator.act(act.pop("name"), **act)
    assert said(grant(client)) == FAILED
    assert last(emulator)[0] == status


def test_a_locked_password_is_refused_though_it_is_right(
    client: Client, emulator: Emulator
) -> None:
    emulator.org.db.execute('UPDATE "UserLogin" SET "IsPasswordLocked" = 1')
    assert said(grant(client)) == FAILED
    assert last(emulator)[0] == "Password Lockout"


def test_an_unknown_username_leaves_no_row(client: Client, emulator: Emulator) -> None:
    before = emulator.org.db.execute('SELECT COUNT(*) FROM "LoginHistory"').fetchone()[0]
    assert said(grant(client, username="nobody@acme.example")) == FAILED
    after = emulator.org.db.execute('SELECT COUNT(*) FROM "LoginHistory"').fetchone()[0]
    assert before == after


@pytest.mark.parametrize("where", ["org", "profile"])
def test_from_a_trusted_address_the_password_is_enough(
    client: Client, emulator: Emulator, where: str
) -> None:
    ranges = [["198.51.100.0", "198.51.100.255"]]
    if where == "org":
        emulator.act("set_org", trusted_ranges=ranges)
    else:
        emulator.act("set_profile", profile="Integration User", login_ranges=ranges)
    assert grant(client, password=client.user["password"]).status_code == 200
    assert grant(client).status_code == 200


def test_the_secret_is_due(client: Client) -> None:
    assert said(grant(client, client_secret="")) == ("invalid_client", "invalid client credentials")


# --- authorization code and credentials


@pytest.fixture
def headless(client_for: ClientFor, emulator: Emulator) -> Client:
    """A client with a login page of its own."""
    echo = f"{emulator.url}/services/oauth2/echo"
    emulator.act("set_org", code_credentials=True)
    emulator.act("set_app", app="orbit-sync", code_credentials=True, callbacks=[echo])
    return client_for()


def ask(
    client: Client, password: str | None = None, *, in_body: bool = False, **words: str
) -> httpx2.Response:
    """The request for a code, answered before the redirect is followed."""
    pair = client.user["username"], client.user["password"] if password is None else password
    form = {
        "response_type": "code_credentials", "client_id": client.app["consumer_key"],
        "redirect_uri": client.callback, "code_challenge": challenge(VERIFIER), **words,
    }  # fmt: skip
    headers = {"Auth-Request-Type": "Named-User"}
    if in_body:
        form |= dict(zip(("username", "password"), pair, strict=True))
    else:
        headers["Authorization"] = f"Basic {base64.b64encode(':'.join(pair).encode()).decode()}"
    url = f"{client.emulator.url}/services/oauth2/authorize"
    return client.http.post(url, data=form, headers=headers)


def echoed(client: Client, answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    told: dict[str, str] = client.http.get(answer.headers["location"]).json()
    return told


@pytest.mark.parametrize("in_body", [False, True])
def test_credentials_get_a_code_and_the_code_tokens_and_the_site(
    headless: Client, in_body: bool
) -> None:
    told = echoed(headless, ask(headless, in_body=in_body, state="s"))
    assert (told["state"], told["sfdc_community_url"]) == ("s", headless.emulator.url)
    given = headless.redeem(told["code"], client_secret="").json()
    assert given.get("error") == "invalid_client"
    given = headless.redeem(told["code"]).json()
    assert given["sfdc_community_id"] == told["sfdc_community_id"]
    assert headless.call(given["access_token"]).status_code == 200


def test_wrong_credentials_are_a_login_error_at_the_callback(headless: Client) -> None:
    assert echoed(headless, ask(headless, "wrong"))["error"] == "login_error"
    assert last(headless.emulator)[0] == "Invalid Password"


@pytest.mark.parametrize("where", ["set_org", "set_app"])
def test_the_flow_needs_the_switch_of_the_org_and_of_the_app(
    headless: Client, emulator: Emulator, where: str
) -> None:
    words = {"app": "orbit-sync"} if where == "set_app" else {}
    emulator.act(where, code_credentials=False, **words)
    assert echoed(headless, ask(headless))["error"] == "oauth_flow_disabled"


def test_post_only_ignores_a_basic_header_and_shows_the_login_page(
    headless: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", code_credentials_post_only=True)
    answer = ask(headless)
    assert (answer.status_code, 'id="login_form"' in answer.text) == (200, True)
    assert "code" in echoed(headless, ask(headless, in_body=True))


def test_no_password_ever_stands_in_an_address(headless: Client, emulator: Emulator) -> None:
    ask(headless, in_body=True, redirect_uri=headless.callback)
    emulator.act("set_app", app="orbit-sync", pkce_required=True)
    answer = ask(headless, in_body=True, code_challenge="")
    assert answer.text.startswith("error=invalid_request")
    where = urlsplit(ask(headless, "wrong", in_body=True).headers["location"])
    assert headless.user["password"] not in where.query


def test_other_kinds_of_headless_request_answer_501(headless: Client) -> None:
    url = f"{headless.emulator.url}/services/oauth2/authorize"
    answer = headless.http.post(
        url, data={"response_type": "code_credentials"}, headers={"Auth-Request-Type": "guest"}
    )
    assert (answer.status_code, "guest" in answer.text) == (501, True)
