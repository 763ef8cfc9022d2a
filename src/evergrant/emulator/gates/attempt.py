"""One attempt at a grant: every fact the gates look at, gathered before any of them is asked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

Flow = Literal[
    "authorize", "user_agent", "code_credentials", "device_approval",
    "authorization_code", "refresh_token", "jwt_bearer", "saml_bearer", "client_credentials",
    "device_code", "device", "password", "token_exchange", "unknown",
]  # fmt: skip
"""What is asked for; those of the first line come to the browser's side, the rest to `/token`."""
BROWSER: Final[frozenset[Flow]] = frozenset(
    {"authorize", "user_agent", "code_credentials", "device_approval"}
)
"""Flows whose refusals reach a person: pages and redirects."""
DEVICE: Final[frozenset[Flow]] = frozenset({"device_code", "device", "device_approval"})
ASSERTED: Final[frozenset[Flow]] = frozenset({"jwt_bearer", "saml_bearer"})
"""Flows in which a signature stands for the person; login ranges always bind them (o-ip)."""
Host = Literal["my_domain", "login", "test", "foreign"]
"""`foreign`: the generic host of the other kind of org."""
SecretSent = Literal["none", "right", "wrong", "malformed"]


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What the gates look at in a user."""

    id: str
    username: str
    permissions: frozenset[str]
    profile: ProfilePolicy
    is_active: bool = True
    is_frozen: bool = False
    is_external: bool = False
    """Whether the UserType is another than Standard."""
    confirmed_from: frozenset[str] = frozenset()
    """Addresses of the devices on which the user confirmed who they are."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """How the user stands to the app."""

    is_granted: bool = False
    """By a profile or permission set on the app's list."""
    live: int = 0
    """Refresh tokens that stand."""
    scopes: frozenset[str] = frozenset()
    """What the user approved before, over all live refresh tokens."""
    live_by_device: int = 0
    """Refresh tokens that stand and that the device flow gave."""


@dataclass(frozen=True, slots=True)
class AuthorizeMaterial:
    """A request at the authorize endpoint."""

    redirect_uri: str | None
    response_type: str
    has_challenge: bool
    is_immediate: bool = False
    is_denied: bool = False


@dataclass(frozen=True, slots=True)
class CodeMaterial:
    """A code to be redeemed."""

    state: Literal["live", "unknown", "used", "foreign"]
    age_s: float = 0.0
    is_same_redirect: bool = True
    verifier: Literal["not_due", "right", "wrong", "missing", "unexpected"] = "not_due"


@dataclass(frozen=True, slots=True)
class RefreshMaterial:
    """A refresh token to be used."""

    state: Literal["live", "unknown", "foreign", "revoked", "evicted", "rotated"]
    issued_at: datetime | None = None
    last_used_at: datetime | None = None
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class AssertionMaterial:
    """A signed JWT or SAML assertion; audiences are those that the token endpoint would take."""

    is_readable: bool
    is_signed_right: bool = False
    audience: str = ""
    audiences: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    certificate_ends_at: datetime | None = None
    """When the app's certificate ends; None where it has none that can be read."""
    is_for_here: bool = True
    """False where a SAML recipient names another place than this token endpoint."""


@dataclass(frozen=True, slots=True)
class DeviceMaterial:
    """A device code, as a poll or an approval page finds it."""

    state: Literal["pending", "approved", "denied", "used", "crossed", "unknown", "foreign"]
    """`crossed`: the same user approved another sign-in of the app before this one was fetched."""
    age_s: float = 0.0
    since_poll_s: float | None = None
    """Seconds since the poll before; None for the first."""


@dataclass(frozen=True, slots=True)
class PasswordMaterial:
    """What a username and a password amount to."""

    problem: Literal["", "unknown", "wrong", "no_security_token", "locked"] = ""


@dataclass(frozen=True, slots=True)
class ExchangeMaterial:
    """A token of another identity provider, brought to a handler."""

    has_handler: bool
    """A handler is enabled for this app and takes this type of token."""
    is_valid: bool = False
    message: str = ""
    """The handler's own words, where it has some."""


@dataclass(frozen=True, slots=True)
class NoMaterial:
    """The flow brings nothing but the client."""


Material = (
    AuthorizeMaterial | CodeMaterial | RefreshMaterial | AssertionMaterial | DeviceMaterial
    | PasswordMaterial | ExchangeMaterial | NoMaterial
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """All that the gates may look at."""

    flow: Flow
    at: datetime
    host: Host
    source_ip: str
    org: OrgPolicy
    app: AppPolicy | None
    user: UserFacts | None
    secret: SecretSent = "none"
    approvals: Approvals = field(default_factory=Approvals)
    material: Material = field(default_factory=NoMaterial)
    grant_type: str = ""
    """As sent, where it is none that we know."""
    has_scope: bool = False
    """Whether a scope was sent to the token endpoint."""
    is_hybrid: bool = False
    """Whether the hybrid variant of the flow is asked for."""
    scopes: tuple[str, ...] = ()
    """Scopes asked for, by the browser or a device; empty: all that the app has."""
    twice: str = ""
    """A parameter that was sent more than once."""
