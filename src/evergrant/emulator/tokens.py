"""Refresh tokens: given, used, rotated, evicted and revoked, each with its row in OauthToken.

A family is one approval: the refresh token given at consent and all that rotation made of it.
Its id is the Id of the OauthToken row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import levels, objects, state
from evergrant.emulator.sessions import end_sessions, opaque

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.gates.attempt import Flow
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

_ORDER: Final = {"oldest": "issued_at, rowid", "least_recently_used": "used_at, rowid"}
_KEPT: Final = ("family", "app_id", "user_id", "scopes", "issued_at", "flow", "level")
"""What a rotated refresh token hands on to its successor."""
_FIND: Final = (
    "SELECT token, family, app_id, user_id, scopes, issued_at, state, flow, level FROM x_refresh"
    " WHERE token = ?"
)
_USE: Final = "UPDATE x_refresh SET used_at = ? WHERE token = ?"
_COUNT_USE: Final = (
    'UPDATE "OauthToken" SET "UseCount" = "UseCount" + 1, "LastUsedDate" = ? WHERE "Id" = ?'
)
Ended = Literal["revoked", "evicted", "rotated"]


@dataclass(frozen=True, slots=True)
class Granted:
    """A refresh token that was just given."""

    token: str
    family: str


def grant(org: Org, app: AppPolicy, user_id: str, scopes: str, flow: Flow) -> Granted:
    """Give a refresh token; where it is one too many, another of the same user and app ends."""
    family, now = org.ids.new("0CQ"), org.clock.now()
    token = opaque(org, "5Aep861", 80, "refresh_token")
    state.put(
        org.db, "x_refresh", token=token, family=family, app_id=app.id, user_id=user_id,
        scopes=scopes, issued_at=now.timestamp(), used_at=now.timestamp(), state="live",
        flow=flow, level=levels.of_person(org, user_id, app),
    )  # fmt: skip
    menu = state.one(org.db, 'SELECT "Id" FROM "AppMenuItem" WHERE "ApplicationId" = ?', app.id)
    # Tokens of external client apps often lack the link to the menu item (recorded).
    has_menu_item = menu is not None and app.kind == "connected_app"
    objects.insert(
        org.db, "OauthToken", Id=family, AppName=app.label, UserId=user_id, CreatedDate=now,
        AppMenuItemId=menu["Id"] if menu and has_menu_item else None,
        LastUsedDate=now, UseCount=1, AccessToken=token,
        DeleteToken=opaque(org, "del", 60, "delete_token"),
    )  # fmt: skip
    _evict(org, app.id, user_id)
    return Granted(token, family)


def _evict(org: Org, app_id: str, user_id: str) -> None:
    policy = state.load_org(org.db)
    rows = state.every(
        org.db, "SELECT family FROM x_refresh WHERE app_id = ? AND user_id = ? AND state = 'live'"
        f" ORDER BY {_ORDER[policy.eviction]}", app_id, user_id,
    )  # fmt: skip
    for row in rows[: max(0, len(rows) - policy.approvals_limit)]:
        end_family(org, row["family"], "evicted")


def find(org: Org, token: str) -> Row | None:
    """The row of a refresh token, alive or not, without its last use; None for one never given."""
    return state.recall_granted(org.db, token, lambda: state.one(org.db, _FIND, token))


def last_use(org: Org, token: str) -> float:
    """When a refresh token was used last; raises LookupError for one never given."""
    return state.recall_granted(org.db, ("used_at", token), lambda: _last_use(org, token))


def _last_use(org: Org, token: str) -> float:
    row = state.one(org.db, "SELECT used_at FROM x_refresh WHERE token = ?", token)
    if row is None:
        raise LookupError("no such refresh token")
    return float(row["used_at"])


def use(org: Org, row: Row, *, rotate: bool) -> str | None:
    """Note a good use; with rotation, the successor that takes the token's place."""
    now = org.clock.now().timestamp()
    org.db.overwrite(_USE, (now, row["token"]))
    # No trigger watches this column, which changes at every use: what is remembered changes here.
    org.db.granted["used_at", row["token"]] = now
    if not rotate:
        return None
    successor = opaque(org, "5Aep861", 80, "refresh_token")
    org.db.execute("UPDATE x_refresh SET state = 'rotated' WHERE token = ?", (row["token"],))
    kept = {name: row[name] for name in _KEPT}
    state.put(org.db, "x_refresh", token=successor, used_at=now, state="live", **kept)
    objects.update(org.db, "OauthToken", row["family"], AccessToken=successor)
    return successor


def count_use(org: Org, family: str) -> None:
    """Raise UseCount and LastUsedDate: Salesforce does so for failed attempts too (F5)."""
    org.db.defer(_COUNT_USE, (objects.stamp(org.clock.now()), family))


def end_family(org: Org, family: str, how: Ended) -> None:
    """End an approval: its refresh token, its access tokens and its OauthToken row."""
    org.db.execute(
        "UPDATE x_refresh SET state = ? WHERE family = ? AND state = 'live'", (how, family)
    )
    end_sessions(org, how, family=family)
    org.db.execute('DELETE FROM "OauthToken" WHERE "Id" = ?', (family,))


def end_approvals(org: Org, **where: str) -> int:
    """Revoke every live approval with these column values (app_id, user_id)."""
    test = " AND ".join(f"{column} = ?" for column in where)
    rows = state.every(
        org.db, f"SELECT family FROM x_refresh WHERE {test} AND state = 'live'", *where.values()
    )
    for row in rows:
        end_family(org, row["family"], "revoked")
    return len(rows)


def revoke(org: Org, token: str) -> bool:
    """Revoke an access token, a refresh token or a DeleteToken; False where it is none alive."""
    if end_sessions(org, "revoked", token=token):
        return True
    row = state.one(
        org.db, "SELECT family FROM x_refresh WHERE token = ? AND state = 'live' UNION ALL "
        'SELECT "Id" FROM "OauthToken" WHERE "DeleteToken" = ?', token, token,
    )  # fmt: skip
    if row is not None:
        end_family(org, row["family"], "revoked")
    return row is not None
