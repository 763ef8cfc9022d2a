"""The nouns: frozen values that cross from room to room."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Literal, final, get_args

from evergrant.health import State

FlowId = Literal[
    "web_server",
    "user_agent",
    "refresh_token",
    "jwt_bearer",
    "client_credentials",
    "device",
    "username_password",
    "saml_bearer",
    "soap_login",
    "token_exchange",
    "code_credentials",
    "rest_api_call",
    "unknown",
]
"""How a client came to Salesforce; the ids of CLI, JSON, catalog and corpus."""
FLOW_IDS: tuple[FlowId, ...] = get_args(FlowId)

MASK = "•••"


@final
class Secret:
    """A string that nobody sees by accident: masked in repr, str, format, JSON, pickles and logs.

    Only `reveal()` opens it; `fingerprint` tells two secrets apart without showing either.
    """

    __slots__ = ("_fingerprint", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._fingerprint = ""

    def reveal(self) -> str:
        """The secret itself; call it where it is used, never earlier."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits of SHA-256: enough to compare, nothing to use."""
        if not self._fingerprint:
            self._fingerprint = hashlib.sha256(self._value.encode()).hexdigest()[:12]
        return self._fingerprint

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        # NOTE: a pickle holds the mask, not the secret: what is unpickled is of no use, on purpose.
        return (Secret, (MASK,))


# --- facts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why; never the same as no."""

    reason: str
    next_step: str = ""
    """What would make it known: a query, an export, a click."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a fact is about."""

    kind: str
    """`connection`, `app`, `user`, `org`, `request`, `event`, `host`."""
    id: str = ""


Value = str | int | float | bool | datetime | tuple[str, ...] | Unknown


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was seen, with where and when; its name is defined in `catalog/facts.toml`."""

    name: str
    value: Value
    about: Subject = Subject("connection")
    source: str = ""
    """Id of the evidence source (`text`, `token_reply`, `own_history`, `live_org` …)."""
    observed_at: datetime | None = None
    mark: Literal["seen", "derived", "inferred"] = "seen"
    quote: str = ""
    """The very words it rests on, masked."""
    line: int | None = None
    """1-based line of the pasted text or file."""

    @property
    def is_known(self) -> bool:
        """Whether the value is known at all."""
        return not isinstance(self.value, Unknown)


# --- what Salesforce gives -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Staged:
    """What Evergrant knows of a rotation by staged credentials that it has begun."""

    role: Literal["next", "former"]
    """Whether `App.next_secret` is the set that comes, or the one that is going."""
    key: str
    """The consumer key that belongs to it."""
    until: datetime | None = None
    """When the org forgets the set, as it says."""
    trial: str = ""
    """Id of the connection that is renewed with the set that comes, and with no other."""


@dataclass(frozen=True, slots=True)
class App:
    """How a client proves what it is: the consumer of a connected app or external client app."""

    consumer_key: str
    consumer_secret: Secret | None = None
    private_key: Secret | None = None
    """PEM; its certificate is registered in the app (JWT bearer)."""
    redirect_uri: str = ""
    scopes: tuple[str, ...] = ()
    next_secret: Secret | None = None
    """A second consumer secret while the first is being rotated: both count for a while, and
    nobody knows from when on (staged credentials of an external client app)."""
    staged: Staged | None = None
    """The set that the second secret is of, where Evergrant itself rotates."""
    secret_since: datetime | None = field(default=None, compare=False)
    """Since when the consumer secret is known here; None where nobody wrote it down."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credential it is (identity URL, userinfo)."""

    org_id: str
    user_id: str
    username: str = ""

    def same_as(self, other: Identity) -> bool:
        """Same org and same user; 15- and 18-character ids are the same id."""
        return self.of_same_org(other) and self.user_id[:15] == other.user_id[:15]

    def of_same_org(self, other: Identity) -> bool:
        """Same org, whoever the user is."""
        return self.org_id[:15] == other.org_id[:15]


@dataclass(frozen=True, slots=True)
class Credential:
    """What Salesforce gave for one part (RFC 6749 §5.1 and Salesforce's own members)."""

    access_token: Secret
    instance_url: str
    refresh_token: Secret | None = None
    identity_url: str = ""
    issued_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    token_format: str = "opaque"
    extras: Mapping[str, str] = field(default_factory=dict)
    """Members that carry no secret and that we do not use, kept as they came."""


@dataclass(frozen=True, slots=True)
class Session:
    """Leave to call an org: a connection's own access token, or an admin's evidence session."""

    instance_url: str
    access_token: Secret


# --- what we keep --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Password:
    """What a user without a browser logs in with; the username is the integration's `subject`."""

    password: Secret
    security_token: Secret | None = None
    """Follows the password where the caller's address is not trusted (Salesforce Help, Reset Your
    Security Token)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What tokens of another identity provider are exchanged as; the tokens are not kept."""

    token_type: str
    """`access_token`, `id_token`, `JWT`, `refresh_token` or `saml2`."""
    handler: str = ""
    """Apex class of the org that judges the token; the app's default handler where empty."""


Means = Password | Exchange


@dataclass(frozen=True, slots=True)
class Integration:
    """A vendor's product that talks to Salesforce, as its customers see it in Setup."""

    id: str
    name: str
    app_label: str
    """The app's label in the customer's Setup and Login History."""
    app_owner: str
    app: App
    flow: FlowId
    login_host: str
    subject: str = ""
    """Username of a flow that names its user: an assertion's, or a password's."""
    means: Means | None = None
    """What the flow needs besides the app."""
    support_contact: str = ""
    tenant: str = "default"


@dataclass(frozen=True, slots=True)
class Connection:
    """One customer's org for one integration; settings stay when credentials come and go."""

    id: str
    integration: str
    name: str
    state: State
    login_host: str
    identity: Identity | None = None
    instance_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    epoch: int = 0
    """Counts authorizations: a refresh that began in an older epoch may not overwrite a newer."""
    since: datetime | None = None
    """When the state began."""
    last_success: datetime | None = None
    tenant: str = "default"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a connection's history; `data` holds no secret."""

    at: datetime
    kind: str
    """`connected`, `refreshed`, `call succeeded`, `refused`, `state changed`, `diagnosed` …"""
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incident:
    """A connection's break, from first failure to proof of recovery."""

    id: str
    connection: str
    opened_at: datetime
    cause: str = ""
    error: str = ""
    description: str = ""
    closed_at: datetime | None = None
    proofs: tuple[Proof, ...] = ()
    part: str = "main"
    """The part of the connection that failed last."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence that a connection works again.

    `proven` is True, False, or None for *unproven*: it could not be looked at, `detail` says why.
    """

    kind: Literal["identity", "call", "login_history", "sync"]
    proven: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell people, already rendered and redacted."""

    connection: str
    kind: str
    """`broken`, `recovered`, `expiring soon`, `on hold`, `flapping`, `sync overdue`."""
    title: str
    text: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


_JSON_ALREADY = frozenset({type(None), bool, int, float, str})


def as_json(value: object) -> Any:
    """The value as JSON knows it; secrets masked, times in ISO 8601 UTC, unknowns as objects."""
    if type(value) in _JSON_ALREADY:
        return value
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(item) for item in value]
    return str(value)
