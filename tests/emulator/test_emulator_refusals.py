"""It must say no, with the exact text; what lenient doubles let pass is in test_probes.py."""

import base64

import httpx2
import pytest

from emulated_client import VERIFIER, Client, ClientFor, page_of, returned
from evergrant.emulator import Emulator
from evergrant.emulator.refusals import REFUSALS

DEAD = ("invalid_grant", "expired access/refresh token")


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A connected client of Orbit Sync."""
    made = client_for()
    made.connect()
    return made


def said(answer: httpx2.Response) -> tuple[str, str]:
    """Error and description, which the token endpoint always gives with 400."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    return body["error"], body["error_description"]


def test_a_refresh_token_of_another_app_is_refused(client: Client, client_for: ClientFor) -> None:
    other = client_for("pocket-charts")
    assert said(other.refresh(client.credential["refresh_token"])) == DEAD


def test_a_json_body_counts_as_no_grant_type(client: Client, emulator: Emulator) -> None:
    url = f"{emulator.url}/services/oauth2/token"
    answer = client.http.post(url, json={"grant_type": "refresh_token"})
    assert said(answer) == ("unsupported_grant_type", "grant type not supported")


def test_a_scope_at_the_token_endpoint_is_refused(client: Client) -> None:
    assert said(client.refresh(scope="api")) == ("invalid_request", "scope parameter not supported")


def test_a_code_is_bound_to_its_callback(client: Client) -> None:
    answer = client.redeem(client.code(), redirect_uri=client.app["callbacks"][1])
    assert said(answer)[0] == "redirect_uri_mismatch"


@pytest.mark.parametrize(
    ("challenge", "verifier", "description"),
    [
        (None, VERIFIER[:-1] + "X", "invalid code verifier"),
        (None, "", "invalid code verifier"),
        ("", VERIFIER, "unexpected code verifier"),
    ],
)
def test_the_verifier_must_belong_to_the_challenge(
    client: Client, challenge: str | None, verifier: str, description: str
) -> None:
    words = {} if challenge is None else {"code_challenge": challenge}
    answer = client.redeem(client.code(**words), code_verifier=verifier)
    assert said(answer) == ("invalid_grant", description)


@pytest.mark.parametrize(
    ("words", "error", "description"),
    [
        ({"client_id": "3MVG9nobody"}, "invalid_client_id", "client identifier invalid"),
        (
            {"redirect_uri": "https://evil.example/"},
            "redirect_uri_mismatch", "redirect_uri must match configuration",
        ),
        ({"scope": "api web"}, "invalid_scope", "the requested scope is not allowed"),
    ],
)  # fmt: skip
def test_an_untrustworthy_request_ends_on_salesforces_page_and_never_calls_back(
    client: Client, words: dict[str, str], error: str, description: str
) -> None:
    answer = client.authorize(**words)
    assert answer.request.url.path == "/setup/secur/RemoteAccessErrorPage.apexp"
    assert page_of(answer) == {"error": [error], "error_description": [description]}
    assert "OAUTH_APPROVAL_ERROR_GENERIC" in answer.text


