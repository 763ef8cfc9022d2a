"""Sessions: every access token, opaque or JWT, and the browser's sign-in, is one.

A session dies of idleness, but for that of a JWT, which has a fixed end. Salesforce writes the
last activity only once half of the window has passed (AuthSession reference), so the emulator
does too.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evergrant.emulator import jwts, levels, state
from evergrant.emulator.accounts import profile_of
from evergrant.emulator.events import log
from evergrant.emulator.ids import to15

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy, SessionLevel

API_INSTANCE: Final = "https://api.salesforce.com"
"""api_instance_url beside a JWT access token (recorded)."""
_PROFILE_ZERO: Final = 120
"""What 0 minutes mean on a profile (o-profsess)."""
_ISSUED: Final = state.putting("x_issued", "secret", "kind")
_OPENED: Final = state.putting(
    "x_session", "token", "id", "user_id", "app_id", "scopes", "source_ip", "opened_at", "seen_at",
    "seconds", "family", "ended", "is_jwt", "level",
)  # fmt: skip
_MARKS: Final = b"._"
"""What stands beside letters and digits in a secret."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who calls, through which app, with what scopes, and from where the session was opened."""

    user_id: str
    app_id: str | None
    scopes: frozenset[str]
    source_ip: str
    level: str = "STANDARD"
    """Its SessionSecurityLevel."""
    id: str = ""
    """Of its AuthSession row."""


def opaque(org: Org, prefix: str, length: int, kind: str) -> str:
    """A new secret, remembered as issued so that leaks can be looked for."""
    drawn = base64.b64encode(org.random.randbytes(length), _MARKS).decode()
    text = prefix + drawn[:length]
    org.db.defer(_ISSUED, (text, kind))
    return text


def open_session(
    org: Org, user_id: str, app: AppPolicy | None, scopes: str, family: str | None,
    *, is_attended: bool = False,
) -> str:  # fmt: skip
    """Open a session and give its token; a browser's session has no app.

    Attended: a person is at the browser right now.
    """
    is_jwt = app is not None and app.jwt_access_tokens
    seconds = _seconds(org, user_id, app)
    level = _level(org, user_id, app, family, is_attended=is_attended)
    token = (
        _jwt(org, user_id, app, scopes, seconds)
        if app and is_jwt
        else opaque(org, f"{to15(state.noted(org.db, 'org_id'))}!AQ", 84, "access_token")
    )
    record, now = org.ids.new("0Ak"), org.clock.now().timestamp()
    org.db.defer(_OPENED, (
        token, record, user_id, app and app.id, scopes, org.ip, now, now, seconds, family, None,
        is_jwt, level,
    ))  # fmt: skip
    return token


def _level(
    org: Org, user_id: str, app: AppPolicy | None, family: str | None, *, is_attended: bool
) -> SessionLevel:
    if app is None or is_attended:
        return levels.of_person(org, user_id, app)
    return "STANDARD" if family is None else levels.of_family(org, app, family)


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
    """The idle timeout: the app's, else the profile's, else the org's (4.1).

    A JWT has a fixed end: the app's own minutes, or the timeout of profile and org.
    """
    own = app and app.session_minutes
    if app is not None and app.jwt_access_tokens:
        own = app.jwt_minutes if app.jwt_timeout == "Custom" else None
    profile = profile_of(org.db, user_id)
    theirs = profile and profile.session_minutes
    minutes = own or (_PROFILE_ZERO if theirs == 0 else theirs)
    return (minutes or state.load_org(org.db).session_minutes) * 60


def live_session(org: Org, token: str) -> Session | None:
    """The session behind a token, touched; None where it ended, idled away or never was."""
    row, now = live_row(org, token), org.clock.now().timestamp()
    if row is None:
        return None
    if not row["is_jwt"] and now - row["seen_at"] >= row["seconds"] / 2:
        org.db.execute("UPDATE x_session SET seen_at = ? WHERE token = ?", (now, token))
    return Session(
        row["user_id"], row["app_id"], frozenset(row["scopes"].split()), row["source_ip"],
        row["level"], row["id"],
    )  # fmt: skip


def live_row(org: Org, token: str) -> Row | None:
    """The row of a live session, looked at without being used."""
    row = state.one(org.db, "SELECT * FROM x_session WHERE token = ?", token)
    is_over = row is not None and (
        row["ended"] or org.clock.now().timestamp() > row["seen_at"] + row["seconds"]
    )
    return None if is_over else row


def end_sessions(org: Org, why: str, **where: str) -> int:
    """End the live sessions with these column values (token, family, app_id or user_id)."""
    test = " AND ".join(f"{column} = ?" for column in where)
    rows = state.every(
        org.db, "SELECT token, id, user_id, app_id, source_ip FROM x_session"
        f" WHERE {test} AND ended IS NULL", *where.values(),
    )  # fmt: skip
    for row in rows:
        org.db.execute("UPDATE x_session SET ended = ? WHERE token = ?", (why, row["token"]))
    log.keep_ends(org, rows, why)
    return len(rows)
