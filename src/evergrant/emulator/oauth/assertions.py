"""What signed assertions amount to: of users (JWT and SAML bearer) and of clients."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from evergrant.emulator import doors, jwts, state
from evergrant.emulator.gates.attempt import AssertionMaterial
from evergrant.emulator.oauth import saml

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.web import Place

_TOKEN: Final = "/services/oauth2/token"
Read = tuple[AssertionMaterial, str]
"""What the gates look at, and the subject: a username."""
_UNREADABLE: Final[Read] = (AssertionMaterial(is_readable=False), "")


def jwt_material(org: Org, app: AppPolicy, text: str, place: Place) -> Read:
    """A JWT that speaks for a user."""
    jwt = jwts.read(text)
    if jwt is None:
        return _UNREADABLE
    return AssertionMaterial(
        is_readable=True,
        is_signed_right=jwts.is_signed_by(jwt, app.certificate),
        audience=jwt.claim("aud"),
        audiences=audiences(org, place),
        expires_at=jwt.expires_at(),
        certificate_ends_at=jwts.ends_at(app.certificate),
    ), jwt.claim("sub")


def saml_material(org: Org, app: AppPolicy, text: str, place: Place) -> Read:
    """A SAML assertion that speaks for a user; the recipient is this token endpoint, if named."""
    assertion = saml.read(text)
    if assertion is None:
        return _UNREADABLE
    known = audiences(org, place)
    return AssertionMaterial(
        is_readable=True,
        is_signed_right=saml.is_signed_by(assertion, app.certificate),
        audience=assertion.audience,
        audiences=known,
        expires_at=assertion.ends_at,
        certificate_ends_at=jwts.ends_at(app.certificate),
        is_for_here=assertion.recipient.partition("?")[0] in {"", *_endpoints(known)},
    ), assertion.subject


def audiences(org: Org, place: Place) -> frozenset[str]:
    """Who an assertion may be for: the generic host of the org's kind, or the org itself.

    Clients that write https by themselves reach a loopback server through an adapter; what they
    call the org is still its name.
    """
    own, door = place.base, doors.own_login_url(org)
    return frozenset({
        f"https://{org.home.role}.salesforce.com", own, own.replace("http://", "https://", 1),
        org.base_url, *([door] if door else ()),
    })  # fmt: skip


def _endpoints(bases: frozenset[str]) -> set[str]:
    return {f"{base}{_TOKEN}" for base in bases}


def proof_of(org: Org, app: AppPolicy, text: str, place: Place) -> bool:
    """Whether a client assertion proves the app (RFC 7523 section 3), by the certificate for it.

    That Salesforce takes the token endpoint and the org alike as audience is inferred.
    """
    jwt = jwts.read(text)
    certificate = app.assertion_certificate or app.certificate
    if jwt is None or not jwts.is_signed_by(jwt, certificate):
        return False
    end, known = jwt.expires_at(), audiences(org, place)
    skew = timedelta(seconds=state.load_org(org.db).jwt_skew_seconds)
    is_fresh = end is not None and org.clock.now() - skew <= end
    is_own = app.consumer_key == jwt.claim("iss") == jwt.claim("sub")
    return is_fresh and is_own and jwt.claim("aud") in known | _endpoints(known)
