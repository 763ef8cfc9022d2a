"""What is set for one app: by its developer, or by the org's admin."""
# ruff: noqa: RUF009  # knob gives a dataclass field, which is no mutable default

from dataclasses import dataclass
from typing import Literal

from evergrant.emulator.policies.knob import Range, SessionLevel, knob

AppKind = Literal["connected_app", "external_client_app"]
IpRelaxation = Literal["ENFORCE", "ENFORCE_RELAXREFRESH", "BYPASS_2FACTOR", "BYPASS"]
SessionAction = Literal["", "Block", "RaiseSessionLevel"]
Distribution = Literal["Local", "Packaged"]
JwtTimeout = Literal["Custom", "UserSession"]


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
    installed: bool = knob(
        True, "an app that is not installed is refused to users who may not approve such apps",
        "o-kb132365", "official",
    )  # fmt: skip
    in_org: bool = knob(
        True, "an external client app that is not in this org is not found", "c-cli3482", "recorded"
    )
    distribution: Distribution = knob(
        "Local", "an external client app of another org is refused as cross-org where Local, "
        "as not installed where Packaged (distributionState)", "o-eca t-unified", "recorded",
    )  # fmt: skip
    enabled: bool = knob(
        True, "an external client app that is off gives no grant (isEnabled)",
        "o-ecaconf", "official",
    )  # fmt: skip
    oauth_enabled: bool = knob(
        True, "an external client app whose OAuth plugin is off gives no grant "
        "(isOauthPluginEnabled)", "o-ecaconf", "official",
    )  # fmt: skip
    partner: bool = knob(
        False, "the app of a partner, in more than two customers' orgs: from "
        "org.partner_rules_begin on it is held to PKCE and rotation", "o-isv", "inferred",
    )  # fmt: skip
    deleted: bool = knob(False, "the consumer key is known no longer", "o-loginstatus", "official")
    blocked: bool = knob(
        False, "every grant is refused and running sessions end", "o-usage", "official"
    )
    admin_approved: bool = knob(
        False, "only users of granted profiles and permission sets get in", "o-connapp", "official"
    )
    api_allowlisted: bool = knob(False, "the app passes API Access Control", "o-caset", "official")
    refresh_policy: str = knob(
        "infinite", "infinite, zero, specific_lifetime:N:UNIT or specific_inactivity:N:UNIT; "
        "looked at only when the refresh token is used", "o-connapp", "official",
    )  # fmt: skip
    idle_limit_days: int | None = knob(
        None, "a refresh token unused for so many days dies, whatever the policy but zero",
        "o-idlettl", "official",
    )  # fmt: skip
    rotation: bool = knob(
        False, "each refresh gives a new refresh token; a replayed old one ends them all",
        "o-connapp", "official",
    )  # fmt: skip
    ip_relaxation: IpRelaxation = knob(
        "ENFORCE", "whether the profile's login ranges bind this app", "o-ip", "official"
    )
    trusted_ranges: tuple[Range, ...] = knob(
        (), "web server logins from here pass BYPASS_2FACTOR; at most 128", "o-iprange", "official"
    )
    refresh_allowlist: tuple[Range, ...] = knob(
        (), "external client apps: where set, web server and refresh from elsewhere are refused; "
        "at most 128 ranges of 256 addresses", "o-rtip", "official",
    )  # fmt: skip
    session_minutes: int | None = knob(
        None, "how long an idle access token lives; beats profile and org", "o-connapp", "official"
    )
    session_action: SessionAction = knob(
        "", "Block shuts the app for all; RaiseSessionLevel raises sessions to session_level",
        "o-connapp", "official",
    )  # fmt: skip
    session_level: SessionLevel = knob(
        "", "HIGH_ASSURANCE: flows without a person in them are refused; the others raise their "
        "sessions where the action says so", "o-connapp", "official",
    )  # fmt: skip
    pkce_required: bool = knob(
        False, "an authorization request without a code challenge is refused",
        "o-connapp", "official",
    )  # fmt: skip
    secret_optional: bool = knob(
        False, "the web server flow does without a secret", "o-connapp", "official"
    )
    secret_for_refresh: bool = knob(
        True, "a refresh without the secret is refused", "o-connapp", "official"
    )
    client_credentials: bool = knob(
        False, "the client credentials flow is enabled", "o-connapp", "official"
    )
    run_as: str = knob("", "username the client credentials flow runs as", "o-connapp", "official")
    token_exchange: bool = knob(
        False, "the app may bring tokens of other identity providers", "o-connapp", "official"
    )
    secret_for_token_exchange: bool = knob(
        True, "token exchange without the secret is refused", "o-connapp", "inferred"
    )
    code_credentials: bool = knob(
        False, "authorization code and credentials is enabled", "o-connapp", "official"
    )
    code_credentials_post_only: bool = knob(
        False, "credentials count in the body only; a Basic header gets the login page",
        "o-connapp", "official",
    )  # fmt: skip
    jwt_access_tokens: bool = knob(
        False, "access tokens are JWTs with a fixed end (isNamedUserJwtEnabled)",
        "o-connapp o-ecaglobal", "official",
    )  # fmt: skip
    jwt_timeout: JwtTimeout = knob(
        "Custom", "whether a JWT access token lives for jwt_minutes, or (UserSession) as long as "
        "profile or org let a session idle", "o-ecapol o-capp", "official",
    )  # fmt: skip
    jwt_minutes: int = knob(
        30, "how long a JWT access token lives: 1, 5, 10, 15 or 30; from API v65 also 60, 90, 120, "
        "240, 480 or 720", "o-ecapol", "official",
    )  # fmt: skip
    id_token_minutes: int = knob(2, "how long an id token is good, 1 to 720", "o-connapp",
                                  "official")  # fmt: skip
    device_flow: bool = knob(False, "the device flow is enabled", "o-ecaglobal", "official")
    introspect_all: bool = knob(
        False, "the app may introspect tokens of others", "o-connapp", "official"
    )
    certificate: str = knob(
        "", "PEM of the certificate that signs JWT and SAML assertions", "o-connapp", "official"
    )
    assertion_certificate: str = knob(
        "", "PEM of the certificate that signs client assertions in place of the secret; without "
        "one, the certificate above (clientAssertionCertificate)", "o-ecaoauth", "official",
    )  # fmt: skip
