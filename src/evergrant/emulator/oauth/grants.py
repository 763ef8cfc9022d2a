"""What a granted request gets: sessions, refresh tokens and the fields of the token response."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from evergrant.emulator import doors, jwts, state, tokens
from evergrant.emulator.gates.app import NOT_FOR_CLIENT_CREDENTIALS, REFRESH_SCOPES
from evergrant.emulator.gates.attempt import ASSERTED
from evergrant.emulator.gates.rules import rotates
from evergrant.emulator.oauth import device, hybrid
from evergrant.emulator.sessions import API_INSTANCE, open_session

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.asked import TokenRequest
    from evergrant.emulator.gates.attempt import Attempt, Flow
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

Fields = dict[str, str]


def issue(org: Org, asked: TokenRequest, base: str) -> Fields:
    """Give what was asked for; every gate has passed and the caller holds the lock."""
    attempt, row = asked.attempt, asked.row
    app, user = attempt.app, attempt.user
    if app is None or user is None:
        raise AssertionError("the gates let through a request without an app or a user")
    if row is None:
        fields = _without_row(org, attempt, app, user.id, base)
    else:
        fields = _for_row(org, attempt, app, user.id, row, base)
    more = hybrid.children(org, user.id, fields, base) if attempt.is_hybrid else {}
    return {**fields, **more}


def _for_row(
    org: Org, attempt: Attempt, app: AppPolicy, user_id: str, row: Row, base: str
) -> Fields:
    """What a code, a refresh token or a device code is good for."""
    match attempt.flow:
        case "authorization_code":
            fields = redeem(
                org, app, user_id, row["scopes"], base, code=row["code"], nonce=row["nonce"]
            )
            return {**fields, **site(org, base)} if row["is_headless"] else fields
        case "refresh_token":
            rotate = rotates(app, attempt.org, attempt.at)
            return _refresh(org, app, user_id, row, base, rotate=rotate)
        case "device":
            device.use(org, row)
            return redeem(org, app, user_id, row["scopes"], base, flow="device")
        case _:
            raise AssertionError(f"nothing is kept for {attempt.flow}")


def _without_row(org: Org, attempt: Attempt, app: AppPolicy, user_id: str, base: str) -> Fields:
    """What an assertion, a password, a foreign token or the app alone is good for."""
    match attempt.flow:
        case "jwt_bearer" | "saml_bearer":
            held = app.scopes if app.admin_approved else tuple(attempt.approvals.scopes)
            return _plain(org, app, user_id, held, REFRESH_SCOPES, base)
        case "client_credentials":
            return _plain(org, app, user_id, app.scopes, NOT_FOR_CLIENT_CREDENTIALS, base)
        case "password":
            return _plain(org, app, user_id, app.scopes, REFRESH_SCOPES, base)
        case "token_exchange":
            scopes = state.words(app.scopes)
            return redeem(org, app, user_id, scopes, base, flow="token_exchange")
        case _:
            raise AssertionError(f"nothing is issued for {attempt.flow}")


def give_at_once(
    org: Org, app: AppPolicy, user_id: str, scopes: str, base: str, nonce: str, *, is_lasting: bool
) -> Fields:
    """What the user-agent flow gives in the fragment; lasting: with a refresh token."""
    if is_lasting:
        return redeem(org, app, user_id, scopes, base, nonce=nonce, flow="user_agent")
    return _fields(org, app, user_id, scopes, None, base, nonce, is_attended=True)


def site(org: Org, base: str) -> Fields:
    """The members that name the Experience Cloud site (1.8); the org's one site is itself."""
    return {
        "sfdc_community_url": base, "sfdc_community_id": state.noted(org.db, "network_id"),
    }  # fmt: skip


