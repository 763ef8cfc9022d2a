"""The verdict: words that are earned, reasons, what is not known, what to check next."""

from __future__ import annotations

import pytest

from evergrant.catalog import load
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.evidence.text import read
from evergrant.model import Fact, Unknown, as_json

CATALOG = load()

# What an answer says → the flow it came by → the cause that must come first.  The texts are those
# of oauth-protocol 3.3 to 3.5 and 3.8.
TEXTS = [
    ("invalid_grant: token request is already being processed", "refresh_token",
     "refresh-token-race"),
    ("invalid_grant: expired access/refresh token", "refresh_token", "refresh-token-revoked"),
    ("invalid_grant: inactive organization", "refresh_token", "org-inactive-or-deleted-sandbox"),
    ("invalid_grant: user hasn't approved this consumer", "jwt_bearer",
     "user-not-approved-consumer"),
    ("invalid_grant: invalid assertion", "jwt_bearer", "jwt-signature-or-certificate-mismatch"),
    ("invalid_grant: audience is invalid", "jwt_bearer", "jwt-audience-wrong"),
    ("invalid_grant: Audience validation failed", "jwt_bearer", "jwt-audience-wrong"),
    ("invalid_grant: expired authorization code", "jwt_bearer", "jwt-expired-or-clock-skew"),
    ("invalid_grant: expired authorization code", "web_server", "authorization-code-reused"),
    ("invalid_grant: invalid code verifier", "web_server", "pkce-missing-or-mismatch"),
    ("invalid_request: missing required code challenge", "web_server", "pkce-missing-or-mismatch"),
    ("invalid_grant: device flow is not enabled for the app", "device", "flow-not-enabled-on-app"),
    ("invalid_grant: ip restricted or invalid login hours", "refresh_token", "ip-restricted"),
    ("invalid_grant: ip restricted", "refresh_token", "ip-restricted"),
    ("invalid_grant: no client credentials user enabled", "client_credentials",
     "client-credentials-run-as-user-missing"),
    ("invalid_grant: client credentials flow not enabled", "client_credentials",
     "flow-not-enabled-on-app"),
    ("invalid_grant: request not supported on this domain", "client_credentials",
     "client-credentials-wrong-domain"),
    ("invalid_client_id: client identifier invalid", "web_server", "wrong-consumer-key"),
    ("invalid_client: invalid client credentials", "refresh_token", "wrong-consumer-secret"),
    ("app_not_found: External client app is not installed in this org", "jwt_bearer",
     "app-not-in-org-or-not-found"),
    ("invalid_client: app must be installed into org", "web_server",
     "app-uninstalled-restricted"),
    ("invalid_app_access: user is not admin approved to access this app", "jwt_bearer",
     "user-not-preauthorized"),
    ("invalid_request: refresh_token scope is required and the connected app should be installed"
     " and preauthorized", "jwt_bearer", "refresh-token-scope-missing"),
    ("unsupported_grant_type: grant type not supported", "username_password", "malformed-request"),
    ("invalid_scope: the requested scope is not allowed", "web_server",
     "scope-not-allowed-by-app"),
    ("error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
     "web_server", "redirect-uri-mismatch"),
    ("?error=access_denied&error_description=end-user+denied+authorization", "web_server",
     "user-denied-authorization"),
    ("?error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin", "web_server",
     "app-blocked-by-admin"),
    ("API_DISABLED_FOR_ORG: The REST API is not enabled for this Organization.", "rest_api_call",
     "api-disabled-for-org-or-user"),
    ("REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.", "rest_api_call",
     "request-limit-exceeded"),
    ("INVALID_SESSION_ID: Session expired or invalid", "rest_api_call", "session-expired"),
    ("SOAP API login() is disabled by default in this org", "soap_login", "soap-login-disabled"),
    ("LOGIN_MUST_USE_SECURITY_TOKEN: Invalid username, password, security token; or user locked"
     " out.", "soap_login", "security-token-missing"),
    ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify"
     " failed: unable to get local issuer certificate'))", "unknown", "network-or-proxy-or-tls"),
    ("SyntaxError: Unexpected token < in JSON at position 0", "unknown", "wrong-login-host"),
    ("getaddrinfo ENOTFOUND login.salesforce.com", "web_server", "network-or-proxy-or-tls"),
    ("Login History: Failed: Not approved for access", "unknown", "user-not-preauthorized"),
    ("Login History status: User is Frozen", "unknown", "user-locked-or-frozen"),
]  # fmt: skip


def judge(text: str, flow: str = "unknown", *more: Fact) -> Diagnosis:
    return diagnose([*read(text, flow=flow), *more], CATALOG)


@pytest.mark.parametrize(("text", "flow", "cause"), TEXTS)
def test_a_documented_text_names_its_cause_first(text: str, flow: str, cause: str) -> None:
    assert judge(text, flow).cause == cause


@pytest.mark.parametrize(("text", "flow", "cause"), TEXTS)
def test_text_alone_is_never_certain(text: str, flow: str, cause: str) -> None:
    assert "certain" not in [ranked.word for ranked in judge(text, flow).ranked]


