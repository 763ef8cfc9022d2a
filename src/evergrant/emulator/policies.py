"""What an admin or a developer can set: every knob with its default, effect and source.

The dataclasses are the policies; `KNOBS` is drawn from them, so a knob cannot go undocumented.
Source keys are those of the protocol notes: o- official, c- Salesforce's code, t- third party.
"""
# ruff: noqa: RUF009  # _knob gives a dataclass field, which is no mutable default

from dataclasses import dataclass, field, fields
from typing import Final, Literal, TypeVar

from evergrant.emulator.schema import Mark

AppKind = Literal["connected_app", "external_client_app"]
IpRelaxation = Literal["ENFORCE", "ENFORCE_RELAXREFRESH", "BYPASS_2FACTOR", "BYPASS"]
Eviction = Literal["oldest", "least_recently_used"]
SessionAction = Literal["", "Block", "RaiseSessionLevel"]
Range = tuple[str, str]
"""First and last address, both inside."""
Hours = tuple[int, int, int]
"""A weekday (Monday is 0) and the first and last minute of the day, UTC, last excluded."""

T = TypeVar("T")


def _knob(default: T, effect: str, source: str, mark: Mark) -> T:
    noted: T = field(default=default, metadata={"effect": effect, "source": source, "mark": mark})
    return noted


@dataclass(frozen=True, slots=True)
class AppPolicy:
    """One connected app or external client app as this org holds it."""

    id: str
    name: str
    label: str
    owner: str
    kind: AppKind
    consumer_key: str
    callbacks: tuple[str, ...]
    scopes: tuple[str, ...]
    installed: bool = _knob(
        True, "an app that is not installed is refused to users who may not approve such apps",
        "o-kb132365", "official",
    )  # fmt: skip
    in_org: bool = _knob(
        True, "an external client app that is not in this org is not found", "c-cli3482", "recorded"
    )
    deleted: bool = _knob(False, "the consumer key is known no longer", "o-loginstatus", "official")
    blocked: bool = _knob(
        False, "every grant is refused and running sessions end", "o-usage", "official"
    )
    admin_approved: bool = _knob(
        False, "only users of granted profiles and permission sets get in", "o-connapp", "official"
    )
    api_allowlisted: bool = _knob(False, "the app passes API Access Control", "o-caset", "official")
    refresh_policy: str = _knob(
        "infinite", "infinite, zero, specific_lifetime:N:UNIT or specific_inactivity:N:UNIT; "
        "looked at only when the refresh token is used", "o-connapp", "official",
    )  # fmt: skip
    idle_limit_days: int | None = _knob(
        None, "a refresh token unused for so many days dies, whatever the policy but zero",
        "o-idlettl", "official",
    )  # fmt: skip
    rotation: bool = _knob(
        False, "each refresh gives a new refresh token; a replayed old one ends them all",
        "o-connapp", "official",
    )  # fmt: skip
    ip_relaxation: IpRelaxation = _knob(
        "ENFORCE", "whether the profile's login ranges bind this app", "o-ip", "official"
    )
    trusted_ranges: tuple[Range, ...] = _knob(
        (), "web server logins from here pass BYPASS_2FACTOR", "o-iprange", "official"
    )
    refresh_allowlist: tuple[Range, ...] = _knob(
        (), "where set, web server and refresh from elsewhere are refused", "o-rtip", "official"
    )
    session_minutes: int | None = _knob(
        None, "how long an idle access token lives; beats profile and org", "o-connapp", "official"
    )
    session_action: SessionAction = _knob(
        "", "Block shuts the app for all; RaiseSessionLevel asks for high assurance",
        "o-connapp", "official",
    )  # fmt: skip
    high_assurance: bool = _knob(
        False, "flows without a person in them are refused", "o-connapp", "official"
    )
    pkce_required: bool = _knob(
        False, "an authorization request without a code challenge is refused",
        "o-connapp", "official",
    )  # fmt: skip
    secret_optional: bool = _knob(
        False, "the web server flow does without a secret", "o-connapp", "official"
    )
    secret_for_refresh: bool = _knob(
        True, "a refresh without the secret is refused", "o-connapp", "official"
    )
    client_credentials: bool = _knob(
        False, "the client credentials flow is enabled", "o-connapp", "official"
    )
    run_as: str = _knob("", "username the client credentials flow runs as", "o-connapp", "official")
    token_exchange: bool = _knob(
        False, "the app may bring tokens of other identity providers", "o-connapp", "official"
    )
    secret_for_token_exchange: bool = _knob(
        True, "token exchange without the secret is refused", "o-connapp", "inferred"
    )
    code_credentials: bool = _knob(
        False, "authorization code and credentials is enabled", "o-connapp", "official"
    )
    code_credentials_post_only: bool = _knob(
        False, "credentials count in the body only; a Basic header gets the login page",
        "o-connapp", "official",
    )  # fmt: skip
    jwt_access_tokens: bool = _knob(
        False, "access tokens are JWTs with a fixed end (isNamedUserJwtEnabled)",
        "o-connapp o-ecaglobal", "official",
    )  # fmt: skip
    jwt_minutes: int = _knob(30, "how long a JWT access token lives", "o-ecapol", "inferred")
    id_token_minutes: int = _knob(2, "how long an id token is good, 1 to 720", "o-connapp",
                                  "official")  # fmt: skip
    device_flow: bool = _knob(False, "the device flow is enabled", "o-ecaglobal", "official")
    introspect_all: bool = _knob(
        False, "the app may introspect tokens of others", "o-connapp", "official"
    )
    certificate: str = _knob(
        "", "PEM of the certificate that signs JWT and SAML assertions", "o-connapp", "official"
    )