def test_a_blocked_app_ends_on_salesforces_page_with_its_own_code(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("block_app", app="orbit-sync")
    answer = client.authorize()
    assert str(answer.request.url) == (
        f"{emulator.url}/setup/secur/RemoteAccessErrorPage.apexp"
        "?error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin"
    )
    assert "OAUTH_APP_BLOCKED : this app is blocked by admin" in answer.text


def test_a_blocked_app_loses_its_sessions_and_its_refresh(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("block_app", app="orbit-sync")
    assert client.call().status_code == 401
    assert said(client.refresh()) == ("app_blocked", "this app is blocked by admin")


def test_a_user_who_is_not_preauthorized_is_refused_in_each_flow(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", admin_approved=True)
    page = page_of(client.authorize())
    assert page["error"] == ["OAUTH_APP_ACCESS_DENIED"]
    assert page["error_description"] == ["user is not admin approved to access this app"]
    wanted = ("invalid_app_access", "user is not admin approved to access this app")
    assert said(client.refresh()) == wanted


def test_an_app_that_is_not_installed_is_refused_to_users_and_open_to_admins(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("uninstall_app", app="orbit-sync")
    page = page_of(client_for(user="sam").authorize())
    assert page["error"] == ["invalid_client"]
    assert page["error_description"] == ["app must be installed into org"]
    assert "code" in returned(client_for(user="admin").authorize())


def test_prior_approval_keeps_an_uninstalled_app_going(client: Client, emulator: Emulator) -> None:
    emulator.act("set_app", app="orbit-sync", installed=False)
    assert client.refresh().status_code == 200


def test_a_deleted_app_is_an_unknown_app(client: Client, emulator: Emulator) -> None:
    emulator.act("delete_app", app="orbit-sync")
    assert said(client.refresh()) == ("invalid_client_id", "client identifier invalid")


@pytest.mark.parametrize(
    ("act", "description"),
    [("deactivate_user", "inactive user"), ("freeze_user", "inactive user")],
)
def test_a_user_who_may_not_log_in_may_not_refresh(
    client: Client, emulator: Emulator, act: str, description: str
) -> None:
    emulator.act(act, user="integration")
    assert said(client.refresh()) == ("invalid_grant", description)
    assert client.call().status_code == 401


def test_a_user_without_api_access_gets_a_code_and_no_token(
    client: Client, emulator: Emulator
) -> None:
    code = client.code()
    emulator.act("set_profile", profile="Integration User", permissions={"ApiEnabled": False})
    assert said(client.redeem(code)) == ("invalid_grant", "authentication failure")
    answer = client.call()
    assert answer.status_code == 403
    assert answer.json() == [{
        "message": "The REST API is not enabled for this Organization.",
        "errorCode": "API_DISABLED_FOR_ORG",
    }]  # fmt: skip


def test_a_session_without_the_api_scope_is_not_for_rest(
    emulator: Emulator, client_for: ClientFor
) -> None:
    client = client_for()
    token = client.redeem(client.code(scope="id")).json()["access_token"]
    answer = client.call(token)
    assert answer.status_code == 401
    assert answer.json()[0]["message"] == "This session is not valid for use with the REST API"


def test_a_session_locked_to_its_address_is_dead_elsewhere(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_org", lock_sessions_to_ip=True)
    emulator.act("set_ip", ip="203.0.113.9")
    assert client.call().json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert emulator.trace()[-1]["gate"] == "session_place"


@pytest.mark.parametrize("path", ["services/oauth2/userinfo", "id/x/y"])
def test_a_bad_token_at_the_identity_services_gets_plain_text(
    emulator: Emulator, client_for: ClientFor, path: str
) -> None:
    answer = client_for().http.get(f"{emulator.url}/{path}")
    assert (answer.status_code, answer.text) == (403, "Bad_OAuth_Token")
    assert answer.headers["content-type"].startswith("text/plain")


def test_client_credentials_belong_on_my_domain(client_for: ClientFor) -> None:
    client = client_for("orbit-server")
    client.host = "test.salesforce.com"
    wanted = ("invalid_grant", "request not supported on this domain")
    assert said(client.token(grant_type="client_credentials")) == wanted


def test_client_credentials_need_a_scope_of_their_own(
    client_for: ClientFor, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-server", scopes=["full", "refresh_token"])
    answer = client_for("orbit-server").token(grant_type="client_credentials")
    assert said(answer) == ("invalid_grant", "no valid scopes defined")


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        (
            {"grant_type": "password", "username": "sam@acme.example", "password": "x"},
            "invalid_grant", "authentication failure",
        ),
        (
            {"response_type": "device_code"},
            "invalid_grant", "device flow is not enabled for the app",
        ),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"},
            "invalid_request", "token handler not found",
        ),
    ],
)  # fmt: skip
def test_a_flow_that_is_switched_off_is_refused_as_salesforce_does(
    client_for: ClientFor, form: dict[str, str], error: str, description: str
) -> None:
    assert said(client_for().token(**form)) == (error, description)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({"grant_type": "assertion"}, "SAML assertion"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "actor_token": "x"},
            "asset token",
        ),
    ],
)
def test_a_grant_that_is_not_built_answers_501_with_its_name(
    client_for: ClientFor, form: dict[str, str], name: str
) -> None:
    answer = client_for().token(**form)
    assert answer.status_code == 501
    assert name in answer.json()["detail"]


@pytest.mark.parametrize("path", ["oauth2/register", "oauth2/singleaccess"])
def test_a_service_that_is_not_built_answers_501_with_its_name(
    emulator: Emulator, path: str
) -> None:
    answer = httpx2.post(f"{emulator.url}/services/{path}", content=b"")
    assert answer.status_code == 501
    assert path.rpartition("/")[2] in answer.json()["detail"] or "SOAP API m" in answer.text


def test_a_basic_header_that_cannot_be_read_has_its_own_error(emulator: Emulator) -> None:
    answer = httpx2.post(
        f"{emulator.url}/services/oauth2/token", data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic %%%"},
    )  # fmt: skip
    assert said(answer)[0] == "invalid_basic_auth_header"


def test_a_basic_header_authenticates_the_client(client_for: ClientFor) -> None:
    client = client_for("orbit-server")
    pair = f"{client.app['consumer_key']}:{client.app['consumer_secret']}".encode()
    answer = client.http.post(
        f"{client.emulator.url}/services/oauth2/token", data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
    )  # fmt: skip
    assert answer.status_code == 200


def test_refusals_come_as_xml_or_a_form_where_asked(client: Client) -> None:
    xml = client.refresh("gone", format="xml")
    assert "<error>invalid_grant</error>" in xml.text
    form = client.refresh("gone", format="urlencoded")
    assert form.text == "error=invalid_grant&error_description=expired+access%2Frefresh+token"


def test_every_refusal_at_the_token_endpoint_has_a_text() -> None:
    rows = [row for row in REFUSALS.values() if row.channel != "plain_text"]
    assert all(row.error and row.description and row.source for row in rows)
