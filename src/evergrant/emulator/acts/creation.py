"""New apps and users: what comes into an org that is already there."""

from __future__ import annotations

from dataclasses import replace
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from evergrant.emulator import apps, people, state
from evergrant.emulator.accounts import user_row
from evergrant.emulator.people import Person
from evergrant.emulator.policies import AppPolicy
from evergrant.emulator.policy_changes import BadChange, changed
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppKind

_CALLBACK: Final = "http://localhost:1717/OauthRedirect"
_KEY_LENGTH: Final = range(8, 257)
_PASSWORD: Final = 16
_KINDS: Final[dict[str, AppKind]] = {
    "connected_app": "connected_app", "external_client_app": "external_client_app",
}  # fmt: skip


def create_app(
    org: Org, *, app: str, label: str = "", kind: str = "external_client_app",
    consumer_key: str = "", **knobs: object,
) -> dict[str, object]:  # fmt: skip
    """Make an app; a connected app only where org.connected_app_creation allows it.

    External client apps begin with the defaults seen on real ones: PKCE required, refresh tokens
    that live for 365 days. A key of one's own is given here or never.
    """
    if kind not in _KINDS:
        raise BadChange(f"kind is one of {', '.join(_KINDS)}")
    if kind == "connected_app" and not state.load_org(org.db).connected_app_creation:
        raise BadChange("new connected apps cannot be made in this org (Spring '26)")
    if state.one(org.db, "SELECT 1 FROM x_app WHERE name = ?", app) is not None:
        raise BadChange(f"there is an app named {app}")
    blank = AppPolicy(
        id=org.ids.new(apps.PREFIXES[_KINDS[kind]]), name=app, label=label or app,
        owner="Orbit Data, Inc.", kind=_KINDS[kind], consumer_key=_key(org, consumer_key),
        callbacks=(_CALLBACK,), scopes=("api", "refresh_token", "id", "openid"),
    )  # fmt: skip
    if kind == "external_client_app":
        blank = replace(blank, pkce_required=True, refresh_policy="specific_lifetime:365:DAYS")
    apps.add(org, changed(blank, knobs), opaque(org, "", 64, "consumer_secret"))
    audit(org, "insertConnectedApplication", f"Created app {blank.label}", "Connected Apps")
    return {"consumer_key": blank.consumer_key}


def _key(org: Org, wanted: str) -> str:
    """A made-up consumer key, or the one asked for (1.10: its letters, length and uniqueness)."""
    if not wanted:
        return "3MVG9" + "".join(org.random.choices(ascii_letters + digits, k=80))
    is_sound = wanted.isascii() and wanted.isalnum() and len(wanted) in _KEY_LENGTH
    if not is_sound:
        raise BadChange("a consumer key has 8 to 256 letters and digits")
    if state.one(org.db, "SELECT 1 FROM x_app WHERE consumer_key = ?", wanted) is not None:
        raise BadChange("the consumer key is taken")
    return wanted


def create_user(
    org: Org, *, user: str, first: str = "", last: str = "", profile: str = "Standard User"
) -> dict[str, object]:
    """Make a user, named by what stands before the @ of the username, with a made-up password."""
    person = Person(user, first or user.capitalize(), last, profile)
    username = people.username_of(org, person)
    if not user or "@" in user or user_row(org.db, username) is not None:
        raise BadChange(f"no new user can be named {user!r}")
    word = "".join(org.random.choices(ascii_letters + digits, k=_PASSWORD))
    made = people.add(org, person, word)
    audit(org, "inferred:createUser", f"Created new user {username}", "Manage Users")
    return {"id": made, "username": username}
