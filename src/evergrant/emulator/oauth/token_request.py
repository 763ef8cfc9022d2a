"""What a request at the token endpoint amounts to: every fact the gates will look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import jwts, propagation, staged
from evergrant.emulator.accounts import approvals_of, user_facts
from evergrant.emulator.asked import Asked, TokenRequest
from evergrant.emulator.gates.attempt import Approvals, Attempt, Flow, SecretSent, UserFacts
from evergrant.emulator.oauth import saml
from evergrant.emulator.oauth.assertions import proof_of
from evergrant.emulator.oauth.brought import BROUGHT, Brought

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
    flow, at = flow_of(asked.form), org.clock.now()
    app = propagation.app(org, staged.client(org, _key(flow, asked)))
    read = BROUGHT.get(flow)
    brought = Brought() if app is None or read is None else read(org, asked, app, at)
    user, approvals = _standing(org, app, brought.user_id, at)
    grant_type = asked.sent("grant_type")
    attempt = Attempt(
        flow=flow, at=at, host=asked.place.host, source_ip=org.ip,
        org=propagation.org_policy(org), app=app, user=user,
        secret=secret_sent(org, app, asked.client, asked.place), approvals=approvals,
        material=brought.material, grant_type=grant_type,
        has_scope="scope" in asked.form and flow in _SCOPELESS,
        is_hybrid=grant_type.startswith("hybrid_"), twice=asked.twice,
        scopes=tuple(asked.sent("scope").split()) if flow == "device_code" else (),
    )  # fmt: skip
    return TokenRequest(attempt, brought.row)


def _standing(
    org: Org, app: AppPolicy | None, user_id: str | None, at: datetime
) -> tuple[UserFacts | None, Approvals]:
    """Who the user is, and how they stand to the app."""
    if app is None or user_id is None:
        return None, Approvals()
    facts = propagation.user(org, user_facts(org.db, user_id, at))
    return facts, approvals_of(org.db, user_id, app.id, at)


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
    is_right = staged.is_secret(org, app, client.client_id, client.secret)
    return "right" if is_right else "wrong"
