"""What each failure of a token request means: one table, read from the top.

`invalid_grant` alone says little: the same words stand for a token that is in use elsewhere and
for one that is gone.  What the table does not know is *transient*: nothing is ever declared dead by
a text that nobody has described.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from evergrant.errors import EvergrantError, Malformed, NotSent, OutcomeUnknown, Refused, WireError

KindId = Literal[
    "transient", "contended", "rate-limited", "clock", "client configuration", "policy", "dead",
    "reuse detected", "maintenance page", "instance moved",
]  # fmt: skip
Retry = Literal["back off", "adopt", "slowly", "after a change", "never"]
"""`back off`: again, later and later; `adopt`: look whether another worker has a newer one, then
again; `slowly`: again after a long wait; `after a change`: once somebody has changed something;
`never`: only a new authorization helps."""
Mark = Literal["stated", "inferred"]
Audience = Literal["nobody", "operator", "vendor", "admin", "customer"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a failure means for the engine, and for people."""

    id: KindId
    retry: Retry
    audience: Audience
    """Whose move it is."""
    cause: str = ""
    """Id in the catalog; '' where the judge has to look closer."""
    mark: Mark = "stated"
    """Whether Salesforce's own pages or records state the text and its meaning."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: words of a refusal → its kind; '' fits every word."""

    error: str
    description: str
    """A regular expression over the normalised description."""
    kind: Kind
    refresh_only: bool = False
    """Whether the words mean this only where a refresh token was sent."""


def _admin(cause: str, mark: Mark = "stated") -> Kind:
    return Kind("policy", "after a change", "admin", cause, mark)


def _client(cause: str) -> Kind:
    return Kind("client configuration", "after a change", "vendor", cause)


CONTENDED = Kind("contended", "adopt", "nobody", "refresh-token-race")
DEAD = Kind("dead", "never", "customer")
TRANSIENT = Kind("transient", "back off", "nobody")
UNREACHABLE = Kind("transient", "back off", "operator", "network-or-proxy-or-tls")
MAINTENANCE = Kind("maintenance page", "back off", "nobody", "", "inferred")
MOVED = Kind("instance moved", "after a change", "vendor", "instance-migrated-or-url-changed")
REUSE = Kind("reuse detected", "never", "customer", "refresh-token-lost-in-crash")
RATE = Kind("rate-limited", "slowly", "nobody", "rate-limited")

ROWS: tuple[Row, ...] = (
    Row("invalid_grant", r"token request is already being processed", CONTENDED),
    # Older releases said this of the same thing (release note 252); of a code it is final.
    Row("invalid_grant", r"expired authorization code", CONTENDED, refresh_only=True),
    Row("invalid_grant", r"expired authorization code",
        Kind("clock", "back off", "operator", "jwt-expired-or-clock-skew")),
    Row("invalid_grant", r"expired access/refresh token", DEAD),
    Row("invalid_grant", r"token validity expired",
        Kind("dead", "never", "customer", "refresh-token-expired-by-policy", "inferred")),
    Row("invalid_grant", r"inactive user", _admin("user-inactive")),
    Row("invalid_grant", r"inactive organization",
        Kind("dead", "never", "customer", "org-inactive-or-deleted-sandbox")),
    Row("invalid_grant", r"user hasn.t approved this consumer",
        _admin("user-not-approved-consumer")),
    Row("invalid_grant", r"ip restricted.*|.*ip address.*", _admin("ip-restricted")),
    Row("invalid_grant", r"no client credentials user enabled",
        _admin("client-credentials-run-as-user-missing")),
    Row("invalid_grant", r"audience is invalid|audience validation failed",
        _client("jwt-audience-wrong")),
    Row("invalid_grant", r"invalid assertion",
        _client("jwt-signature-or-certificate-mismatch")),
    Row("rate_limit_exceeded", "", RATE),
    Row("invalid_client", "", _client("wrong-consumer-secret")),
    Row("invalid_client_id", "", _client("wrong-consumer-key")),
    Row("invalid_app_access", "", _admin("user-not-preauthorized")),
    Row("app_blocked", "", _admin("app-blocked-by-admin", "inferred")),
    Row("app_not_found", "", _admin("app-not-in-org-or-not-found")),
    Row("oauth_flow_disabled", "", _admin("flow-not-enabled-on-app", "inferred")),
    Row("inactive_user", "", _admin("user-inactive")),
    Row("inactive_org", "", Kind("dead", "never", "customer", "org-inactive-or-deleted-sandbox")),
    Row("unsupported_grant_type", "", _client("malformed-request")),
    Row("invalid_request", "", _client("malformed-request")),
    Row("unknown_error", r"retry your request", TRANSIENT),
    Row("server_error|service_unavailable|system_down|slow_down", "", TRANSIENT),
)  # fmt: skip


def kind_of(failure: EvergrantError, *, of_refresh_token: bool, replayed: bool = False) -> Kind:
    """What a failure means.

    `of_refresh_token`: a refresh token was sent; `replayed`: an earlier answer for it was lost, so
    that Salesforce may have rotated it away.
    """
    if isinstance(failure, NotSent):
        return UNREACHABLE
    if isinstance(failure, (OutcomeUnknown, WireError)):
        return TRANSIENT
    if isinstance(failure, Malformed):
        return MOVED if "redirects" in failure.what else MAINTENANCE
    if not isinstance(failure, Refused):
        return TRANSIENT
    found = _look_up(failure, of_refresh_token)
    return REUSE if found is DEAD and replayed else found


def _look_up(failure: Refused, of_refresh_token: bool) -> Kind:
    error, said = failure.error.lower(), normalised(failure.description)
    for row in ROWS:
        if row.refresh_only and not of_refresh_token:
            continue
        if re.fullmatch(row.error, error) and (
            not row.description or re.fullmatch(row.description, said)
        ):
            return row.kind
    return DEAD if failure.channel == "own" else TRANSIENT


def normalised(description: str) -> str:
    """A description as the table knows it: lower case, plain quotes, single spaces."""
    return " ".join(description.lower().replace("’", "'").split()).rstrip(".")