@dataclass(frozen=True, slots=True)
class ProfilePolicy:
    """What a profile lays down for logins, beside its permission columns."""

    login_ranges: tuple[Range, ...] = _knob(
        (), "where set, logins from elsewhere are refused", "o-profip", "official"
    )
    login_hours: tuple[Hours, ...] = _knob(
        (), "where set, logins outside are refused", "o-loghours", "official"
    )
    session_minutes: int | None = _knob(
        None, "how long an idle session lives; beats the org's", "o-profsess", "official"
    )


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """What holds for the whole org."""

    locked: bool = _knob(False, "no login succeeds", "o-loginstatus", "official")
    api_enabled: bool = _knob(True, "the edition has the API at all", "o-apienabled", "official")
    session_minutes: int = _knob(
        120, "how long an idle session lives by default", "o-secset", "official"
    )
    pkce_required: bool = _knob(
        False, "every authorization request needs a code challenge", "o-oidcset", "official"
    )
    block_username_password: bool = _knob(
        True, "the username-password flow is refused, as in orgs since Summer '23",
        "o-block", "official",
    )  # fmt: skip
    block_user_agent: bool = _knob(
        True, "the user-agent flow is refused (metadata default: allowed)", "o-block", "official"
    )
    api_access_control: bool = _knob(
        False, "only allowlisted apps reach the API", "o-caset", "official"
    )
    uninstalled_restriction: bool = _knob(
        True, "apps that are not installed are refused, as since September 2025",
        "o-kb132365", "official",
    )  # fmt: skip
    lock_sessions_to_ip: bool = _knob(
        False, "a session works only from where it began", "o-secset", "official"
    )
    enforce_ip_every_request: bool = _knob(
        False, "login ranges are checked at every call", "o-secset", "official"
    )
    approvals_limit: int = _knob(
        5, "live approvals of one user for one app; one more ends another", "o-approve", "official"
    )
    eviction: Eviction = _knob(
        "oldest", "which approval ends (sources disagree)", "o-approve o-request", "official"
    )
    client_credentials_need_approval: bool = _knob(
        False, "Permitted Users binds the run-as user too (sources disagree)", "F4", "inferred"
    )
    trusted_ranges: tuple[Range, ...] = _knob(
        (), "passwords from here need no security token (Network Access)", "o-soaplogin", "official"
    )
    soap_login: bool = _knob(
        False, "SOAP login() works, up to API version 64.0", "o-soaplogin", "official"
    )
    soap_login_needs_permission: bool = _knob(
        False, "SOAP login() asks for Use Any API Auth", "o-soaplogin2", "recorded"
    )
    code_credentials: bool = _knob(
        False, "authorization code and credentials is allowed (oAuthCdCrdtFlowEnable)",
        "o-oidcset", "official",
    )  # fmt: skip
    cors_oauth: bool = _knob(
        False, "allowlisted origins may call the OAuth endpoints (enableOauthCorsPolicy)",
        "o-secset", "official",
    )  # fmt: skip
    cors_allowlist: tuple[str, ...] = _knob(
        (), "origins of the CORS allowlist; *. stands for any subdomain", "o-cors", "official"
    )
    device_seconds: int = _knob(600, "how long a device code lives", "c-climsg", "recorded")
    device_interval_seconds: int = _knob(
        5, "how often a device may poll, a second less is forgiven", "c-device", "inferred"
    )
    code_seconds: int = _knob(
        900, "how long an authorization code lives", "t-easymorph", "recorded"
    )
    jwt_skew_seconds: int = _knob(
        180, "how far past its exp an assertion is still taken", "o-connapp", "inferred"
    )
    token_request_ms: int = _knob(
        0, "how long a refresh takes; a second one meanwhile is refused", "c-ios3731", "inferred"
    )


@dataclass(frozen=True, slots=True)
class Knob:
    """One line of the reference: what can be set, where, and why we believe it."""

    where: Literal["app", "profile", "org"]
    name: str
    default: object
    effect: str
    source: str
    mark: Mark


_NOTES: Final = ("effect", "source", "mark")


def _knobs_of(where: Literal["app", "profile", "org"], policy: type) -> tuple[Knob, ...]:
    return tuple(
        Knob(where, each.name, each.default, *(each.metadata[key] for key in _NOTES))
        for each in fields(policy)
        if each.metadata
    )


KNOBS: Final = {
    f"{knob.where}.{knob.name}": knob
    for knob in (
        *_knobs_of("app", AppPolicy),
        *_knobs_of("profile", ProfilePolicy),
        *_knobs_of("org", OrgPolicy),
    )
}
