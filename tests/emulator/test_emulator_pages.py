"""The pages a person meets: usable by a form robot, and plain about what they are."""

import httpx2
import pytest

from emulated_client import Client, ClientFor, returned
from evergrant.emulator import Emulator
from evergrant.emulator.pages import BANNER


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A client of Orbit Sync that is not connected yet."""
    return client_for()


def start(client: Client, **words: str) -> httpx2.Response:
    """The first answer of the authorize endpoint."""
    query = {
        "response_type": "code", "client_id": client.app["consumer_key"],
        "redirect_uri": client.callback, "state": "a b&c", **words,
    }  # fmt: skip
    return client.http.get(f"{client.emulator.url}/services/oauth2/authorize", params=query)


def test_every_page_says_that_it_is_an_emulator(client: Client) -> None:
    pages = [
        start(client), client.http.get(client.emulator.url),
        client.http.get(f"{client.emulator.url}/services/oauth2/success"),
        client.http.get(f"{client.emulator.url}/setup/secur/RemoteAccessErrorPage.apexp"),
    ]  # fmt: skip
    assert all(BANNER.replace("'", "&#39;") in page.text for page in pages)


def test_the_consent_page_names_app_owner_scopes_and_user(client: Client) -> None:
    signed_in = client.submit(
        start(client), username=client.user["username"], password=client.user["password"]
    )
    page = client.http.get(client.emulator.url + signed_in.headers["location"])
    for text in ("Orbit Sync", "Orbit Data, Inc.", 'data-scope="api"', "integration@acme.example"):
        assert text in page.text


def test_the_code_comes_back_with_the_state_it_was_sent_with(client: Client) -> None:
    back = returned(client.walk(start(client)))
    assert back["state"] == "a b&c"
    assert back["code"].startswith("aPrx")
    assert back["code"].endswith("==")


def test_deny_comes_back_as_access_denied(client: Client) -> None:
    answer = client.walk(start(client), decision="deny")
    assert returned(answer) == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "a b&c",
    }


def test_a_wrong_password_stays_on_the_sign_in_page_and_leaves_a_row(
    client: Client, emulator: Emulator
) -> None:
    page = client.submit(start(client), username=client.user["username"], password="wrong")
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    with emulator.org.lock:
        row = emulator.org.db.execute(
            'SELECT "Status", "LoginType" FROM "LoginHistory" ORDER BY "Id" DESC'
        ).fetchone()
    assert tuple(row) == ("Invalid Password", "Application")


@pytest.mark.parametrize("act", ["deactivate_user", "freeze_user"])
def test_who_may_not_log_in_is_kept_at_the_sign_in_page(
    client: Client, emulator: Emulator, act: str
) -> None:
    emulator.act(act, user="integration")
    page = client.walk(start(client))
    assert 'role="alert"' in page.text


def test_an_existing_browser_session_is_reused_unless_login_is_asked_for(client: Client) -> None:
    client.walk(start(client))
    assert 'id="approval_form"' in start(client).text
    assert 'id="login_form"' in start(client, prompt="login").text


def test_after_a_prompted_sign_in_the_flow_goes_on(client: Client) -> None:
    client.walk(start(client))
    assert "code" in returned(client.walk(start(client, prompt="login")))


def test_consent_is_asked_again_only_for_more_or_when_told_to(client: Client) -> None:
    client.redeem(returned(client.walk(start(client, scope="api refresh_token")))["code"],
                  code_verifier="")  # fmt: skip
    assert "code" in returned(start(client, scope="api"))
    assert 'id="approval_form"' in start(client, scope="api id").text
    assert 'id="approval_form"' in start(client, scope="api", prompt="consent").text


def test_the_login_hint_fills_the_username(client: Client) -> None:
    assert 'value="who@acme.example"' in start(client, login_hint="who@acme.example").text


def test_immediate_without_a_session_comes_back_refused(client: Client) -> None:
    assert returned(start(client, immediate="true"))["error"] == "immediate_unsuccessful"


def test_a_consent_form_of_another_browser_is_not_taken(
    client: Client, client_for: ClientFor
) -> None:
    client.walk(start(client))
    page = start(client, prompt="consent")
    assert 'id="approval_form"' in page.text
    other = client_for(user="sam")
    assert 'id="login_form"' in other.submit(page, decision="allow").text


def test_an_admin_approved_app_asks_no_consent(client_for: ClientFor) -> None:
    client = client_for("ledger-mirror", user="rita")
    signed_in = client.submit(
        start(client), username=client.user["username"], password=client.user["password"]
    )
    answer = client.http.get(client.emulator.url + signed_in.headers["location"])
    assert "code" in returned(answer)


def test_what_a_client_sends_is_escaped_on_the_page(client: Client) -> None:
    page = start(client, login_hint='"><script>alert(1)</script>')
    assert "<script>" not in page.text


def test_doubled_and_trailing_slashes_are_taken(client: Client) -> None:
    url = client.emulator.url
    assert client.http.get(f"{url}//services/oauth2/success/").status_code == 200
    assert client.http.get(f"{url}//services/data/").status_code == 200


def test_a_path_that_is_not_built_answers_501_with_its_name(client: Client) -> None:
    answer = client.http.get(f"{client.emulator.url}/services/oauth2/singleaccess")
    assert answer.status_code == 501
    assert "/services/oauth2/singleaccess" in answer.json()["detail"]
