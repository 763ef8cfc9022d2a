"""Token exchange handlers as data: which tokens of which identity provider stand for which user.

A real org runs an Apex class (Auth.Oauth2TokenExchangeHandler); here a handler is told beforehand
what its class would answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.gates.attempt import ExchangeMaterial

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

TYPES: Final = ("access_token", "id_token", "JWT", "refresh_token", "saml2")
"""Kinds of token that a handler may take (OauthTokenExchangeHandler, is…Supported)."""
_URN: Final = "urn:ietf:params:oauth:token-type:"


@dataclass(frozen=True, slots=True)
class Handler:
    """One handler with its enablements."""

    name: str
    types: tuple[str, ...]
    apps: tuple[str, ...]
    """Names of the apps it is enabled for."""
    is_default: bool
    """Whether it is asked where a request names no handler."""
    subjects: Mapping[str, str]
    """Incoming tokens that it takes, each with the username it stands for."""
    message: str
    """Its customErrorMsg for every other token; empty where it has none."""


def save(org: Org, handler: Handler) -> None:
    """Store a handler under its name."""
    state.put(org.db, "x_handler", name=handler.name, body=json.dumps(asdict(handler)))


def material(org: Org, app: AppPolicy, form: Mapping[str, str]) -> tuple[str, ExchangeMaterial]:
    """The username that a handler finds for the token, and what the gates look at."""
    handler = _handler(org, app, form)
    if handler is None:
        return "", ExchangeMaterial(has_handler=False)
    subject = handler.subjects.get(form.get("subject_token", ""), "")
    return subject, ExchangeMaterial(True, bool(subject), handler.message)


def _handler(org: Org, app: AppPolicy, form: Mapping[str, str]) -> Handler | None:
    named, kind = form.get("token_handler", ""), form.get("subject_token_type", "")
    return next(
        (
            each for each in _every(org)
            if (each.name == named if named else each.is_default)
            and app.name in each.apps
            and kind in [f"{_URN}{type_}" for type_ in each.types]
        ),
        None,
    )  # fmt: skip


def _every(org: Org) -> list[Handler]:
    rows = state.every(org.db, "SELECT body FROM x_handler ORDER BY rowid")
    return [Handler(**json.loads(row["body"])) for row in rows]
