"""What an admin's look learns by metadata, sessions, limits and the door, from a real org."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from evergrant import wire
from evergrant.clock import SystemClock
from evergrant.emulator.server import Emulator
from evergrant.evidence import look_at_org
from evergrant.evidence.joined import joined
from evergrant.model import Fact, Secret, Session, Unknown, Value

APP, EXTERNAL = "Orbit Sync", "Orbit Sync Server"
WHO = "integration@acme.example"


def act(org: Emulator, do: str, **words: Any) -> None:
    answer = httpx2.post(f"{org.control_url}/act", json={"do": do, **words}, timeout=60)
    assert answer.status_code == 200, answer.text


def look(org: Emulator, app: str = APP, user: str = "admin", only: str = "") -> dict[str, Fact]:
    told = httpx2.get(f"{org.control_url}/session", params={"user": user}, timeout=60).json()
    session = Session(told["instance_url"], Secret(told["access_token"]))
    now = datetime.now(UTC)
    talk = look_at_org(
        session, app_label=app, username=WHO, since=now - timedelta(days=2), failed_at=now,
        worked_at=now - timedelta(hours=1), at=now, only=only,
    )  # fmt: skip
    return {fact.name: fact for fact in wire.run(talk, clock=SystemClock()) if fact.is_known}


PROFILE = {"profile": "Integration User"}
RANGES = [["198.51.100.0", "198.51.100.255"]]


@pytest.mark.parametrize(
    ("do", "words", "fact", "before", "after"),
    [
        ("block_app", {"app": "orbit-sync"}, "app.blocked", False, True),
        ("set_app", {"app": "orbit-sync", "ip_relaxation": "BYPASS"}, "app.ip_relaxed", False,
         True),
        ("set_app", {"app": "orbit-sync", "pkce_required": True}, "app.pkce_required", False, True),
        ("set_app", {"app": "orbit-sync", "rotation": True}, "app.rotation", False, True),
        ("set_app", {"app": "orbit-sync", "refresh_policy": "zero"}, "app.refresh_token_policy",
         "infinite", "zero"),
        ("set_app", {"app": "orbit-sync", "scopes": ["id"]}, "app.api_scope", True, False),
        ("set_app", {"app": "orbit-sync", "session_action": "Block"}, "app.session_block", False,
         True),
        ("set_app", {"app": "orbit-sync", "jwt_access_tokens": True}, "app.jwt_tokens", False,
         True),
        ("set_org", {"api_access_control": True, }, "org.api_access_control", False, True),
        ("set_org", {"lock_sessions_to_ip": True}, "org.lock_sessions_to_ip", False, True),
        ("set_org", {"session_minutes": 15}, "org.session_minutes", 120, 15),
        ("set_profile", {**PROFILE, "login_ranges": RANGES}, "user.login_ranges", False, True),
        ("set_profile", {**PROFILE, "login_hours": [[0, 0, 60]]}, "user.login_hours", False, True),
        ("change_password", {"user": "integration"}, "user.password_changed", False, True),
        ("freeze_user", {"user": "integration"}, "audit.user_frozen", False, True),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_a_change_in_the_org_changes_the_fact_and_nothing_but_a_look_was_needed(
    org: Emulator, do: str, words: dict[str, Any], fact: str, before: Value, after: Value
) -> None:
    assert look(org)[fact].value == before
    act(org, do, **words)
    assert look(org)[fact].value == after


def test_an_external_client_app_tells_its_kind_and_its_switch(org: Emulator) -> None:
    act(org, "set_app", app="orbit-server", enabled=False)
    seen = look(org, EXTERNAL)
    assert seen["app.kind"].value == "external client app"
    assert seen["app.enabled"].value is False


def test_an_external_client_app_that_was_uninstalled_is_in_the_org_no_more(org: Emulator) -> None:
    assert look(org, EXTERNAL)["app.in_org"].value is True
    act(org, "uninstall_app", app="orbit-server")
    assert look(org, EXTERNAL)["app.in_org"].value is False
    act(org, "install_app", app="orbit-server")
    assert look(org, EXTERNAL)["app.in_org"].value is True


def test_an_org_that_refuses_an_admin_too_is_told_from_one_that_refuses_a_user(
    org: Emulator,
) -> None:
    assert look(org)["org.admin_refused"].value == "none"
    act(org, "set_org", api_enabled=False)
    assert look(org)["org.admin_refused"].value == "API_DISABLED_FOR_ORG"


def test_who_may_not_retrieve_metadata_is_told_what_it_needs(org: Emulator) -> None:
    told = httpx2.get(f"{org.control_url}/session", params={"user": "sam"}, timeout=60).json()
    session = Session(told["instance_url"], Secret(told["access_token"]))
    now = datetime.now(UTC)
    talk = look_at_org(session, app_label=APP, username=WHO, since=now, at=now, only="metadata")
    facts = {fact.name: fact for fact in wire.run(talk, clock=SystemClock())}
    missing = facts["app.blocked"].value
    assert isinstance(missing, Unknown)
    assert "Modify Metadata" in missing.next_step


def test_acts_on_other_profiles_users_and_apps_are_not_the_last_act(org: Emulator) -> None:
    act(org, "set_app", app="orbit-sync", admin_approved=True)
    act(org, "set_profile", profile="Standard User", login_hours=[[0, 0, 60]])
    act(org, "rotate_secret", app="ledger-mirror")
    act(org, "freeze_user", user="sam")
    assert look(org)["audit.last_act"].value == "permitted users changed"


def fact(name: str, value: Value) -> Fact:
    return Fact(name, value, source="live_org", quote=name)


@pytest.mark.parametrize(
    ("facts", "name", "value"),
    [
        ({"request.host": "test", "org.is_sandbox": False}, "request.host_flaw",
         "sandbox host for production"),
        ({"request.host": "login", "org.is_sandbox": True}, "request.host_flaw",
         "production host for a sandbox"),
        ({"request.host": "login", "org.is_sandbox": False}, "request.host_flaw", "none"),
        ({"app.refresh_token_policy": "infinite"}, "own.policy_passed", False),
        ({"app.refresh_token_policy": "lifetime", "app.refresh_token_days": 30.0,
          "own.refresh_token_age_days": 31.0}, "own.policy_passed", True),
        ({"app.refresh_token_policy": "inactivity", "app.refresh_token_days": 30.0,
          "own.days_idle": 3.0}, "own.policy_passed", False),
        ({"user.frozen": True, "audit.user_frozen": False}, "user.frozen_by_nobody", True),
        ({"user.frozen": True, "audit.user_frozen": True}, "user.frozen_by_nobody", False),
        ({"own.days_idle": 0.125, "org.session_minutes": 120}, "own.session_outlived", True),
        ({"own.days_idle": 0.01, "org.session_minutes": 120}, "own.session_outlived", False),
    ],
)  # fmt: skip
def test_what_only_two_sources_together_show(
    facts: dict[str, Value], name: str, value: Value
) -> None:
    found = {each.name: each for each in joined([fact(k, v) for k, v in facts.items()])}
    assert found[name].value == value
    assert found[name].mark in ("derived", "inferred")


@pytest.mark.parametrize("name", ["request.host", "org.is_sandbox", "user.frozen", "own.days_idle"])
def test_half_of_a_join_shows_nothing(name: str) -> None:
    assert joined([fact(name, 1)]) == []


def test_what_is_known_already_is_not_joined_again() -> None:
    facts = [fact("request.host", "test"), fact("org.is_sandbox", False)]
    assert joined([*facts, fact("request.host_flaw", "lightning host")]) == []
