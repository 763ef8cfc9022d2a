"""The device flow, rehearsed: what is asked, when it is asked again, and when it ends."""

from __future__ import annotations

import json
from itertools import pairwise
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import Malformed, NotSent, OutcomeUnknown, Refused, WireError
from evergrant.model import App, Credential, Secret
from evergrant.oauth.device import DeviceCode, begin, poll
from evergrant.wire import Pause, Rehearsal, Reply, rehearse

HOST = "https://acme.my.salesforce.com"
APP = App("3MVG9key", scopes=("api", "refresh_token"))
BEGUN = DeviceCode(Secret("plantedDEVICE"), Secret("PLANTED8"), f"{HOST}/setup/connect")
GIVEN = {
    "device_code": "plantedDEVICE",
    "user_code": "PLANTED8",
    "verification_uri": f"{HOST}/setup/connect",
    "interval": 5,
}


def answer(said: object, status: int = 200) -> Reply:
    body = json.dumps(said).encode()
    return Reply(
        status, {"content-type": "application/json"}, body, f"{HOST}/services/oauth2/token"
    )


def no(error: str, description: str = "") -> Reply:
    return answer({"error": error, "error_description": description}, 400)


PENDING = no("authorization_pending", "the user has not approved yet")
TOKENS = answer(
    {"access_token": "00Dx!planted", "refresh_token": "5Aepplanted", "instance_url": HOST}
)


def pauses(played: Rehearsal) -> list[float]:
    return [step.seconds for step in played.asked if isinstance(step, Pause)]


def forms(played: Rehearsal) -> list[dict[str, list[str]]]:
    return [parse_qs((each.sent_body() or b"").decode()) for each in played.requests]


def test_the_first_leg_asks_for_both_codes_without_any_secret() -> None:
    app = App("3MVG9key", Secret("plantedCONSUMER"), scopes=("api", "refresh_token"))
    played = rehearse(begin(app, HOST), answer(GIVEN))
    assert played.requests[0].url == f"{HOST}/services/oauth2/token"
    assert forms(played) == [
        {
            "response_type": ["device_code"],
            "client_id": ["3MVG9key"],
            "scope": ["api refresh_token"],
        }
    ]
    assert played.result == BEGUN
    assert "PLANTED8" not in repr(played.result)
    assert "plantedDEVICE" not in repr(played.result)


def test_without_scopes_of_its_own_an_app_asks_for_all_that_it_has() -> None:
    assert "scope" not in forms(rehearse(begin(App("3MVG9key"), HOST), answer(GIVEN)))[0]


@pytest.mark.parametrize(
    ("interval", "seconds"), [(7, 7), ("9", 9), (0, 1), (-3, 5), ("soon", 5), ("²", 5), (9999, 60)]
)
def test_an_interval_is_taken_as_it_is_said_and_within_reason(
    interval: object, seconds: int
) -> None:
    found = rehearse(begin(APP, HOST), answer({**GIVEN, "interval": interval})).result
    assert found.interval_s == seconds


def test_a_lifetime_that_is_told_counts_instead_of_ten_minutes() -> None:
    assert rehearse(begin(APP, HOST), answer(GIVEN)).result.lifetime_s == 600
    told = rehearse(begin(APP, HOST), answer({**GIVEN, "expires_in": 60})).result
    assert told.lifetime_s == 60


@pytest.mark.parametrize("missing", ["device_code", "user_code", "verification_uri"])
def test_a_first_answer_that_lacks_something_is_malformed(missing: str) -> None:
    said = {name: value for name, value in GIVEN.items() if name != missing}
    with pytest.raises(Malformed) as met:
        rehearse(begin(APP, HOST), answer(said))
    assert "planted" not in met.value.diagnostics().lower()


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.my.salesforce.com/setup/connect",
        "javascript:alert(1)",
        "https://user@evil.example/",
        "https://[",
        "https://acme.my.salesforce.com/\u202e",
    ],
)
def test_nobody_is_sent_to_sign_in_at_an_address_that_is_not_safe(address: str) -> None:
    with pytest.raises(Malformed, match="no address"):
        rehearse(begin(APP, HOST), answer({**GIVEN, "verification_uri": address}))


