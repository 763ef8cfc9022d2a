"""Reading what people give: files, standard input, sessions, integration files."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evergrant.errors import BadInput
from evergrant.model import App, Integration, Secret, Session
from evergrant.settings import Settings

BINARY_LOOK = 4096
BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


def read_text(name: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises `BadInput` for what cannot be read, is empty, or is no text.
    """
    raw = _read_bytes(name)
    shown = "standard input" if name == "-" else name
    if not raw.strip():
        raise BadInput(
            f"{shown} is empty", next_step="give the error text that you got", whose="you"
        )
    bom = next((codec for mark, codec in BOMS.items() if raw.startswith(mark)), None)
    if bom is None and b"\0" in raw[:BINARY_LOOK]:
        raise BadInput(
            f"{shown} is binary, not text",
            next_step="copy the error's text into a file, or paste it on standard input",
            whose="you",
        )
    return raw.decode(bom or "utf-8", errors="replace")


def _read_bytes(name: str) -> bytes:
    if name == "-":
        if sys.stdin.isatty():
            sys.stderr.write("Paste the error, then press Ctrl-D.\n")
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadInput(
            f"cannot read {name}",
            why=error.strerror or str(error),
            next_step="check the path, or use - for standard input",
            whose="you",
        ) from error


def read_session(name: str) -> Session:
    """An admin's evidence session: JSON with `access_token` and `instance_url`.

    The words of Salesforce CLI (`accessToken`, `instanceUrl`, under `result`) are understood too.
    """
    try:
        told = json.loads(read_text(name))
        told = told.get("result", told)
        url = told.get("instance_url") or told["instanceUrl"]
        return Session(
            str(url).rstrip("/"), Secret(told.get("access_token") or told["accessToken"])
        )
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadInput(
            "the evidence session cannot be read",
            why="expected JSON with access_token and instance_url",
            next_step="give what `sf org display --json` prints, or the two members alone",
            whose="you",
        ) from error


def read_integration(name: str, settings: Settings) -> Integration:
    """An integration file (TOML); secrets are named by file or variable, never written in it.

    Raises `BadInput` naming what is missing, unknown or wrong.
    """
    try:
        told = tomllib.loads(read_text(name))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name} is not valid TOML", why=str(error), whose="you") from error
    missing, strange = sorted(REQUIRED - set(told)), sorted(set(told) - KNOWN)
    if missing or strange:
        raise BadInput(
            f"{name}: " + "; ".join(_complaints(missing, strange)),
            next_step=f"known members: {', '.join(sorted(KNOWN))}",
            whose="you",
        )
    return _integration(told, Path(name).parent, settings)


REQUIRED = frozenset({"id", "app_label", "flow", "consumer_key"})
KNOWN = REQUIRED | {
    "name",
    "app_owner",
    "consumer_secret_env",
    "consumer_secret_file",
    "private_key_file",
    "login_host",
    "subject",
    "scopes",
    "support_contact",
}
CAN_CONNECT = ("web_server", "jwt_bearer", "client_credentials")


def _complaints(missing: list[str], strange: list[str]) -> list[str]:
    told = [f"missing {', '.join(missing)}"] if missing else []
    return told + ([f"unknown {', '.join(strange)}"] if strange else [])


def _integration(told: Mapping[str, Any], folder: Path, settings: Settings) -> Integration:
    from evergrant.oauth import login_host

    if told["flow"] not in CAN_CONNECT:
        raise BadInput(f"flow is {told['flow']!r}", next_step=f"one of {', '.join(CAN_CONNECT)}")
    return Integration(
        id=told["id"],
        name=told.get("name", told["id"]),
        app_label=told["app_label"],
        app_owner=told.get("app_owner", ""),
        app=App(
            consumer_key=told["consumer_key"],
            consumer_secret=_secret(told, folder),
            private_key=_file_secret(folder, told.get("private_key_file")),
            redirect_uri=settings.callback_url,
            scopes=tuple(told.get("scopes", ())),
        ),
        flow=told["flow"],
        login_host=login_host(
            told.get("login_host", "production"),
            allowed=settings.allowed_hosts,
            production=settings.login_host_production,
            sandbox=settings.login_host_sandbox,
        ),
        subject=told.get("subject", ""),
        support_contact=told.get("support_contact", ""),
    )


def _secret(told: Mapping[str, Any], folder: Path) -> Secret | None:
    if variable := told.get("consumer_secret_env"):
        if value := os.environ.get(variable):
            return Secret(value)
        raise BadInput(
            f"the variable {variable} is not set", next_step="export it first", whose="you"
        )
    return _file_secret(folder, told.get("consumer_secret_file"))


def _file_secret(folder: Path, name: str | None) -> Secret | None:
    return Secret(read_text(str(folder / name)).strip()) if name else None
