"""Sessions: every access token, opaque or JWT, and the browser's sign-in, is one.

A session dies of idleness, but for that of a JWT, which has a fixed end. Salesforce writes the
last activity only once half of the window has passed (AuthSession reference), so the emulator
does too.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from evergrant.emulator import jwts, objects, state
from evergrant.emulator.ids import to15

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

API_INSTANCE: Final = "https://api.salesforce.com"
"""api_instance_url beside a JWT access token (recorded)."""
_ALPHABET: Final = ascii_letters + digits + "._"


@dataclass(frozen=True, slots=True)
class Session:
    """Who calls, through which app, with what scopes, and from where the session was opened."""

    user_id: str
    app_id: str | None
    scopes: frozenset[str]
    source_ip: str


def opaque(org: Org, prefix: str, length: int, kind: str) -> str:
    """A new secret, remembered as issued so that leaks can be looked for."""
    text = prefix + "".join(org.random.choices(_ALPHABET, k=length))
    state.put(org.db, "x_issued", secret=text, kind=kind)
    return text


def open_session(
    org: Org, user_id: str, app: AppPolicy | None, scopes: str, family: str | None
) -> str:
    """Open a session and give its token; a browser's session has no app."""
    is_jwt = app is not None and app.jwt_access_tokens
    seconds = app.jwt_minutes * 60 if app and is_jwt else _seconds(org, user_id, app)
    token = (
        _jwt(org, user_id, app, scopes, seconds)
        if app and is_jwt
        else opaque(org, f"{to15(state.noted(org.db, 'org_id'))}!AQ", 84, "access_token")
    )
    record, now = org.ids.new("0Ak"), org.clock.now()
    state.put(
        org.db, "x_session", token=token, id=record, user_id=user_id, app_id=app and app.id,
        scopes=scopes, source_ip=org.ip, seen_at=now.timestamp(), seconds=seconds, family=family,
        ended=None, is_jwt=is_jwt,
    )  # fmt: skip
    objects.insert(
        org.db, "AuthSession", Id=record, UsersId=user_id, CreatedDate=now, LastModifiedDate=now,
        NumSecondsValid=seconds, UserType="Standard", SourceIp=org.ip,
        LoginType="Remote Access 2.0" if app else "Application",
        SessionType="Oauth2" if app else "UI", SessionSecurityLevel="STANDARD",
        IsAssociatedWithJwtAccessToken=is_jwt,
    )  # fmt: skip
    return token


def _jwt(org: Org, user_id: str, app: AppPolicy, scopes: str, seconds: int) -> str:
    """A JWT access token (4.2): the names of header and claims are recorded, their values inferred.

    Its jti keeps two tokens of one second apart.
    """
    now = int(org.clock.now().timestamp())
    claims = {
        "iss": org.base_url, "sub": f"uid:{user_id}", "aud": [org.base_url, API_INSTANCE],
        "iat": now, "nbf": now - 30, "exp": now + seconds, "scp": scopes,
        "client_id": app.consumer_key, "jti": f"{org.random.getrandbits(96):x}",
    }  # fmt: skip
    tenant = f"core/emulator/{to15(state.noted(org.db, 'org_id'))}"
    token = jwts.sign(claims, jwts.org_key(), tty="sfdc-core-token", tnk=tenant, ver="1.0")
    state.put(org.db, "x_issued", secret=token, kind="access_token")
    return token


def _seconds(org: Org, user_id: str, app: AppPolicy | None) -> int:
    """The idle timeout: the app's, else the profile's, else the org's."""
    row = state.one(org.db, 'SELECT "ProfileId" FROM "User" WHERE "Id" = ?', user_id)
    profile = state.load_profile(org.db, row["ProfileId"]) if row else None
    minutes = (
        (app and app.session_minutes)
        or (profile and profile.session_minutes)
        or state.load_org(org.db).session_minutes
    )
    return minutes * 60


def live_session(org: Org, token: str) -> Session | None:
    """The session behind a token, touched; None where it ended, idled away or never was."""
    row = state.one(org.db, "SELECT * FROM x_session WHERE token = ?", token)
    now = org.clock.now().timestamp()
    if row is None or row["ended"] or now > row["seen_at"] + row["seconds"]:
        return None
    if not row["is_jwt"] and now - row["seen_at"] >= row["seconds"] / 2:
        org.db.execute("UPDATE x_session SET seen_at = ? WHERE token = ?", (now, token))
        objects.update(org.db, "AuthSession", row["id"], LastModifiedDate=org.clock.now())
    return Session(
        row["user_id"], row["app_id"], frozenset(row["scopes"].split()), row["source_ip"]
    )


def end_sessions(org: Org, why: str, **where: str) -> int:
    """End the live sessions with these column values (token, family, app_id or user_id)."""
    test = " AND ".join(f"{column} = ?" for column in where)
    rows = state.every(
        org.db, f"SELECT token, id FROM x_session WHERE {test} AND ended IS NULL", *where.values()
    )
    for row in rows:
        org.db.execute("UPDATE x_session SET ended = ? WHERE token = ?", (why, row["token"]))
        org.db.execute('DELETE FROM "AuthSession" WHERE "Id" = ?', (row["id"],))
    return len(rows)
