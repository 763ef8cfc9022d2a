"""Signed assertions: taken from whom the certificate and an approval vouch for, and no one else."""

from typing import Any

import httpx2
import pytest

from emulated_client import JWT_BEARER, Client, ClientFor, new_key, sign
from evergrant.emulator import Emulator, connected


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A client of the app that connects with assertions."""
    return client_for("orbit-jwt")


@pytest.fixture
def key(emulator: Emulator) -> str:
    """The private key whose certificate the app has."""
    return connected.key_of(emulator.org, "orbit-jwt").private_key


def said(answer: httpx2.Response) -> tuple[str, str]:
    """Error and description."""
    assert answer.status_code == 400, answer.text
    return answer.json()["error"], answer.json()["error_description"]


def test_a_good_assertion_gets_an_access_token_and_no_refresh_token(
    client: Client, key: str
) -> None:
    answer = client.jwt_bearer(client.assertion(key))
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    assert answer.json()["scope"] == "api id openid"
    assert client.call(answer.json()["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://test.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": None}, "invalid_grant", "expired authorization code"),
        ({"sub": "nobody@acme.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "integration"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "3MVG9nobody"}, "invalid_client_id", "client identifier invalid"),
        (
            {"sub": "sam@acme.example"},
            "invalid_app_access", "user is not admin approved to access this app",
        ),
    ],
)  # fmt: skip
def test_a_wrong_claim_is_refused_with_its_own_text(
    client: Client, key: str, claims: dict[str, Any], error: str, description: str
) -> None:
    assert said(client.jwt_bearer(client.assertion(key, **claims))) == (error, description)


@pytest.mark.parametrize("aud", ["https://login.salesforce.com", None])
def test_the_generic_host_and_my_domain_are_good_audiences(
    client: Client, key: str, aud: str | None
) -> None:
    claims = {} if aud is None else {"aud": aud}
    assert client.jwt_bearer(client.assertion(key, **claims)).status_code == 200


@pytest.mark.parametrize("form", [str, lambda exp: exp * 1000])
def test_exp_may_be_a_string_or_milliseconds(client: Client, key: str, form: Any) -> None:
    exp = form(int(client.emulator.clock.now().timestamp()) + 180)
    assert client.jwt_bearer(client.assertion(key, exp=exp)).status_code == 200


def test_exp_may_be_three_minutes_past_and_no_more(client: Client, key: str) -> None:
    now = int(client.emulator.clock.now().timestamp())
    assert client.jwt_bearer(client.assertion(key, exp=now - 170)).status_code == 200
    assert client.jwt_bearer(client.assertion(key, exp=now - 190)).status_code == 400


def test_a_foreign_key_is_refused(client: Client, key: str) -> None:
    assert key
    answer = client.jwt_bearer(client.assertion(new_key()))
    assert said(answer) == ("invalid_grant", "invalid assertion")


def test_an_external_client_app_answers_a_foreign_key_otherwise(
    emulator: Emulator, client_for: ClientFor
) -> None:
    connected.key_of(emulator.org, "orbit-server")
    client = client_for("orbit-server")
    answer = client.jwt_bearer(client.assertion(new_key()))
    assert said(answer) == ("invalid_client", "invalid client credentials")


def test_an_external_client_app_is_not_found_through_the_generic_audience(
    emulator: Emulator, client_for: ClientFor
) -> None:
    key = connected.key_of(emulator.org, "orbit-server").private_key
    client = client_for("orbit-server")
    answer = client.jwt_bearer(client.assertion(key, aud="https://login.salesforce.com"))
    wanted = ("app_not_found", "External client app is not installed in this org")
    assert said(answer) == wanted


@pytest.mark.parametrize("text", ["", "a.b.c", "no dots", "e30.W10.AA"])
def test_what_is_no_jwt_is_refused(client: Client, text: str) -> None:
    answer = client.token(grant_type=JWT_BEARER, assertion=text)
    assert said(answer)[0] == "invalid_grant"
    assert client.emulator.trace()[-1]["outcome"] == "refused"


def test_self_authorized_users_must_have_approved_in_person(
    emulator: Emulator, client_for: ClientFor
) -> None:
    key = connected.key_of(emulator.org, "orbit-sync").private_key
    client = client_for("orbit-sync")
    wanted = ("invalid_grant", "user hasn't approved this consumer")
    assert said(client.jwt_bearer(client.assertion(key))) == wanted
    client.connect()
    assert client.jwt_bearer(client.assertion(key)).status_code == 200


def test_without_the_refresh_token_scope_nobody_can_have_approved(
    emulator: Emulator, client_for: ClientFor
) -> None:
    key = connected.key_of(emulator.org, "orbit-sync").private_key
    emulator.act("set_app", app="orbit-sync", scopes=["api"])
    client = client_for("orbit-sync")
    error, description = said(client.jwt_bearer(client.assertion(key)))
    assert error == "invalid_request"
    assert description == (
        "refresh_token scope is required and the connected app should be installed and "
        "preauthorized"
    )


def test_ip_ranges_bind_assertions_even_where_the_app_relaxes_them(
    client: Client, key: str, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-jwt", ip_relaxation="BYPASS")
    inside = [["203.0.113.0", "203.0.113.255"]]
    emulator.act("set_profile", profile="Integration User", login_ranges=inside)
    wanted = ("invalid_grant", "ip restricted or invalid login hours")
    assert said(client.jwt_bearer(client.assertion(key))) == wanted


def test_high_assurance_keeps_assertions_out(client: Client, key: str, emulator: Emulator) -> None:
    emulator.act(
        "set_app", app="orbit-jwt", session_level="HIGH_ASSURANCE",
        session_action="RaiseSessionLevel",
    )  # fmt: skip
    assert said(client.jwt_bearer(client.assertion(key)))[0] == "invalid_session_level"


def test_another_certificate_makes_the_old_key_worthless(
    client: Client, key: str, emulator: Emulator
) -> None:
    emulator.act("set_certificate", app="orbit-jwt")
    assert client.jwt_bearer(client.assertion(key)).status_code == 400


def test_the_key_survives_a_reset(client: Client, key: str, emulator: Emulator) -> None:
    emulator.stage.reset()
    assert connected.key_of(emulator.org, "orbit-jwt").private_key == key
    assert client.jwt_bearer(client.assertion(key)).status_code == 200


def test_only_rs256_counts_as_a_signature(client: Client, key: str) -> None:
    text = sign({"iss": client.app["consumer_key"]}, key)
    unsigned = "eyJhbGciOiJub25lIn0." + text.split(".", 1)[1]
    assert client.jwt_bearer(unsigned).json()["error_description"] == "invalid assertion"
