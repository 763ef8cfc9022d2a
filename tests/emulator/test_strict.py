"""Strict mode: what is documented or recorded is answered, what is only inferred is a 501."""

from collections.abc import Iterator

import httpx2
import pytest

from emulated_client import Client, ClientFor, client_of, page_of
from evergrant.emulator import Emulator
from evergrant.emulator.policies import KNOBS


@pytest.fixture
def emulator(served: Emulator) -> Iterator[Emulator]:
    served.stage.reset()
    served.org.strict = True
    yield served
    served.org.strict = False


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    made = client_for()
    made.connect()
    return made


def named(answer: httpx2.Response) -> list[str]:
    """What a 501 says is inferred."""
    assert answer.status_code == 501, answer.text
    return [f"{each['kind']} {each['id']}" for each in answer.json()["inferred"]]


def test_a_sound_client_connects_refreshes_and_calls_as_if_nothing_were_strict(
    client: Client
) -> None:  # fmt: skip
    assert client.refresh().status_code == 200
    assert client.call().status_code == 200


def test_an_official_refusal_still_comes_through_with_its_history(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_profile", profile="Integration User", login_ranges=[["1.1.1.1", "1.1.1.1"]])
    answer = client.refresh()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert emulator.trace()[-1]["outcome"] == "refused"


def test_a_recorded_refusal_comes_through(client: Client) -> None:
    said = client.refresh(scope="api").json()["error_description"]
    assert said == "scope parameter not supported"


def test_an_inferred_refusal_is_named_and_nothing_of_it_is_written_down(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("freeze_user", user="integration")
    rows = emulator.org.db.execute('SELECT count(*) FROM "LoginHistory"').fetchone()[0]
    answer = client.refresh()
    assert named(answer) == ["refusal user_frozen/token"]
    assert answer.json()["error"] == "inferred_only"
    traced = emulator.trace()[-1]
    assert (traced["outcome"], traced["gate"]) == ("not_answered", "user_frozen")
    assert traced["inferred"] == [{"kind": "refusal", "id": "user_frozen/token"}]
    assert emulator.org.db.execute('SELECT count(*) FROM "LoginHistory"').fetchone()[0] == rows


def test_an_official_text_with_an_inferred_history_row_is_named(
    client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for("orbit-jwt")
    key = httpx2.get(f"{emulator.control_url}/key/orbit-jwt").json()["private_key"]
    emulator.act("set_app", app="orbit-jwt", admin_approved=False)
    answer = client.jwt_bearer(client.assertion(key))
    assert named(answer) == ["history not_approved/token"]


def test_an_inferred_gate_is_named_with_its_refusal(
    client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for("orbit-jwt")
    key = httpx2.get(f"{emulator.control_url}/key/orbit-jwt").json()["private_key"]
    answer = client.jwt_bearer(client.assertion(key, sub="nobody@acme.example"))
    assert named(answer) == ["refusal user_unknown/token", "gate user_known"]


def test_an_inferred_knob_off_its_default_is_named_even_where_the_client_would_get_in(
    client: Client, emulator: Emulator
) -> None:
    knob = KNOBS["org.jwt_skew_seconds"]
    assert knob.mark == "inferred"
    emulator.act("set_org", jwt_skew_seconds=1)
    token = client.credential["refresh_token"]
    assert named(client.refresh()) == ["knob org.jwt_skew_seconds"]
    assert named(client.call()) == ["knob org.jwt_skew_seconds"]
    emulator.act("set_org", jwt_skew_seconds=knob.default)
    assert client.refresh(token).status_code == 200


def test_a_browser_and_a_sign_in_page_meet_the_same_strictness(
    emulator: Emulator, client_for: ClientFor
) -> None:
    client = client_for()
    missing = client.authorize(redirect_uri="")
    assert named(missing) == ["refusal redirect_missing/authorize"]
    client.user["password"] = "not it"
    assert named(client.authorize()) == ["refusal password_wrong/authorize"]


def test_revoking_what_was_never_given_is_named(emulator: Emulator, client: Client) -> None:
    url = f"{emulator.url}/services/oauth2/revoke"
    assert named(client.http.post(url, data={"token": "never"})) == ["refusal token_not_valid/api"]
    token = client.credential["refresh_token"]
    assert client.http.post(url, data={"token": token}).status_code == 200


def test_a_recorded_page_comes_through(emulator: Emulator, client_for: ClientFor) -> None:
    page = client_for().authorize(redirect_uri="https://elsewhere.example/cb")
    assert page_of(page)["error"] == ["redirect_uri_mismatch"]


def test_the_switch_is_off_unless_asked_for() -> None:
    assert not Emulator().org.strict
    with Emulator(strict=True) as made, httpx2.Client() as http:
        client = client_of(made, "orbit-sync", http)
        client.credential = made.stage.play("user-locked-or-frozen", None)["credential"]
        assert named(client.refresh()) == ["refusal user_frozen/token"]
