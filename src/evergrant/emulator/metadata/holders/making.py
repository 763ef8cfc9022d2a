"""What both kinds of apps need: scopes in metadata's words, new apps, changed knobs."""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509

from evergrant.emulator import acts, apps, state
from evergrant.emulator.accounts import app_by_key
from evergrant.emulator.metadata.holders.bound import differing
from evergrant.emulator.metadata.holders.found import name_in_org
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.connected_app import SCOPES
from evergrant.emulator.policies import AppPolicy
from evergrant.emulator.policy_changes import BadChange, changed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppKind

ID_TOKEN_MINUTES: Final = 2
"""How long an id token is good where nothing is said, which a file leaves out."""
_KEY_FORM: Final = re.compile("[A-Za-z0-9]{8,256}")
_COLLAPSED: Final = {
    "address": "Basic", "email": "Basic", "phone": "Basic", "profile": "Basic",
    "offline_access": "RefreshToken",
}  # fmt: skip
"""On retrieve several scopes become one (MD-connectedapp)."""
_NAMES: Final = {wire: name for name, wire in SCOPES.items()} | _COLLAPSED


def scopes_out(scopes: Iterable[str]) -> list[str] | None:
    """Scopes on the wire as metadata has them."""
    return list(dict.fromkeys(_NAMES[each] for each in scopes if each in _NAMES)) or None


def require_certificate(text: str) -> None:
    """A certificate must be one that can be read; raises Refused."""
    try:
        x509.load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise Refused("certificate") from error


def new_app(
    org: Org, name: str, kind: AppKind, key: str | None, wanted: dict[str, Any]
) -> AppPolicy:
    """The policy of an app that is about to be made in this org; raises Refused."""
    owner = state.one(org.db, 'SELECT "Name" FROM "Organization"')
    blank = AppPolicy(
        id=org.ids.new(apps.PREFIXES[kind]), name=name_in_org(org, name), label=name,
        owner=owner["Name"] if owner else "", kind=kind, consumer_key=key or new_key(org),
        callbacks=(), scopes=(),
    )  # fmt: skip
    try:
        return changed(blank, wanted)
    except BadChange as error:
        raise Refused("policy", name=str(error).partition(":")[0], why=str(error)) from error


def new_key(org: Org) -> str:
    """A consumer key that begins as those of Salesforce do."""
    return "3MVG9" + "".join(org.random.choices(ascii_letters + digits, k=80))


def require_free(org: Org, key: str) -> None:
    """A key that a developer chose must have its form and be unknown so far; raises Refused."""
    if not _KEY_FORM.fullmatch(key):
        raise Refused("key_form")
    if app_by_key(org.db, key) is not None:
        raise Refused("key_taken")


def set_knobs(org: Org, app: AppPolicy, wanted: dict[str, Any]) -> None:
    """Turn the knobs that stand otherwise, as an admin does; raises Refused."""
    turned = differing(app, wanted)
    if not turned:
        return
    try:
        acts.do(org, "set_app", app=app.name, **turned)
    except acts.BadAct as error:
        raise Refused("policy", name=", ".join(turned), why=str(error)) from error