def test_the_device_asks_again_at_the_interval_until_the_person_has_approved() -> None:
    played = rehearse(poll(APP, HOST, BEGUN), PENDING, PENDING, TOKENS)
    assert pauses(played) == [5, 5, 5]
    assert (
        forms(played)
        == [{"grant_type": ["device"], "code": ["plantedDEVICE"], "client_id": ["3MVG9key"]}] * 3
    )
    assert isinstance(played.result, Credential)
    assert played.result.refresh_token == Secret("5Aepplanted")


def test_a_confidential_device_sends_its_secret_with_every_poll() -> None:
    app = App("3MVG9key", Secret("plantedCONSUMER"))
    played = rehearse(poll(app, HOST, BEGUN), PENDING, TOKENS)
    assert [each["client_secret"] for each in forms(played)] == [["plantedCONSUMER"]] * 2


def test_slow_down_makes_every_later_poll_five_seconds_rarer() -> None:
    slow = no("slow_down", "polling too fast")
    played = rehearse(poll(APP, HOST, BEGUN), slow, PENDING, slow, TOKENS)
    assert pauses(played) == [5, 10, 10, 15]


@pytest.mark.parametrize(
    ("error", "description"),
    [
        ("access_denied", "end-user denied authorization"),
        ("invalid_grant", "device flow is not enabled for the app"),
        ("invalid_grant", "token exchange failed"),
        ("invalid_grant", "expired device code"),
        ("server_error", ""),
    ],
)
def test_every_other_no_ends_the_sign_in_in_salesforces_words(error: str, description: str) -> None:
    with pytest.raises(Refused) as met:
        rehearse(poll(APP, HOST, BEGUN), PENDING, no(error, description))
    assert (met.value.error, met.value.description) == (error, description)


def test_the_device_gives_up_when_the_time_is_over_with_salesforces_last_word() -> None:
    quick = DeviceCode(BEGUN.device_code, BEGUN.user_code, BEGUN.verification_uri, 5, 12)
    with pytest.raises(Refused) as met:
        rehearse(poll(APP, HOST, quick), PENDING, PENDING, PENDING)
    assert met.value.error == "authorization_pending"
    assert met.value.why == "nobody approved within 15 seconds"
    assert "begin again" in met.value.next_step


@pytest.mark.parametrize("failure", [NotSent("dns"), OutcomeUnknown("reset")])
def test_a_network_failure_makes_the_polls_rarer_and_ends_nothing(failure: WireError) -> None:
    played = rehearse(poll(APP, HOST, BEGUN), failure, failure, PENDING, TOKENS)
    assert pauses(played) == [5, 10, 20, 20]


def test_a_network_that_stays_away_ends_the_sign_in_when_its_time_is_over() -> None:
    quick = DeviceCode(BEGUN.device_code, BEGUN.user_code, BEGUN.verification_uri, 5, 12)
    with pytest.raises(NotSent):
        rehearse(poll(APP, HOST, quick), NotSent("dns"), NotSent("dns"))


def test_a_page_instead_of_an_answer_ends_the_sign_in() -> None:
    page = Reply(503, {"content-type": "text/html"}, b"<html>Data Not Available</html>")
    with pytest.raises(Malformed):
        rehearse(poll(APP, HOST, BEGUN), page)


WORDS = st.sampled_from(["pending", "slow", "lost"])


@given(st.lists(WORDS, max_size=40))
def test_whatever_comes_before_it_the_device_never_asks_oftener_than_it_may(
    before: list[str],
) -> None:
    said: dict[str, Reply | WireError] = {
        "pending": PENDING,
        "slow": no("slow_down"),
        "lost": NotSent("dns"),
    }
    patient = DeviceCode(BEGUN.device_code, BEGUN.user_code, BEGUN.verification_uri, 5, 10**6)
    played = rehearse(poll(APP, HOST, patient), *(said[each] for each in before), TOKENS)
    waits = pauses(played)
    assert len(waits) == len(before) + 1
    assert waits[0] == 5
    assert all(later >= earlier for earlier, later in pairwise(waits))
