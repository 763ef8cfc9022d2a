"""One attempt at a grant: every fact the gates look at, gathered before any of them is asked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

Flow = Literal[
    "authorize", "authorization_code", "refresh_token", "jwt_bearer", "client_credentials",
    "device", "password", "token_exchange", "unknown",
]  # fmt: skip
"""What is asked for; the names are those of the grants, except for the authorize endpoint."""
Host = Literal["my_domain", "login", "test"]
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


@dataclass(frozen=True, slots=True)
class Approvals:
    """How the user stands to the app."""

    is_granted: bool = False
    """By a profile or permission set on the app's list."""
    live: int = 0
    """Refresh tokens that stand."""
    scopes: frozenset[str] = frozenset()
    """What the user approved before, over all live refresh tokens."""


@dataclass(frozen=True, slots=True)
class AuthorizeMaterial:
    """A request at the authorize endpoint."""

    redirect_uri: str | None
    response_type: str
    scopes: tuple[str, ...]
    """Empty: all that the app has."""
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
class JwtMaterial:
    """A signed assertion; audiences are those that the token endpoint would take."""

    is_readable: bool
    is_signed_right: bool = False
    audience: str = ""
    audiences: frozenset[str] = frozenset()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoMaterial:
    """The flow brings nothing but the client."""


Material = AuthorizeMaterial | CodeMaterial | RefreshMaterial | JwtMaterial | NoMaterial


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