def hand_out(org: Org, app: AppPolicy, user_id: str, flow: Flow) -> Fields:
    """What a good client gets by a flow, without a request: for worlds that begin connected."""
    if flow == "client_credentials":
        return _plain(org, app, user_id, app.scopes, NOT_FOR_CLIENT_CREDENTIALS, org.base_url)
    if flow in ASSERTED or flow == "password":
        return _plain(org, app, user_id, app.scopes, REFRESH_SCOPES, org.base_url)
    return redeem(org, app, user_id, state.words(app.scopes), org.base_url, flow=flow)


def redeem(
    org: Org, app: AppPolicy, user_id: str, scopes: str, base: str,
    *, code: str = "", nonce: str = "", flow: Flow = "authorization_code",
) -> Fields:  # fmt: skip
    """Use up a code, if there is one: a session, and a refresh token where the scopes hold one."""
    now = org.clock.now().timestamp()
    org.db.execute("UPDATE x_code SET used_at = ? WHERE code = ?", (now, code))
    if not REFRESH_SCOPES & set(scopes.split()):
        return _fields(
            org, app, user_id, scopes, None, base, nonce, is_attended=flow != "token_exchange"
        )
    granted = tokens.grant(org, app, user_id, scopes, flow)
    fields = _fields(org, app, user_id, scopes, granted.family, base, nonce)
    return {**fields, "refresh_token": granted.token}


def _refresh(
    org: Org, app: AppPolicy, user_id: str, row: Row, base: str, *, rotate: bool
) -> Fields:
    successor = tokens.use(org, row, rotate=rotate)
    fields = _fields(org, app, user_id, row["scopes"], row["family"], base)
    return {**fields, "refresh_token": successor} if successor else fields


def _plain(
    org: Org, app: AppPolicy, user_id: str, held: tuple[str, ...], without: frozenset[str],
    base: str,
) -> Fields:  # fmt: skip
    scopes = state.words(scope for scope in app.scopes if scope in held and scope not in without)
    return _fields(org, app, user_id, scopes, None, base)


def _fields(
    org: Org, app: AppPolicy, user_id: str, scopes: str, family: str | None, base: str,
    nonce: str = "", *, is_attended: bool = False,
) -> Fields:  # fmt: skip
    """The token response (1.8): issued_at in milliseconds as a string, never an expires_in."""
    identity = f"{base}/id/{state.noted(org.db, 'org_id')}/{user_id}"
    issued_at = str(int(org.clock.now().timestamp() * 1000))
    token = open_session(org, user_id, app, scopes, family, is_attended=is_attended)
    fields = {
        "access_token": token,
        "signature": signature(_secret(org, app), identity, issued_at),
        "scope": scopes,
        "instance_url": doors.instance_url(org) or base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "token_format": "jwt" if app.jwt_access_tokens else "opaque",
    }
    if app.jwt_access_tokens:
        fields["api_instance_url"] = API_INSTANCE
    if "openid" in scopes.split():
        fields["id_token"] = _id_token(org, app, identity, base, token, nonce)
    return fields


def signature(secret: str, identity: str, issued_at: str) -> str:
    """Base64 of HMAC-SHA256 over id and issued_at, keyed with the consumer secret (1.8)."""
    digest = hmac.digest(secret.encode(), (identity + issued_at).encode(), "sha256")
    return base64.b64encode(digest).decode()


def _secret(org: Org, app: AppPolicy) -> str:
    known = state.secrets_of(org.db, app.id)
    return next((secret for secret, until in known if until is None), "")


def _id_token(org: Org, app: AppPolicy, identity: str, base: str, token: str, nonce: str) -> str:
    """An id token (OpenID Connect Core section 2), bound to the access token and the nonce."""
    now = int(org.clock.now().timestamp())
    claims = {
        "iss": base, "sub": identity, "aud": app.consumer_key,
        "iat": now, "exp": now + app.id_token_minutes * 60, "at_hash": jwts.half_hash(token),
        **({"nonce": nonce} if nonce else {}),
    }  # fmt: skip
    return jwts.sign(claims, jwts.org_key())
