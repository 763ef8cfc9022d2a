"""Looking at an emulated org: what an admin sees, and what is not shown to others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from evergrant.emulator import Emulator
from evergrant.errors import NotSent
from evergrant.evidence import look_at_org
from evergrant.evidence.live_org import PARTS
from evergrant.model import Fact, Secret, Session, Unknown
from evergrant.wire import Reply, run
from evergrant.wire.conversation import Answer, Step, drive

USER = "integration@acme.example"
START = datetime(2026, 1, 1, tzinfo=UTC)
HIDDEN = ("AccessToken", "RequestToken", "DeleteToken")


def session_of(org: Emulator, user: str = "admin") -> Session:
    told = httpx2.get(f"{org.control_url}/session", params={"user": user}, timeout=60).json()
    return Session(told["instance_url"], Secret(told["access_token"]))


def look(org: Emulator, user: str = "admin", **words: Any) -> dict[str, Fact]:
    now = org.clock.now()
    question = {"app_label": "Orbit Sync", "username": USER, "since": START, "at": now, **words}
    return {fact.name: fact for fact in run(look_at_org(session_of(org, user), **question))}


def value(facts: dict[str, Fact], name: str) -> object:
    return facts[name].value


@pytest.fixture
def connected(org: Emulator) -> Emulator:
    """An org in which Orbit Sync was connected a while ago."""
    org.stage.play("app-blocked-by-admin", None)
    org.act("unblock_app", app="orbit-sync")
    org.clock.advance(seconds=60)
    return org


def test_a_healthy_org_shows_nothing_wrong(connected: Emulator) -> None:
    seen = look(connected)
    assert value(seen, "user.active") is True
    assert value(seen, "user.frozen") is False
    assert value(seen, "user.api_enabled") is True
    assert value(seen, "app.in_org") is True
    assert value(seen, "user.app_tokens") == 1
    assert value(seen, "login_history.status") == "Success"
    assert value(seen, "org.is_sandbox") is False


@pytest.mark.parametrize(
    ("act", "words", "name", "expected"),
    [
        ("freeze_user", {"user": "integration"}, "user.frozen", True),
        ("deactivate_user", {"user": "integration"}, "user.active", False),
        ("block_app", {"app": "orbit-sync"}, "audit.last_act", "app blocked"),
        ("uninstall_app", {"app": "orbit-sync"}, "audit.last_act", "app uninstalled"),
        ("set_app", {"app": "orbit-sync", "admin_approved": True},
         "app.admin_approved_only", True),
        ("revoke_user_app", {"app": "orbit-sync", "user": "integration"}, "user.app_tokens", 0),
        ("approve", {"app": "orbit-sync", "user": "integration", "times": 4},
         "user.app_tokens", 5),
        ("set_app", {"app": "orbit-sync", "refresh_policy": "specific_inactivity:30:DAYS"},
         "app.refresh_token_policy", "inactivity"),
        ("delete_app", {"app": "orbit-sync"}, "app.in_org", False),
        ("set_profile", {"profile": "Integration User", "permissions": {"ApiEnabled": False}},
         "user.api_enabled", False),
    ],
)  # fmt: skip
def test_what_an_admin_changed_is_seen(
    connected: Emulator, act: str, words: dict[str, Any], name: str, expected: object
) -> None:
    connected.act(act, **words)
    assert value(look(connected), name) == expected


def test_the_audit_trail_says_who_and_when(connected: Emulator) -> None:
    connected.act("block_app", app="orbit-sync")
    found = look(connected)["audit.last_act"]
    assert "admin@acme.example: Blocked connected app Orbit Sync" in found.quote
    assert found.observed_at is not None


def test_a_user_is_preauthorized_by_permission_set_or_by_profile(connected: Emulator) -> None:
    assert value(look(connected), "user.preauthorized") is False
    connected.act("grant_app", app="orbit-sync", profile="Integration User")
    assert value(look(connected), "user.preauthorized") is True


def test_a_policy_that_soql_does_not_tell_is_told_by_metadata(connected: Emulator) -> None:
    connected.act("set_app", app="orbit-sync", refresh_policy="zero")
    now = connected.clock.now()
    asked = look_at_org(session_of(connected), app_label="Orbit Sync", since=START, at=now)
    policies = [each.value for each in run(asked) if each.name == "app.refresh_token_policy"]
    assert [isinstance(each, Unknown) for each in policies] == [True, False]
    assert policies[1] == "zero"


def test_a_user_who_is_not_there_is_seen_to_be_missing(connected: Emulator) -> None:
    seen = look(connected, username="nobody@acme.example")
    assert value(seen, "user.exists") is False
    assert isinstance(value(seen, "user.frozen"), Unknown)


def test_who_may_not_look_learns_nothing_rather_than_no(connected: Emulator) -> None:
    seen = look(connected, user="integration", username="sam@acme.example")
    for name in ("user.frozen", "audit.last_act", "user.preauthorized"):
        found = value(seen, name)
        assert isinstance(found, Unknown), name
        assert found.reason
        assert found.next_step


def test_hidden_rows_of_others_do_not_count_as_none(connected: Emulator) -> None:
    seen = look(connected, user="rita", username=USER)
    assert isinstance(value(seen, "login_history.status"), Unknown)
    assert isinstance(value(seen, "user.app_tokens"), Unknown)


def test_login_rows_before_the_failure_are_not_of_it(connected: Emulator) -> None:
    later = connected.clock.now() + timedelta(hours=2)
    assert value(look(connected, failed_at=later), "login_history.status") == "none"


def test_approvals_newer_than_ours_are_counted(connected: Emulator) -> None:
    ours = connected.clock.now()
    connected.clock.advance(seconds=60)
    connected.act("approve", app="orbit-sync", user="integration", times=3)
    assert value(look(connected, authorized_at=ours), "user.newer_tokens") == 3


def test_a_dead_network_leaves_everything_unknown() -> None:
    session = Session("https://acme.example", Secret("token"))
    conversation = look_at_org(session, app_label="x", user_id="005x", since=START)

    def nobody_there(step: Step) -> Answer:
        raise NotSent("could not reach acme.example")

    seen = drive(conversation, nobody_there)
    assert not any(fact.is_known for fact in seen)
    assert {fact.name for fact in seen} >= {n for part in PARTS for n in part.names}


def test_an_object_that_is_refused_does_not_stop_the_others() -> None:
    session = Session("https://acme.example", Secret("token"))
    no = Reply(400, {"content-type": "application/json"},
               b'[{"errorCode":"INVALID_TYPE","message":"not supported"}]')  # fmt: skip
    body = b'{"done":true,"records":[{"IsSandbox":true,"TrialExpirationDate":null}]}'
    org = Reply(200, {"content-type": "application/json"}, body)
    looked = look_at_org(session, app_label="x", user_id="005x", since=START)
    found = drive(looked, lambda step: org if "Organization" in str(step) else no)
    seen = {fact.name: fact for fact in found}
    assert value(seen, "org.is_sandbox") is True
    assert isinstance(value(seen, "user.frozen"), Unknown)
    assert "INVALID_TYPE" in str(value(seen, "user.frozen"))


def test_no_secret_column_is_ever_asked_for(connected: Emulator) -> None:
    look(connected)
    asked = str(connected.stage.history())
    assert "OauthToken" in asked
    assert not [name for name in HIDDEN if name in asked]
