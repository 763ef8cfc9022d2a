"""The app that a person tests with: as the org has it, and as the emulator must play it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli

from evergrant.errors import BadInput
from evergrant.model import Secret

if TYPE_CHECKING:
    from evergrant.fidelity import TestedApp, TwinApp


@dataclass(frozen=True, slots=True)
class Apps:
    """One app on both sides."""

    tested: TestedApp
    twin: TwinApp


def read_apps(name: str, kind: str, settings: tuple[str, ...], token_env: str) -> Apps | None:
    """The app of an integration file, set as `settings` say (`NAME=VALUE`); None without a file.

    `token_env` names a variable with a refresh token to spend.  Raises `BadInput`.
    """
    if not name:
        if settings or token_env:
            raise BadInput(
                "there is no app that these settings could be of",
                next_step="describe it with --app-file",
                whose="you",
            )
        return None
    from evergrant.cli.integration import read_integration
    from evergrant.fidelity import TestedApp, TwinApp, check_settings
    from evergrant.settings import load

    told = read_integration(name, load())
    knobs = dict(map(_setting, settings))
    check_settings(knobs)
    token = _variable(token_env)
    mints = told.flow == "client_credentials" or knobs.get("client_credentials") is True
    twin = TwinApp(
        kind, bool(told.app.consumer_secret), bool(told.app.private_key), bool(token), mints,
        told.app.scopes, knobs or None,
    )  # fmt: skip
    return Apps(TestedApp(told.app, told.app_label, kind, mints, token), twin)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"{text!r} is no NAME=VALUE", next_step="write rotation=true", whose="you")
    try:
        return name.strip(), tomli.loads(f"value = {value}")["value"]
    except tomli.TOMLDecodeError:
        return name.strip(), value.strip()


def _variable(name: str) -> Secret | None:
    if not name:
        return None
    if value := os.environ.get(name):
        return Secret(value)
    raise BadInput(f"the variable {name} is not set", next_step="export it first", whose="you")
