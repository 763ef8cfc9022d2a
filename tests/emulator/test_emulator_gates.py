"""The gates: one pure function, every gate answered, the first refusal is what the caller gets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.emulator.gates import GATES, Evaluation, evaluate, refusal_of
from evergrant.emulator.gates.attempt import (
    BROWSER,
    Approvals,
    AssertionMaterial,
    Attempt,
    AuthorizeMaterial,
    CodeMaterial,
    DeviceMaterial,
    ExchangeMaterial,
    Flow,
    Material,
    NoMaterial,
    PasswordMaterial,
    RefreshMaterial,
    SecretSent,
    UserFacts,
)
from evergrant.emulator.gates.material import died_by_policy, read_policy
from evergrant.emulator.gates.user import inside, within_hours
from evergrant.emulator.policies import KNOBS, AppPolicy, OrgPolicy, ProfilePolicy
from evergrant.emulator.policy_changes import BadChange, changed
from evergrant.emulator.refusals import REFUSALS

NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
"""A Wednesday."""
CALLBACK = "https://app.example/cb"
RANGE = (("203.0.113.0", "203.0.113.255"),)
SCOPES = ("api", "refresh_token")


def app(**knobs: Any) -> AppPolicy:
    """An app with all knobs at their defaults but these."""
    base = AppPolicy("0H4", "app", "App", "Owner", "connected_app", "3MVG9", (CALLBACK,), SCOPES)
    return replace(base, **knobs)


def user(**facts: Any) -> UserFacts:
    """An active user with API access."""
    return replace(
        UserFacts("005", "u@x.example", frozenset({"ApiEnabled"}), ProfilePolicy()), **facts
    )


def refresh(**facts: Any) -> Attempt:
    """A refresh that passes every gate, but for these facts."""
    base = Attempt(
        "refresh_token", NOW, "my_domain", "198.51.100.1", OrgPolicy(), app(), user(),
        secret="right", approvals=Approvals(live=1, scopes=frozenset(SCOPES)),
        material=RefreshMaterial("live", NOW, NOW),
    )  # fmt: skip
    return replace(base, **facts)


apps = st.builds(
    app,
    kind=st.sampled_from(["connected_app", "external_client_app"]),
    ip_relaxation=st.sampled_from(["ENFORCE", "ENFORCE_RELAXREFRESH", "BYPASS_2FACTOR", "BYPASS"]),
    refresh_policy=st.sampled_from(["infinite", "zero", "specific_lifetime:3:HOURS"]),
    session_action=st.sampled_from(["", "Block", "RaiseSessionLevel"]),
    session_level=st.sampled_from(["", "LOW", "STANDARD", "HIGH_ASSURANCE"]),
    distribution=st.sampled_from(["Local", "Packaged"]),
    trusted_ranges=st.sampled_from([(), RANGE]),
    refresh_allowlist=st.sampled_from([(), RANGE]),
    scopes=st.sampled_from([("api",), ("full", "refresh_token"), ("id",)]),
    certificate=st.sampled_from(["", "pem"]),
    **{
        name: st.booleans()
        for name in (
            "installed", "in_org", "deleted", "blocked", "admin_approved", "api_allowlisted",
            "enabled", "oauth_enabled", "pkce_required", "secret_optional", "secret_for_refresh",
            "client_credentials", "device_flow", "token_exchange", "secret_for_token_exchange",
            "code_credentials", "jwt_access_tokens", "rotation",
        )
    },
)  # fmt: skip
orgs = st.builds(
    OrgPolicy,
    **{
        name: st.booleans()
        for name in (
            "locked", "api_enabled", "pkce_required", "block_username_password",
            "block_user_agent", "api_access_control", "uninstalled_restriction",
            "client_credentials_need_approval", "code_credentials",
        )
    },
)  # fmt: skip
users = st.builds(
    user,
    is_active=st.booleans(),
    is_frozen=st.booleans(),
    permissions=st.frozensets(
        st.sampled_from(["ApiEnabled", "UseAnyApiClient", "CanApproveUninstalledApps"])
    ),
    profile=st.builds(
        ProfilePolicy,
        login_ranges=st.sampled_from([(), RANGE]),
        login_hours=st.sampled_from([(), ((2, 0, 1440),), ((0, 0, 0),)]),
    ),
)
moments = st.datetimes(
    datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip
asked: dict[str, Any] = {
    "redirect_uri": st.sampled_from([None, CALLBACK, "https://evil.example"]),
    **{name: st.booleans() for name in ("has_challenge", "is_immediate", "is_denied")},
}
assertions = st.builds(
    AssertionMaterial, is_readable=st.booleans(), is_signed_right=st.booleans(),
    audience=st.sampled_from(["https://login.salesforce.com", "https://test.salesforce.com"]),
    audiences=st.just(frozenset({"https://login.salesforce.com"})),
    expires_at=st.none() | moments, certificate_ends_at=st.none() | moments,
    is_for_here=st.booleans(),
)  # fmt: skip
materials: dict[Flow, st.SearchStrategy[Material]] = {
    "authorize": st.builds(AuthorizeMaterial, response_type=st.sampled_from(["code", ""]), **asked),
    "user_agent": st.builds(
        AuthorizeMaterial,
        response_type=st.sampled_from(["token", "token id_token", "hybrid_token"]), **asked,
    ),
    "code_credentials": st.builds(
        AuthorizeMaterial, response_type=st.just("code_credentials"), **asked
    ),
    "device_approval": st.builds(DeviceMaterial, st.sampled_from(["pending", "denied"])),
    "authorization_code": st.builds(
        CodeMaterial,
        state=st.sampled_from(["live", "unknown", "used", "foreign"]),
        age_s=st.floats(0, 2000), is_same_redirect=st.booleans(),
        verifier=st.sampled_from(["not_due", "right", "wrong", "missing", "unexpected"]),
    ),
    "refresh_token": st.builds(
        RefreshMaterial,
        state=st.sampled_from(["live", "unknown", "foreign", "revoked", "evicted", "rotated"]),
        issued_at=moments, last_used_at=st.none() | moments, is_busy=st.booleans(),
    ),
    "jwt_bearer": assertions,
    "saml_bearer": assertions,
    "client_credentials": st.just(NoMaterial()),
    "device_code": st.just(NoMaterial()),
    "device": st.builds(
        DeviceMaterial,
        state=st.sampled_from(
            ["pending", "approved", "denied", "used", "crossed", "unknown", "foreign"]
        ),
        age_s=st.floats(0, 2000), since_poll_s=st.none() | st.floats(0, 20),
    ),
    "password": st.builds(
        PasswordMaterial,
        st.sampled_from(["", "unknown", "wrong", "no_security_token", "locked"]),
    ),
    "token_exchange": st.builds(
        ExchangeMaterial, has_handler=st.booleans(), is_valid=st.booleans(),
        message=st.sampled_from(["", "not one of ours"]),
    ),
    "unknown": st.just(NoMaterial()),
}  # fmt: skip


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    """Any attempt that an endpoint can make; a browser brings no secret."""
    flow = draw(st.sampled_from(sorted(materials)))
    is_browser = flow in BROWSER
    approved = draw(st.sampled_from([frozenset[str](), frozenset(SCOPES)]))
    secrets: list[SecretSent] = ["none"] if is_browser else ["none", "right", "wrong", "malformed"]
    return Attempt(
        flow=flow,
        at=draw(moments),
        host=draw(st.sampled_from(["my_domain", "login", "test"])),
        source_ip=draw(st.sampled_from(["203.0.113.9", "198.51.100.1", "2001:db8::1"])),
        org=draw(orgs),
        app=draw(st.none() | apps),
        user=draw(st.none() | users),
        secret=draw(st.sampled_from(secrets)),
        approvals=Approvals(draw(st.booleans()), draw(st.integers(0, 5)), approved),
        material=draw(materials[flow]),
        has_scope=not is_browser and draw(st.booleans()),
        is_hybrid=draw(st.booleans()),
        scopes=draw(st.sampled_from([(), ("api",), ("web",)])),
        twice=draw(st.sampled_from(["", "code"])),
    )


@given(attempts())
def test_every_gate_answers_every_attempt_and_the_first_no_decides(attempt: Attempt) -> None:
    found = evaluate(attempt)
    assert [step.id for step in found.steps] == [gate.id for gate in GATES]
    assert (found.refusal is None) == (found.gate is None)
    assert found == evaluate(attempt)


@given(attempts())
def test_a_request_is_told_what_all_gates_together_come_to(attempt: Attempt) -> None:
    assert refusal_of(attempt) == evaluate(attempt).refusal


@given(attempts(), st.one_of(*materials.values()))
def test_a_gate_that_is_not_asked_would_not_have_refused(
    attempt: Attempt, brought: Material
) -> None:
    attempt = replace(attempt, material=brought)
    spared = {each.id for each in GATES if not each.may_refuse(attempt.flow, type(brought))}
    refused = {step.id for step in evaluate(attempt).steps if step.outcome == "refused"}
    assert not spared & refused


@given(attempts())
def test_nothing_passes_without_an_app_or_past_a_block(attempt: Attempt) -> None:
    passed = evaluate(attempt).refusal is None
    assert not (passed and (attempt.app is None or attempt.app.blocked or attempt.app.deleted))
    assert not (passed and attempt.user is not None and attempt.user.is_frozen)


def test_the_sound_refresh_passes_every_gate() -> None:
    assert evaluate(refresh()).refusal is None


def refused(attempt: Attempt) -> tuple[str | None, str | None]:
    """The gate that refuses first, and by which row."""
    found: Evaluation = evaluate(attempt)
    return found.gate, found.refusal.id if found.refusal else None


@pytest.mark.parametrize(
    ("relaxation", "flow_is_refresh", "gets_in"),
    [
        ("ENFORCE", True, False),
        ("ENFORCE_RELAXREFRESH", True, True),
        ("ENFORCE_RELAXREFRESH", False, False),
        ("BYPASS_2FACTOR", True, False),
        ("BYPASS", True, True),
        ("BYPASS", False, True),
    ],
)
def test_ip_relaxation_means_what_its_label_says(
    relaxation: str, flow_is_refresh: bool, gets_in: bool
) -> None:
    person = user(profile=ProfilePolicy(login_ranges=RANGE))
    attempt = refresh(app=app(ip_relaxation=relaxation), user=person)
    if not flow_is_refresh:
        attempt = replace(attempt, flow="authorization_code", material=CodeMaterial("live"))
    assert (evaluate(attempt).refusal is None) == gets_in


@pytest.mark.parametrize(
    ("flow", "where", "gets_in"),
    [
        ("authorize", "198.51.100.1", True),
        ("authorize", "192.0.2.77", False),
        ("authorization_code", "192.0.2.77", True),
        ("refresh_token", "192.0.2.77", True),
        ("password", "198.51.100.1", False),
        ("jwt_bearer", "198.51.100.1", False),
    ],
)
def test_an_activated_device_relaxes_browsers_from_its_address_and_what_they_obtained(
    flow: Flow, where: str, gets_in: bool
) -> None:
    confirmed = frozenset({"198.51.100.1"})
    person = user(profile=ProfilePolicy(login_ranges=RANGE), confirmed_from=confirmed)
    relaxed = app(ip_relaxation="BYPASS_2FACTOR")
    attempt = refresh(app=relaxed, user=person, flow=flow, source_ip=where)
    steps = {step.id: step.outcome for step in evaluate(attempt).steps}
    assert (steps["ip_ranges"] == "passed") is gets_in


def test_trusted_ranges_make_second_factor_relaxation_a_matter_of_place() -> None:
    person = user(profile=ProfilePolicy(login_ranges=RANGE))
    knobs = {"ip_relaxation": "BYPASS_2FACTOR"}
    elsewhere = app(trusted_ranges=(("192.0.2.1", "192.0.2.2"),), **knobs)
    code = replace(refresh(user=person), flow="authorization_code", material=CodeMaterial("live"))
    assert refused(replace(code, app=elsewhere))[0] == "ip_ranges"
    here = app(trusted_ranges=(("198.51.100.1", "198.51.100.1"),), **knobs)
    assert refused(replace(code, app=here)) == (None, None)
    assert refused(refresh(user=person, app=here))[0] == "ip_ranges"


def test_the_refresh_allowlist_holds_even_without_login_ranges() -> None:
    assert refused(refresh(app=app(refresh_allowlist=RANGE))) == ("ip_ranges", "ip_restricted")


def test_api_access_control_lets_in_listed_apps_and_users_of_any_client() -> None:
    org = OrgPolicy(api_access_control=True)
    assert refused(refresh(org=org))[0] == "api_access_control"
    assert refused(refresh(org=org, app=app(api_allowlisted=True))) == (None, None)
    anyone = user(permissions=frozenset({"ApiEnabled", "UseAnyApiClient"}))
    assert refused(refresh(org=org, user=anyone)) == (None, None)


def test_a_locked_org_refuses_everything() -> None:
    assert refused(refresh(org=OrgPolicy(locked=True))) == ("org_alive", "org_locked")


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_a_range_holds_its_ends_and_what_lies_between(a: Any, b: Any, c: Any) -> None:
    first, middle, last = (str(each) for each in sorted((a, b, c)))
    assert inside(middle, [(first, last)])
    assert inside(first, [(first, last)])
    assert inside(last, [(first, last)])


def test_login_hours_end_before_their_last_minute() -> None:
    assert within_hours(NOW, [(2, 9 * 60 + 30, 9 * 60 + 31)])
    assert not within_hours(NOW, [(2, 9 * 60, 9 * 60 + 30)])
    assert not within_hours(NOW, [(1, 0, 1440)])


@given(
    kind=st.sampled_from(["specific_lifetime", "specific_inactivity"]),
    number=st.integers(1, 400), unit=st.sampled_from(["HOURS", "DAYS", "MONTHS"]),
)  # fmt: skip
def test_a_policy_is_read_back_as_its_span(kind: str, number: int, unit: str) -> None:
    hours = {"HOURS": 1, "DAYS": 24, "MONTHS": 720}[unit] * number
    assert read_policy(f"{kind}:{number}:{unit}") == (kind, timedelta(hours=hours))


@given(st.text(max_size=30))
def test_any_other_policy_is_refused_with_value_error(text: str) -> None:
    try:
        read_policy(text)
    except ValueError:
        return
    assert text.split(":")[0] in {"infinite", "zero", "specific_lifetime", "specific_inactivity"}


@given(moments, st.integers(0, 1000))
def test_an_infinite_policy_never_ends_a_token(issued: datetime, days: int) -> None:
    later = issued + timedelta(days=days)
    assert not died_by_policy(app(), issued, issued, later)
    assert died_by_policy(app(refresh_policy="zero"), issued, issued, later)


def test_every_knob_says_default_effect_and_source() -> None:
    assert all(knob.effect and knob.source and knob.mark for knob in KNOBS.values())
    assert {"app.blocked", "org.approvals_limit", "profile.login_ranges"} <= set(KNOBS)


def test_every_gate_names_a_knob_or_where_its_fact_comes_from() -> None:
    outside = {"request", "user"}
    known = {gate.knob for gate in GATES if gate.knob not in KNOBS}
    assert {knob.partition(".")[0] for knob in known} <= outside | {"user", "profile", "app"}


def test_every_refusal_stands_once_under_its_leg() -> None:
    assert all(REFUSALS[row.id, row.leg] == row for row in REFUSALS.values())


@given(st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(max_size=5)))
def test_a_change_is_made_whole_or_refused(words: dict[str, Any]) -> None:
    before = app()
    try:
        after = changed(before, words)
    except BadChange:
        return
    assert all(getattr(after, name) == value for name, value in words.items())
