"""What a granted request gets: sessions, refresh tokens and the fields of the token response."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from evergrant.emulator import jwts, state, tokens
from evergrant.emulator.judges_app import NOT_FOR_CLIENT_CREDENTIALS, REFRESH_SCOPES
from evergrant.emulator.sessions import open_session

if TYPE_CHECKING:
    from evergrant.emulator.attempt import Flow
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.token_request import TokenRequest

Fields = dict[str, str]
_ID_TOKEN_SECONDS: Final = 120


def issue(org: Org, asked: TokenRequest, base: str) -> Fields:
    """Give what was asked for; every gate has passed and the caller holds the lock."""
    attempt = asked.attempt
    app, user = attempt.app, attempt.user
    if app is None or user is None:
        raise AssertionError("the gates let through a request without an app or a user")
    match attempt.flow:
        case "authorization_code" if asked.row is not None:
            return redeem(org, app, user.id, asked.row["scopes"], asked.row["code"], base)
        case "refresh_token" if asked.row is not None:
            return _refresh(org, asked, app, user.id, base)
        case "jwt_bearer":
            held = app.scopes if app.admin_approved else tuple(attempt.approvals.scopes)
            return _plain(org, app, user.id, held, REFRESH_SCOPES, base)
        case "client_credentials":
            return _plain(org, app, user.id, app.scopes, NOT_FOR_CLIENT_CREDENTIALS, base)
        case _:
            raise AssertionError(f"nothing is issued for {attempt.flow}")


def hand_out(org: Org, app: AppPolicy, user_id: str, flow: Flow) -> Fields:
    """What a good client gets by a flow, without a request: for worlds that begin connected."""
    if flow == "client_credentials":
        return _plain(org, app, user_id, app.scopes, NOT_FOR_CLIENT_CREDENTIALS, org.base_url)
    if flow == "jwt_bearer":
        return _plain(org, app, user_id, app.scopes, REFRESH_SCOPES, org.base_url)
    return redeem(org, app, user_id, state.words(app.scopes), "", org.base_url)


def redeem(org: Org, app: AppPolicy, user_id: str, scopes: str, code: str, base: str) -> Fields:
    """Use up a code: a session, and a refresh token where the scopes hold one."""
    now = org.clock.now().timestamp()
    org.db.execute("UPDATE x_code SET used_at = ? WHERE code = ?", (now, code))
    if not REFRESH_SCOPES & set(scopes.split()):
        return _fields(org, app, user_id, scopes, None, base)
    granted = tokens.grant(org, app, user_id, scopes)
    fields = _fields(org, app, user_id, scopes, granted.family, base)
    return {**fields, "refresh_token": granted.token}


def _refresh(org: Org, asked: TokenRequest, app: AppPolicy, user_id: str, base: str) -> Fields:
    row = asked.row
    if row is None:
        raise AssertionError("a refresh without a refresh token")
    successor = tokens.use(org, row, rotate=app.rotation)
    fields = _fields(org, app, user_id, row["scopes"], row["family"], base)
    return {**fields, "refresh_token": successor} if successor else fields


def _plain(
    org: Org, app: AppPolicy, user_id: str, held: tuple[str, ...], without: frozenset[str],
    base: str,
) -> Fields:  # fmt: skip
    scopes = state.words(scope for scope in app.scopes if scope in held and scope not in without)
    return _fields(org, app, user_id, scopes, None, base)


def _fields(
    org: Org, app: AppPolicy, user_id: str, scopes: str, family: str | None, base: str
) -> Fields:
    """The token response (1.8): issued_at in milliseconds as a string, never an expires_in."""
    identity = f"{base}/id/{state.noted(org.db, 'org_id')}/{user_id}"
    issued_at = str(int(org.clock.now().timestamp() * 1000))
    fields = {
        "access_token": open_session(org, user_id, app, scopes, family),
        "signature": signature(_secret(org, app), identity, issued_at),
        "scope": scopes,
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "token_format": "opaque",
    }
    if "openid" in scopes.split():
        fields["id_token"] = _id_token(org, app, identity, base)
    return fields


def signature(secret: str, identity: str, issued_at: str) -> str:
    """Base64 of HMAC-SHA256 over id and issued_at, keyed with the consumer secret (1.8)."""
    digest = hmac.new(secret.encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _secret(org: Org, app: AppPolicy) -> str:
    row = state.one(
        org.db, "SELECT secret FROM x_secret WHERE app_id = ? AND until IS NULL", app.id
    )
    return str(row["secret"]) if row else ""


def _id_token(org: Org, app: AppPolicy, identity: str, base: str) -> str:
    now = int(org.clock.now().timestamp())
    claims = {
        "iss": base, "sub": identity, "aud": app.consumer_key,
        "iat": now, "exp": now + _ID_TOKEN_SECONDS,
    }  # fmt: skip
    return jwts.sign(claims, jwts.org_key())
