"""What lies inside the sealed blobs, as JSON: credentials and the secret half of an integration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from evergrant.model import (
    App,
    Credential,
    Exchange,
    Identity,
    Integration,
    Means,
    Password,
    Secret,
    Staged,
)

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def of_credential(credential: Credential, identity: Identity) -> bytes:
    """A credential and whose it is, ready to be sealed."""
    return _dump(
        {
            "access_token": credential.access_token.reveal(),
            "refresh_token": _open(credential.refresh_token),
            "instance_url": credential.instance_url,
            "identity_url": credential.identity_url,
            "issued_at": credential.issued_at.isoformat() if credential.issued_at else None,
            "scopes": credential.scopes,
            "token_format": credential.token_format,
            "extras": dict(credential.extras),
            "identity": [identity.org_id, identity.user_id, identity.username],
        }
    )


def credential_of(content: bytes) -> tuple[Credential, Identity]:
    """The credential, and whose it is, from an opened blob."""
    data = json.loads(content.decode())
    credential = Credential(
        access_token=Secret(data["access_token"]),
        instance_url=data["instance_url"],
        refresh_token=_secret(data["refresh_token"]),
        identity_url=data["identity_url"],
        issued_at=datetime.fromisoformat(data["issued_at"]) if data["issued_at"] else None,
        scopes=tuple(data["scopes"]),
        token_format=data["token_format"],
        extras=data["extras"],
    )
    return credential, Identity(*data["identity"])


def of_integration(integration: Integration) -> bytes:
    """The secret half of an integration, ready to be sealed."""
    app = integration.app
    return _dump(
        {
            "consumer_secret": _open(app.consumer_secret),
            "next_secret": _open(app.next_secret),
            "private_key": _open(app.private_key),
            "staged": _of_staged(app.staged),
            "secret_since": _when(app.secret_since),
            "means": _of_means(integration.means),
        }
    )


def with_secrets(app: App, content: bytes) -> App:
    """An app with the secret half from an opened blob."""
    data = json.loads(content)
    return replace(
        app,
        consumer_secret=_secret(data["consumer_secret"]),
        next_secret=_secret(data.get("next_secret")),
        private_key=_secret(data["private_key"]),
        staged=_staged(data.get("staged")),
        secret_since=_moment(data.get("secret_since")),
    )


def _of_staged(staged: Staged | None) -> list[str | None] | None:
    if staged is None:
        return None
    return [staged.role, staged.key, _when(staged.until), staged.trial]


def _staged(told: Any) -> Staged | None:
    return Staged(told[0], told[1], _moment(told[2]), told[3]) if told else None


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def means_of(content: bytes) -> Means | None:
    """What the flow needs besides the app, from an opened blob; older blobs hold none."""
    match json.loads(content).get("means"):
        case {"password": str(password), "security_token": token}:
            return Password(Secret(password), _secret(token))
        case {"token_type": str(token_type), "handler": str(handler)}:
            return Exchange(token_type, handler)
        case _:
            return None


def _of_means(means: Means | None) -> Mapping[str, Any] | None:
    match means:
        case Password(password, token):
            return {"password": password.reveal(), "security_token": _open(token)}
        case Exchange(token_type, handler):
            return {"token_type": token_type, "handler": handler}
        case None:
            return None
        case _:
            assert_never(means)


def _dump(data: Mapping[str, Any]) -> bytes:
    return _ENCODE(data).encode()


def _open(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text is not None else None
