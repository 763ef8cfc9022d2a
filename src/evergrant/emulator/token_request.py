"""What a request at the token endpoint amounts to: every fact the gates will look at."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import jwts, state
from evergrant.emulator.accounts import app_by_key, approvals_of, user_facts, user_row
from evergrant.emulator.attempt import (
    Attempt,
    CodeMaterial,
    Flow,
    JwtMaterial,
    RefreshMaterial,
    SecretSent,
)
from evergrant.emulator.tokens import find

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.web import ClientWords, Place

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
FLOWS: Final[dict[str, Flow]] = {
    "authorization_code": "authorization_code",
    "refresh_token": "refresh_token",
    JWT_BEARER: "jwt_bearer",
    "client_credentials": "client_credentials",
    "device": "device",
    "password": "password",
    TOKEN_EXCHANGE: "token_exchange",
}
NOT_BUILT: Final = frozenset({
    "urn:ietf:params:oauth:grant-type:saml2-bearer", "assertion", "hybrid_auth_code",
    "hybrid_refresh",
})  # fmt: skip
"""Grants that Salesforce has and this org has not: they answer 501."""

Verifier = Literal["not_due", "right", "wrong", "missing", "unexpected"]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An attempt and the row, if any, of the code or refresh token it would use up."""

    attempt: Attempt
    row: Row | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a request at the token endpoint."""

    place: Place
    form: Mapping[str, str]
    client: ClientWords

    def sent(self, name: str) -> str:
        """A field of the form; empty where it is missing."""
        return self.form.get(name, "")


def flow_of(form: Mapping[str, str]) -> Flow:
    """The flow that a form asks for; the device flow begins without a grant type."""
    if form.get("response_type") == "device_code":
        return "device"
    return FLOWS.get(form.get("grant_type", ""), "unknown")


def read_request(org: Org, asked: Asked) -> TokenRequest:
    """Gather the facts; the caller holds the org's lock."""
    flow = flow_of(asked.form)
    assertion = jwts.read(asked.sent("assertion")) if flow == "jwt_bearer" else None
    key = assertion.claim("iss") if assertion else asked.client.client_id
    app = app_by_key(org.db, key)
    blank = Attempt(
        flow=flow, at=org.clock.now(), host=asked.place.host, source_ip=org.ip,
        org=state.load_org(org.db), app=app, user=None, secret=secret_sent(org, app, asked.client),
        grant_type=asked.sent("grant_type"), has_scope="scope" in asked.form and flow in _SCOPELESS,
    )  # fmt: skip
    filled = _FILL.get(flow)
    if app is None or filled is None:
        return TokenRequest(blank, None)
    return filled(org, asked, blank, app)


_SCOPELESS: Final = frozenset(
    {"authorization_code", "refresh_token", "jwt_bearer", "client_credentials"}
)


def secret_sent(org: Org, app: AppPolicy | None, client: ClientWords) -> SecretSent:
    """Whether the secret sent is one that the app has at this moment."""
    if client.is_malformed:
        return "malformed"
    if app is None or client.secret is None:
        return "none"
    rows = state.every(
        org.db, "SELECT secret FROM x_secret WHERE app_id = ? AND (until IS NULL OR until > ?)",
        app.id, org.clock.now().timestamp(),
    )  # fmt: skip
    sent = client.secret.encode()
    is_right = any(hmac.compare_digest(row["secret"].encode(), sent) for row in rows)
    return "right" if is_right else "wrong"


def _for_user(org: Org, attempt: Attempt, app: AppPolicy, user_id: str | None) -> Attempt:
    if user_id is None:
        return attempt
    return replace(
        attempt, user=user_facts(org.db, user_id, attempt.at),
        approvals=approvals_of(org.db, user_id, app.id, attempt.at),
    )  # fmt: skip


def _code(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    row = state.one(org.db, "SELECT * FROM x_code WHERE code = ?", asked.sent("code"))
    if row is None or row["app_id"] != app.id:
        material = CodeMaterial("unknown" if row is None else "foreign")
        return TokenRequest(replace(attempt, material=material), None)
    material = CodeMaterial(
        "used" if row["used_at"] else "live",
        attempt.at.timestamp() - row["issued_at"],
        asked.sent("redirect_uri") == row["redirect_uri"],
        _verifier(row["challenge"], asked.form.get("code_verifier")),
    )
    attempt = replace(attempt, material=material)
    return TokenRequest(_for_user(org, attempt, app, row["user_id"]), row)


def _verifier(challenge: str | None, verifier: str | None) -> Verifier:
    """Compare by S256, which Salesforce implies; verifiers longer than 128 are taken (1.5)."""
    if not challenge:
        return "unexpected" if verifier else "not_due"
    if not verifier:
        return "missing"
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return "right" if expected == challenge.rstrip("=") else "wrong"


def _refresh(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    row = find(org, asked.sent("refresh_token"))
    if row is None or row["app_id"] != app.id:
        material = RefreshMaterial("unknown" if row is None else "foreign")
        return TokenRequest(replace(attempt, material=material), None)
    material = RefreshMaterial(
        row["state"], _moment(row["issued_at"]), _moment(row["used_at"]), row["token"] in org.busy
    )
    attempt = replace(attempt, material=material)
    return TokenRequest(_for_user(org, attempt, app, row["user_id"]), row)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _jwt(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    assertion = jwts.read(asked.sent("assertion"))
    if assertion is None:
        return TokenRequest(replace(attempt, material=JwtMaterial(is_readable=False)), None)
    material = JwtMaterial(
        is_readable=True,
        is_signed_right=jwts.is_signed_by(assertion, app.certificate),
        audience=assertion.claim("aud"),
        audiences=_audiences(org, asked),
        expires_at=assertion.expires_at(),
    )
    user = user_row(org.db, assertion.claim("sub")) if "@" in assertion.claim("sub") else None
    attempt = replace(attempt, material=material)
    return TokenRequest(_for_user(org, attempt, app, user["Id"] if user else None), None)


def _audiences(org: Org, asked: Asked) -> frozenset[str]:
    """What `aud` may say: the generic host of the org's kind, or the org itself.

    Clients that write https by themselves reach a loopback server through an adapter; what they
    call the org is still its name.
    """
    generic = f"https://{'test' if _is_sandbox(org) else 'login'}.salesforce.com"
    own = asked.place.base
    return frozenset({generic, own, own.replace("http://", "https://", 1), org.base_url})


def _is_sandbox(org: Org) -> bool:
    row = state.one(org.db, 'SELECT "IsSandbox" FROM "Organization"')
    return row is not None and bool(row["IsSandbox"])


def _client_credentials(org: Org, _asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    user = user_row(org.db, app.run_as) if app.run_as else None
    return TokenRequest(_for_user(org, attempt, app, user["Id"] if user else None), None)


def _password(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    user = user_row(org.db, asked.sent("username")) if "@" in asked.sent("username") else None
    return TokenRequest(_for_user(org, attempt, app, user["Id"] if user else None), None)


_Fill = Callable[["Org", Asked, Attempt, "AppPolicy"], TokenRequest]
_FILL: Final[dict[Flow, _Fill]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "jwt_bearer": _jwt,
    "client_credentials": _client_credentials,
    "password": _password,
}
