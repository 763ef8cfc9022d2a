"""New passwords: the security token goes with the old one (o-soaplogin)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import objects, state, tokens
from evergrant.emulator.sessions import end_sessions, opaque

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

_PASSWORD: Final = 16
_SECURITY_TOKEN: Final = 24


def renew(org: Org, user_id: str) -> dict[str, object]:
    """Give a user another password and security token; gives how many approvals that ended."""
    word = opaque(org, "", _PASSWORD, "password")
    token = opaque(org, "", _SECURITY_TOKEN, "security_token")
    state.put(org.db, "x_user", id=user_id, password=word, security_token=token)
    objects.update(org.db, "User", user_id, LastPasswordChangeDate=org.clock.now())
    is_deadly = state.load_org(org.db).password_change_revokes
    return {"revoked": tokens.end_approvals(org, user_id=user_id) if is_deadly else 0}


def end_ui_sessions(org: Org, user_id: str) -> int:
    """End what the user opened in browsers; what apps hold stays."""
    rows = state.every(
        org.db, "SELECT token FROM x_session WHERE user_id = ? AND app_id IS NULL", user_id
    )
    return sum(end_sessions(org, "password reset", token=row["token"]) for row in rows)
