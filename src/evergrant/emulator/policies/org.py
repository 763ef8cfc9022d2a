"""What is set for a profile, and for the whole org."""
# ruff: noqa: RUF009  # knob gives a dataclass field, which is no mutable default

from dataclasses import dataclass
from typing import Literal

from evergrant.emulator.policies.knob import Hours, Range, SessionLevel, knob

Eviction = Literal["oldest", "least_recently_used"]
Standing = Literal["active", "suspended", "closed", "inactive", "trial_expired"]
"""How the org stands with Salesforce."""


@dataclass(frozen=True, slots=True)
class ProfilePolicy:
    """What a profile lays down for logins, beside its permission columns."""

    login_ranges: tuple[Range, ...] = knob(
        (), "where set, logins from elsewhere are refused", "o-profip", "official"
    )
    login_hours: tuple[Hours, ...] = knob(
        (), "where set, logins outside are refused", "o-loghours", "official"
    )
    session_minutes: int | None = knob(
        None, "how long an idle session lives, 15 minutes to 12 hours; beats the org's; 0 stands "
        "for 2 hours", "o-profsess", "official",
    )  # fmt: skip
    session_level: SessionLevel = knob(
        "", "HIGH_ASSURANCE: a standard session is of no use at the API, and flows without a "
        "person in them are refused (requiredSessionLevel)", "o-profsess o-jwtcli", "official",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """What holds for the whole org."""

    locked: bool = knob(False, "no login succeeds", "o-loginstatus", "official")
    standing: Standing = knob(
        "active", "suspended, closed, inactive or trial_expired: no login succeeds",
        "o-loginstatus", "official",
    )  # fmt: skip
    api_enabled: bool = knob(True, "the edition has the API at all", "o-apienabled", "official")
    session_minutes: int = knob(
        120, "how long an idle session lives by default: 15, 30, 60, 90, 120, 240, 480, 720 or "
        "1440", "o-secset", "official",
    )  # fmt: skip
    pkce_required: bool = knob(
        False, "every authorization request needs a code challenge", "o-oidcset", "official"
    )
    block_username_password: bool = knob(
        True, "the username-password flow is refused, as in orgs since Summer '23",
        "o-block", "official",
    )  # fmt: skip
    block_user_agent: bool = knob(
        True, "the user-agent flow is refused (metadata default: allowed)", "o-block", "official"
    )
    api_access_control: bool = knob(
        False, "only allowlisted apps reach the API", "o-caset", "official"
    )
    api_access_control_external: bool = knob(
        False, "the same for external users: whose UserType is not Standard "
        "(…ForExternalUser)", "o-caset", "official",
    )  # fmt: skip
    uninstalled_restriction: bool = knob(
        True, "apps that are not installed are refused, as since September 2025",
        "o-kb132365", "official",
    )  # fmt: skip
    any_api_client_ends: str = knob(
        "2025-12-08", "the day from which Use Any API Client approves no uninstalled app any more; "
        "it did so under API Access Control", "o-kb5228838", "official",
    )  # fmt: skip
    cli_device_flow_ends: str = knob(
        "2025-08-28", "the day from which the default Salesforce CLI app (PlatformCLI) has no "
        "device flow", "c-cli3368", "recorded",
    )  # fmt: skip
    scope_check_begins: str = knob(
        "2025-09-19", "the day from which client credentials asks for a scope it supports",
        "t-cloudabhi", "recorded",
    )  # fmt: skip
    partner_rules_begin: str = knob(
        "2026-05-11", "the day from which partner apps must have PKCE and rotation; that "
        "Salesforce enforces it at the endpoints is not established", "o-isv", "inferred",
    )  # fmt: skip
    containment_begins: str = knob(
        "2026-04-24", "the day from which traffic from a high-risk address contains its user",
        "o-kb5318944", "official",
    )  # fmt: skip
    high_risk_ranges: tuple[Range, ...] = knob(
        (), "addresses that Salesforce holds for a high-risk VPN or proxy: a user seen there is "
        "frozen and loses every refresh token", "o-kb5318944", "official",
    )  # fmt: skip
    soap_login_ends: str = knob(
        "2027-06-01", "the day of Summer '27, from which SOAP login() is gone; the day itself is "
        "not established", "o-soaplogin", "inferred",
    )  # fmt: skip
    connected_app_creation: bool = knob(
        False, "new connected apps can be made, which since Spring '26 only Support enables",
        "o-kb5228017", "official",
    )  # fmt: skip
    client_secret_in_rest: bool = knob(
        False, "consumer secrets and staged credentials can be had by Connect REST "
        "(enableClientSecretInRestApiAccess)", "o-ecasettings", "official",
    )  # fmt: skip
    end_sessions_on_password_reset: bool = knob(
        False, "an admin's password reset ends the user's UI sessions "
        "(terminateUserSessionsWhenAdminResetsPassword)", "o-secset", "official",
    )  # fmt: skip
    password_change_revokes: bool = knob(
        False, "a new password ends the user's refresh tokens too (sources disagree)",
        "o-soaplogin t-oauthdoctor", "inferred",
    )  # fmt: skip
    lock_sessions_to_ip: bool = knob(
        False, "a session works only from where it began", "o-secset", "official"
    )
    enforce_ip_every_request: bool = knob(
        False, "login ranges are checked at every call", "o-secset", "official"
    )
    approvals_limit: int = knob(
        5, "live approvals of one user for one app; one more ends another", "o-approve", "official"
    )
    eviction: Eviction = knob(
        "oldest", "which approval ends (sources disagree)", "o-approve o-request", "official"
    )
    client_credentials_need_approval: bool = knob(
        False, "Permitted Users binds the run-as user too (sources disagree)", "F4", "inferred"
    )
    my_domain_login_only: bool = knob(
        False, "nobody signs in at login. or test. any more, only at My Domain "
        "(canOnlyLoginWithMyDomainUrl)", "o-mydomain", "official",
    )  # fmt: skip
    trusted_ranges: tuple[Range, ...] = knob(
        (), "passwords from here need no security token (Network Access)", "o-soaplogin", "official"
    )
    soap_login: bool = knob(
        False, "SOAP login() works, up to API version 64.0", "o-soaplogin", "official"
    )
    soap_login_needs_permission: bool = knob(
        False, "SOAP login() asks for Use Any API Auth", "o-soaplogin2", "recorded"
    )
    code_credentials: bool = knob(
        False, "authorization code and credentials is allowed (oAuthCdCrdtFlowEnable)",
        "o-oidcset", "official",
    )  # fmt: skip
    cors_oauth: bool = knob(
        False, "allowlisted origins may call the OAuth endpoints (enableOauthCorsPolicy)",
        "o-secset", "official",
    )  # fmt: skip
    cors_allowlist: tuple[str, ...] = knob(
        (), "origins of the CORS allowlist; *. stands for any subdomain", "o-cors", "official"
    )
    event_monitoring: bool = knob(
        False, "log files come by the hour too and are kept for 30 days, and the real-time event "
        "objects can be queried (the Event Monitoring add-on)", "o-elf", "official",
    )  # fmt: skip
    device_seconds: int = knob(600, "how long a device code lives", "c-climsg", "recorded")
    device_interval_seconds: int = knob(
        5, "how often a device may poll, a second less is forgiven", "c-device", "inferred"
    )
    code_seconds: int = knob(900, "how long an authorization code lives", "t-easymorph", "recorded")
    jwt_skew_seconds: int = knob(
        180, "how far past its exp an assertion is still taken", "o-connapp", "inferred"
    )
    propagation_seconds: int = knob(
        0, "how long after an edit the old policy is still obeyed, and a new app not yet known "
        "(two to ten minutes are documented)", "o-clierr F5", "recorded",
    )  # fmt: skip
    deploy_polls: int = knob(
        0, "how often the status of a metadata deployment is asked before it runs; until then it "
        "can be canceled", "MD-deploy", "inferred",
    )  # fmt: skip
    token_request_ms: int = knob(
        0, "how long a refresh takes; a second one meanwhile is refused", "c-ios3731", "inferred"
    )
