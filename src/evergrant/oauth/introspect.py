"""Introspection: what Salesforce itself says of a token (RFC 7662)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from evergrant.errors import Malformed
from evergrant.model import App, Secret
from evergrant.oauth.answers import read_answer
from evergrant.oauth.client import proof
from evergrant.wire import Conversation, Request, host_of, send

INTROSPECT_PATH = "/services/oauth2/introspect"
Hint = Literal["access_token", "refresh_token"]


@dataclass(frozen=True, slots=True)
class Introspection:
    """What a token is; of an inactive one nothing more is said (RFC 7662 §2.2)."""

    active: bool
    scopes: tuple[str, ...] = ()
    client_id: str = ""
    username: str = ""
    subject: str = ""
    token_type: str = ""
    expires_at: datetime | None = None
    issued_at: datetime | None = None


def introspect(
    app: App,
    host: str,
    token: Secret,
    hint: Hint = "access_token",
    *,
    now: datetime | None = None,
) -> Conversation[Introspection]:
    """Ask about a token of this app; those of others need a right of their own.

    `now` is for clients that sign assertions.  Raises `Refused`, `Malformed`, and what the network
    throws.
    """
    form = {"token": token, "token_type_hint": hint, **proof(app, host, now)}
    reply = yield from send(Request("POST", host + INTROSPECT_PATH, form=form))
    said = read_answer(reply).members
    if said.get("active") not in ("true", "false"):
        raise Malformed(f"{host_of(host)} did not say whether the token is active")
    return Introspection(
        active=said["active"] == "true",
        scopes=tuple(said.get("scope", "").split()),
        client_id=said.get("client_id", ""),
        username=said.get("username", ""),
        subject=said.get("sub", ""),
        token_type=said.get("token_type", ""),
        expires_at=_moment(said.get("exp", "")),
        issued_at=_moment(said.get("iat", "")),
    )


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
