"""A world in which the integration is already connected: its credential, and the traces of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evergrant.emulator import jwts, records
from evergrant.emulator.accounts import app_by_name, user_row
from evergrant.emulator.acts.users import INTEGRATION
from evergrant.emulator.oauth.grants import hand_out
from evergrant.emulator.sessions import open_session
from evergrant.emulator.world import keep_certificate

if TYPE_CHECKING:
    from evergrant.emulator.gates.attempt import Flow
    from evergrant.emulator.jwts import KeyPair
    from evergrant.emulator.org import Org

_FLOWS: Final[dict[str, Flow]] = {
    "orbit-jwt": "jwt_bearer", "orbit-server": "client_credentials",
}  # fmt: skip
"""How the world's apps connect, where it is not through a browser."""


def connect(
    org: Org, app_name: str, user: str = INTEGRATION, flow: Flow | None = None
) -> dict[str, str]:
    """Connect an app as its user did once, with a Success row; gives the token response.

    Without a flow, as the world's apps do it. Raises KeyError.
    """
    flow = flow or _FLOWS.get(app_name, "authorization_code")
    if flow == "jwt_bearer":
        key_of(org, app_name)
    app = app_by_name(org.db, app_name)
    row = user_row(org.db, user)
    if row is None:
        raise KeyError(f"no user is named {user}")
    with org.changing():
        fields = hand_out(org, app, row["Id"], flow)
        records.login(
            org, row["Id"], "Success", application=app.label, subtype=records.SUBTYPES.get(flow)
        )
        records.idp_event(org, app.id, row["Id"], "OauthTokenExchange", "Success")
    return fields


def key_of(org: Org, app_name: str) -> KeyPair:
    """An app's key pair, made when first asked for, its certificate registered with the app."""
    with org.changing():
        app_by_name(org.db, app_name)
        if app_name not in org.keys:
            org.keys[app_name] = jwts.new_key_pair(
                app_name, org.clock.now(), f"{org.seed} {app_name}"
            )
            keep_certificate(org, app_name)
        registered = app_by_name(org.db, app_name).certificate
        return replace(org.keys[app_name], certificate=registered)


def sign_in(org: Org, user: str) -> dict[str, str]:
    """A session for a user, as a person's own tools would have it, with the API open to it."""
    row = user_row(org.db, user)
    if row is None:
        raise KeyError(f"no user is named {user}")
    with org.changing():
        token = open_session(org, row["Id"], None, "full", None)
    return {
        "access_token": token, "instance_url": org.base_url, "token_type": "Bearer",
        "username": row["Username"], "user_id": row["Id"],
    }  # fmt: skip