@pytest.mark.parametrize(("text", "flow", "cause"), TEXTS)
def test_a_documented_text_is_enough_to_name_a_cause(text: str, flow: str, cause: str) -> None:
    assert judge(text, flow).is_named


@pytest.mark.parametrize("text", ["invalid_grant", "Our nightly job stopped working, please help"])
def test_a_text_that_fits_every_cause_names_none(text: str) -> None:
    found = judge(text)
    assert found.ranked
    assert not found.is_named


@pytest.mark.parametrize("text", ["certificate verify failed", "ECONNREFUSED", "ETIMEDOUT"])
def test_a_network_that_failed_is_likely_and_not_one_of_many(text: str) -> None:
    first = judge(text).first
    assert first is not None
    assert (first.cause, first.word) == ("network-or-proxy-or-tls", "likely")


def test_nothing_known_names_no_cause() -> None:
    found = diagnose([], CATALOG)
    assert (found.ranked, found.none_of_these, found.cause) == ((), 1.0, "")


def test_a_failure_that_could_not_be_looked_at_names_no_cause() -> None:
    assert diagnose([Fact("user.frozen", Unknown("no permission"))], CATALOG).ranked == ()


def test_two_kinds_of_evidence_make_it_certain() -> None:
    found = judge(
        "invalid_grant: inactive user", "refresh_token",
        Fact("user.active", False, source="live_org"),
        Fact("login_history.status", "User is Inactive", source="live_org"),
    )  # fmt: skip
    assert (found.cause, found.ranked[0].word) == ("user-inactive", "certain")
    assert found.level == "admin"


def test_one_kind_of_evidence_is_likely_at_most() -> None:
    facts = [Fact("user.active", False, source="live_org"),
             Fact("audit.last_act", "user deactivated", source="live_org"),
             Fact("login_history.status", "User is Inactive", source="live_org")]  # fmt: skip
    found = diagnose(facts, CATALOG)
    assert found.ranked[0].confidence > 0.9
    assert found.ranked[0].word == "likely"


def test_what_speaks_against_a_cause_is_said() -> None:
    found = judge("invalid_grant: inactive user", "refresh_token", Fact("user.active", True))
    inactive = next(each for each in found.ranked if each.cause == "user-inactive")
    assert [reason.fact.name for reason in inactive.refutes] == ["user.active"]


def test_what_could_not_be_looked_at_keeps_its_reason_and_its_next_step() -> None:
    unknown = Unknown("the org refused: INVALID_TYPE", "look with Manage Users")
    found = judge("invalid_grant: inactive user", "refresh_token", Fact("user.frozen", unknown))
    frozen = next(each for each in found.ranked if each.cause == "user-locked-or-frozen")
    gap = next(each for each in frozen.unknown if each.fact == "user.frozen")
    assert (gap.reason, gap.next_step) == (unknown.reason, unknown.next_step)


def test_the_next_check_tells_the_leading_causes_apart() -> None:
    check = judge("invalid_grant: inactive user", "refresh_token").next_check
    assert check is not None
    assert check.fact in ("user.active", "user.frozen", "login_history.status")


def test_the_next_check_is_never_one_that_was_made() -> None:
    looked = [Fact(name, Unknown("no permission")) for name in CATALOG.facts]
    found = diagnose([*read("invalid_grant: inactive user"), *looked], CATALOG)
    assert found.next_check is None


def test_who_knows_one_answer_is_not_asked_for_another() -> None:
    check = judge("OAUTH_APP_BLOCKED: this app is blocked by admin").next_check
    assert check is None or not check.fact.endswith(("_reply.error", "_reply.description"))


def test_the_next_gate_is_the_one_that_is_known_to_refuse_as_well() -> None:
    text = "OAUTH_APP_BLOCKED: this app is blocked by admin"
    assert judge(text).next_gate == "permitted_users"
    inactive = Fact("user.active", False, source="live_org")
    assert judge(text, "unknown", inactive).next_gate == "user_active"


def test_a_narrower_cause_refines_its_label() -> None:
    found = judge(
        "invalid_grant: expired access/refresh token", "refresh_token",
        Fact("own.answer_lost", True, source="own_history"),
        Fact("own.rotation_seen", True, source="own_history"),
    )  # fmt: skip
    assert found.cause == "refresh-token-rotated-or-reused"
    assert found.ranked[0].refined == "refresh-token-lost-in-crash"


def test_the_evidence_of_five_approvals_separates_look_alikes() -> None:
    found = judge(
        "invalid_grant: expired access/refresh token", "refresh_token",
        Fact("user.app_tokens", 5, source="live_org"),
        Fact("user.newer_tokens", 5, source="live_org"),
    )  # fmt: skip
    assert (found.cause, found.remedy) == ("approval-limit-exceeded", "reauthorize")


def test_a_diagnosis_can_be_written_as_json() -> None:
    written = as_json(judge("invalid_grant: inactive user"))
    assert written["ranked"][0]["cause"] == "user-inactive"


def test_limit_is_kept() -> None:
    facts = read("invalid_grant: expired access/refresh token")
    assert len(diagnose(facts, CATALOG, limit=2).ranked) == 2
