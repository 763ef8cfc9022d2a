"""The parts of a look, with canned answers: external client apps, trials, events, tokens."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evergrant.evidence.live_apps import app_policy
from evergrant.evidence.live_question import Found, Question
from evergrant.evidence.live_trails import idp_events, organization, setup_trail
from evergrant.evidence.live_usage import usage
from evergrant.model import Secret, Session, Unknown
from evergrant.wire import Conversation, Reply, rehearse

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUESTION = Question(
    session=Session("https://acme.example", Secret("token")),
    app_label="Orbit",
    consumer_key="3MVG9abcdefghijkl",
    user_id="005x",
    username="int@acme.example",
    since=NOW - timedelta(days=1),
    authorized_at=None,
    failed_at=None,
    worked_at=None,
    at=NOW,
    app_id="0xIx",
)


def answer(*rows: dict[str, Any]) -> Reply:
    body = json.dumps({"done": True, "records": rows}).encode()
    return Reply(200, {"content-type": "application/json"}, body)


def found(part: Conversation[list[Found]], *replies: Reply) -> dict[str, Found]:
    return {each.name: each for each in rehearse(part, *replies).result}


def test_an_external_client_app_shows_its_whole_policy() -> None:
    policy = {
        "PermittedUsersPolicyType": "AdminApprovedPreAuthorized",
        "RefreshTokenPolicyType": "Zero",
        "RequiredSessionLevel": "HIGH_ASSURANCE",
        "IsClientCredentialsFlowEnabled": False,
    }
    app = answer({"Id": "0xI1", "MasterLabel": "Orbit"})
    seen = found(app_policy(QUESTION), answer(), app, answer(policy))
    assert seen["app.in_org"].learned == "0xI1"
    assert seen["app.admin_approved_only"].value is True
    assert seen["app.refresh_token_policy"].value == "zero"
    assert seen["app.refresh_token_limited"].value is False
    assert seen["app.session_level_required"].value is True
    assert seen["app.client_credentials_enabled"].value is False


def test_an_external_client_app_without_visible_policies_is_in_the_org_all_the_same() -> None:
    app = answer({"Id": "0xI1", "MasterLabel": "Orbit"})
    seen = found(app_policy(QUESTION), answer(), app, answer())
    assert seen["app.in_org"].value is True
    assert isinstance(seen["app.refresh_token_policy"].value, Unknown)


def test_an_app_that_is_nowhere_is_not_in_the_org() -> None:
    seen = found(app_policy(QUESTION), answer(), answer())
    assert seen["app.in_org"].value is False
    assert "3MVG9abcde…" in seen["app.in_org"].quote
    assert isinstance(seen["app.admin_approved_only"].value, Unknown)


def test_a_trial_that_is_over_has_ended() -> None:
    row = {"IsSandbox": False, "TrialExpirationDate": "2026-11-01T00:00:00.000+0000"}
    assert found(organization(QUESTION), answer(row))["org.trial_ended"].value is True
    row["TrialExpirationDate"] = "2026-12-01T00:00:00.000+0000"
    assert found(organization(QUESTION), answer(row))["org.trial_ended"].value is False


def test_events_of_other_users_are_left_out() -> None:
    theirs = {"ErrorCode": "AppBlocked", "Timestamp": "2026-11-22T11:00:00.000+0000",
              "UserId": "005y"}  # fmt: skip
    ours = {**theirs, "ErrorCode": "AppAccessDenied", "UserId": "005x"}
    assert found(idp_events(QUESTION), answer(theirs, ours))["idp.error_code"].value == (
        "AppAccessDenied"
    )
    assert found(idp_events(QUESTION), answer(theirs))["idp.error_code"].value == "none"


def test_acts_on_other_apps_are_left_out() -> None:
    act = {"Action": "blockConnectedApplication", "Display": "Blocked connected app Ledger",
           "CreatedDate": "2026-11-22T11:00:00.000+0000"}  # fmt: skip
    assert found(setup_trail(QUESTION), answer(act), answer())["audit.last_act"].value == "none"


def test_an_act_that_is_known_by_its_words_alone_is_inferred() -> None:
    act = {"Action": "somethingNew", "Display": "Rotated secret of Orbit",
           "CreatedDate": "2026-11-22T11:00:00.000+0000"}  # fmt: skip
    seen = found(setup_trail(QUESTION), answer(act), answer())["audit.last_act"]
    assert (seen.value, seen.mark) == ("secret rotated", "inferred")


def _page(*tokens: dict[str, Any], after: str = "/services/data/v66.0/next") -> Reply:
    body = json.dumps({"tokens": tokens, "nextPageUrl": after}).encode()
    return Reply(200, {"content-type": "application/json"}, body)


def test_tokens_of_an_external_client_app_are_counted_by_its_usage() -> None:
    begun = {"initialConnectionAt": "2026-11-20T10:00:00.000Z", "useCount": 3}
    later = {"initialConnectionAt": "2026-11-21T18:00:00.000Z", "useCount": 1}
    asked = replace(QUESTION, authorized_at=NOW - timedelta(days=1))
    seen = found(usage(asked), _page(later), _page(begun), _page())
    assert seen["user.app_tokens"].value == 2
    assert seen["user.newer_tokens"].value == 1
    assert seen["user.oldest_token"].value == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_next_page_on_another_host_is_not_asked() -> None:
    played = rehearse(usage(QUESTION), _page({}, after="https://evil.example/services/data/"))
    assert len(played.requests) == 1
