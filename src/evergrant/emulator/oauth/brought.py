"""What a token request brings: a code, a refresh token, an assertion, a password; whose it is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import propagation, state
from evergrant.emulator.accounts import user_id_of
from evergrant.emulator.gates.attempt import (
    CodeMaterial,
    Flow,
    Material,
    NoMaterial,
    RefreshMaterial,
)
from evergrant.emulator.oauth import handlers, passwords
from evergrant.emulator.oauth.assertions import jwt_material, saml_material
from evergrant.emulator.oauth.device import material as device_material
from evergrant.emulator.tokens import find, last_use

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.asked import Asked
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

Verifier = Literal["not_due", "right", "wrong", "missing", "unexpected"]


@dataclass(frozen=True, slots=True)
class Brought:
    """The material that the gates look at, whose it is, and the row that it would use up."""

    material: Material = field(default_factory=NoMaterial)
    user_id: str | None = None
    row: Row | None = None


def _code(org: Org, asked: Asked, app: AppPolicy, at: datetime) -> Brought:
    row = state.one(org.db, "SELECT * FROM x_code WHERE code = ?", asked.sent("code"))
    if row is None or row["app_id"] != app.id:
        return Brought(CodeMaterial("unknown" if row is None else "foreign"))
    material = CodeMaterial(
        "used" if row["used_at"] else "live",
        at.timestamp() - row["issued_at"],
        asked.sent("redirect_uri") == row["redirect_uri"],
        _verifier(row["challenge"], asked.form.get("code_verifier")),
    )
    return Brought(material, row["user_id"], row)


def _verifier(challenge: str | None, verifier: str | None) -> Verifier:
    """Compare by S256, which Salesforce implies; verifiers longer than 128 are taken (1.5)."""
    if not challenge:
        return "unexpected" if verifier else "not_due"
    if not verifier:
        return "missing"
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return "right" if expected == challenge.rstrip("=") else "wrong"


def _refresh(org: Org, asked: Asked, app: AppPolicy, _at: datetime) -> Brought:
    row = find(org, asked.sent("refresh_token"))
    if row is None or row["app_id"] != app.id:
        return Brought(RefreshMaterial("unknown" if row is None else "foreign"))
    token = row["token"]
    material = RefreshMaterial(
        row["state"], _moment(row["issued_at"]), _moment(last_use(org, token)), token in org.busy
    )
    return Brought(material, row["user_id"], row)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _jwt(org: Org, asked: Asked, app: AppPolicy, _at: datetime) -> Brought:
    material, subject = jwt_material(org, app, asked.sent("assertion"), asked.place)
    return Brought(material, _named(org, subject))


def _saml(org: Org, asked: Asked, app: AppPolicy, _at: datetime) -> Brought:
    material, subject = saml_material(org, app, asked.sent("assertion"), asked.place)
    return Brought(material, _named(org, subject))


def _exchange(org: Org, asked: Asked, app: AppPolicy, _at: datetime) -> Brought:
    subject, material = handlers.material(org, app, asked.form)
    return Brought(material, _named(org, subject))


def _named(org: Org, username: str) -> str | None:
    return user_id_of(org.db, username) if "@" in username else None


def _client_credentials(org: Org, _asked: Asked, app: AppPolicy, _at: datetime) -> Brought:
    return Brought(user_id=user_id_of(org.db, app.run_as) if app.run_as else None)


def _password(org: Org, asked: Asked, _app: AppPolicy, _at: datetime) -> Brought:
    policy, username = propagation.org_policy(org), asked.sent("username")
    user, material = passwords.material(org, policy, username, asked.sent("password"))
    return Brought(material, user["Id"] if user else None)


def _device(org: Org, asked: Asked, app: AppPolicy, at: datetime) -> Brought:
    row, material = device_material(org, asked.sent("code"), app, at)
    is_somebodys = row is not None and material.state != "denied"
    return Brought(material, row["user_id"] if row is not None and is_somebodys else None, row)


BROUGHT: Final[dict[Flow, Callable[[Org, Asked, AppPolicy, datetime], Brought]]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "jwt_bearer": _jwt,
    "saml_bearer": _saml,
    "client_credentials": _client_credentials,
    "device": _device,
    "password": _password,
    "token_exchange": _exchange,
}
"""How each flow's request is read; the caller holds the org's lock."""
