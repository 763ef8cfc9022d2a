"""What hybrid flows give besides: sessions for the browser parts of a mobile app (1.8, 2.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from evergrant.emulator import state
from evergrant.emulator.sessions import opaque, open_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.org import Org

CHILDREN: Final = ("lightning", "visualforce", "content")
"""Scopes that each ask for a session in a domain of its own."""


def children(org: Org, user_id: str, fields: Mapping[str, str], base: str) -> dict[str, str]:
    """The members for cookies and child sessions; none without the scope web (inferred).

    That every domain is the org's own host, and the values of cookies, are the emulator's.
    """
    held, host = fields["scope"].split(), urlsplit(base).netloc
    if "web" not in held:
        return {}
    given = {
        "csrf_token": opaque(org, "", 40, "csrf_token"),
        "cookie-clientSrc": org.ip,
        "cookie-sid_Client": opaque(org, "", 20, "cookie"),
        "sidCookieName": "sid",
        "parent_sid": fields["access_token"],
    }
    parent = state.one(
        org.db, "SELECT family FROM x_session WHERE token = ?", fields["access_token"]
    )
    family = parent["family"] if parent else None
    for name in CHILDREN:
        if name in held:
            given[f"{name}_domain"] = host
            given[f"{name}_sid"] = open_session(org, user_id, None, name, family)
    return given
