"""What a request at the token endpoint amounts to: every fact the gates will look at."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import jwts, state
from evergrant.emulator.accounts import app_by_key, approvals_of, user_facts, user_row
from evergrant.emulator.asked import Asked, TokenRequest
from evergrant.emulator.gates.attempt import (
    Attempt,
    CodeMaterial,
    Flow,
    RefreshMaterial,
    SecretSent,
)
from evergrant.emulator.oauth import handlers, passwords, saml
from evergrant.emulator.oauth.assertions import jwt_material, proof_of, saml_material
from evergrant.emulator.oauth.device import material as device_material
from evergrant.emulator.tokens import find

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.web import ClientWords, Place

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SAML_BEARER: Final = "urn:ietf:params:oauth:grant-type:saml2-bearer"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
FLOWS: Final[dict[str, Flow]] = {
    "authorization_code": "authorization_code",
    "hybrid_auth_code": "authorization_code",
    "refresh_token": "refresh_token",
    "hybrid_refresh": "refresh_token",
    JWT_BEARER: "jwt_bearer",
    SAML_BEARER: "saml_bearer",
    "client_credentials": "client_credentials",
    "device": "device",
    "password": "password",
    TOKEN_EXCHANGE: "token_exchange",
}
NOT_BUILT: Final = {
    "assertion": "the SAML assertion flow (grant assertion)",
    "asset": "the asset token flow (token exchange with an actor_token)",
}
"""Grants that Salesforce has and this org has not: they answer 501."""

Verifier = Literal["not_due", "right", "wrong", "missing", "unexpected"]


def unbuilt(form: Mapping[str, str]) -> str | None:
    """What a form asks for that this org has not; None where it has."""
    is_asset = form.get("grant_type") == TOKEN_EXCHANGE and "actor_token" in form
    return NOT_BUILT.get("asset" if is_asset else form.get("grant_type", ""))


def flow_of(form: Mapping[str, str]) -> Flow:
    """The flow that a form asks for; the device flow begins without a grant type."""
    if form.get("response_type") == "device_code":
        return "device_code"
    return FLOWS.get(form.get("grant_type", ""), "unknown")


def read_request(org: Org, asked: Asked) -> TokenRequest:
    """Gather the facts; the caller holds the org's lock."""
    flow = flow_of(asked.form)
    app = app_by_key(org.db, _key(flow, asked))
    blank = Attempt(
        flow=flow, at=org.clock.now(), host=asked.place.host, source_ip=org.ip,
        org=state.load_org(org.db), app=app, user=None,
        secret=secret_sent(org, app, asked.client, asked.place),
        grant_type=asked.sent("grant_type"), has_scope="scope" in asked.form and flow in _SCOPELESS,
        is_hybrid=asked.sent("grant_type").startswith("hybrid_"), twice=asked.twice,
        scopes=tuple(asked.sent("scope").split()) if flow == "device_code" else (),
    )  # fmt: skip
    filled = _FILL.get(flow)
    if app is None or filled is None:
        return TokenRequest(blank, None)
    return filled(org, asked, blank, app)


def _key(flow: Flow, asked: Asked) -> str:
    """The consumer key: the issuer of an assertion that speaks for a user, else the client's."""
    if flow == "jwt_bearer":
        jwt = jwts.read(asked.sent("assertion"))
        return jwt.claim("iss") if jwt else asked.client.client_id
    if flow == "saml_bearer":
        assertion = saml.read(asked.sent("assertion"))
        return assertion.issuer if assertion else asked.client.client_id
    return asked.client.client_id


_SCOPELESS: Final = frozenset(
    {"authorization_code", "refresh_token", "jwt_bearer", "client_credentials"}
)
"""Grants that refuse a scope; of the others it is not known (1.9)."""


def secret_sent(org: Org, app: AppPolicy | None, client: ClientWords, place: Place) -> SecretSent:
    """Whether the proof sent is good: a secret that the app has now, or a signed assertion."""
    if client.is_malformed:
        return "malformed"
    if app is not None and client.secret is None and client.assertion is not None:
        return "right" if proof_of(org, app, client.assertion, place) else "wrong"
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
    material, subject = jwt_material(org, app, asked.sent("assertion"), asked.place)
    return _for_subject(org, replace(attempt, material=material), app, subject)


def _saml(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    material, subject = saml_material(org, app, asked.sent("assertion"), asked.place)
    return _for_subject(org, replace(attempt, material=material), app, subject)


def _for_subject(org: Org, attempt: Attempt, app: AppPolicy, subject: str) -> TokenRequest:
    user = user_row(org.db, subject) if "@" in subject else None
    return TokenRequest(_for_user(org, attempt, app, user["Id"] if user else None), None)


def _client_credentials(org: Org, _asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    user = user_row(org.db, app.run_as) if app.run_as else None
    return TokenRequest(_for_user(org, attempt, app, user["Id"] if user else None), None)


def _password(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    user, material = passwords.material(
        org, attempt.org, asked.sent("username"), asked.sent("password")
    )
    attempt = replace(attempt, material=material)
    return TokenRequest(_for_user(org, attempt, app, user["Id"] if user else None), None)


def _device(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    row, material = device_material(org, asked.sent("code"), app, attempt.at)
    attempt = replace(attempt, material=material)
    user_id = row["user_id"] if row is not None and material.state != "denied" else None
    return TokenRequest(_for_user(org, attempt, app, user_id), row)


def _exchange(org: Org, asked: Asked, attempt: Attempt, app: AppPolicy) -> TokenRequest:
    subject, material = handlers.material(org, app, asked.form)
    return _for_subject(org, replace(attempt, material=material), app, subject)


_Fill = Callable[["Org", Asked, Attempt, "AppPolicy"], TokenRequest]
_FILL: Final[dict[Flow, _Fill]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "jwt_bearer": _jwt,
    "saml_bearer": _saml,
    "client_credentials": _client_credentials,
    "device": _device,
    "password": _password,
    "token_exchange": _exchange,
}
