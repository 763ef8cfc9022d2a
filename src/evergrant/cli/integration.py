"""The integration file: TOML that says what a vendor's app is and how it comes to Salesforce."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from evergrant.cli.expectations import EXPECTED
from evergrant.cli.reading import read_text
from evergrant.errors import BadInput
from evergrant.model import App, Exchange, Integration, Means, Password, Secret
from evergrant.settings import Settings


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the file."""

    means: str
    required: bool = False
    many: bool = False
    """Whether it is a list of texts instead of one."""


MEMBERS: dict[str, Member] = {
    "id": Member("your own short name of the integration", required=True),
    "app_label": Member("the app's label in Setup and Login History", required=True),
    "flow": Member("how it comes to Salesforce: one of the flows below", required=True),
    "consumer_key": Member("the app's consumer key", required=True),
    "name": Member("the integration's name; the id if left out"),
    "app_owner": Member("the vendor that Setup shows for the app"),
    "consumer_secret_env": Member("variable that holds the consumer secret"),
    "consumer_secret_file": Member("file that holds the consumer secret"),
    "next_secret_env": Member("variable that holds the next secret, while one is being rotated"),
    "next_secret_file": Member("file that holds the next secret, while one is being rotated"),
    "private_key_file": Member("PEM file of the key that signs JWT and SAML assertions"),
    "login_host": Member("production (as if left out), sandbox or a My Domain"),
    "subject": Member("username that the flow runs as, where the flow names one"),
    "password_env": Member("variable that holds the password of the subject"),
    "password_file": Member("file that holds the password of the subject"),
    "security_token_env": Member("variable that holds the security token of the subject"),
    "security_token_file": Member("file that holds the security token of the subject"),
    "subject_token_type": Member(
        "what is exchanged: access_token, id_token, JWT, refresh_token or saml2"
    ),
    "token_handler": Member("Apex class that judges the token; the app's default if left out"),
    "callback_url": Member("callback that the app has; the service's own if left out"),
    "scopes": Member("scopes to ask for; all that the app has if left out", many=True),
    "support_contact": Member("whom a customer's admin may ask"),
}
"""What may stand in an integration file; secrets are named by file or variable, never written."""

SECRETS = ("consumer_secret_env", "consumer_secret_file")
PASSWORDS = ("password_env", "password_file")
SIGNED = (("private_key_file",), ("subject",))
NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "web_server": (),
    "device": (),
    "jwt_bearer": SIGNED,
    "saml_bearer": SIGNED,
    "client_credentials": (SECRETS,),
    "token_exchange": (("subject_token_type",),),
    "code_credentials": (("subject",), PASSWORDS, ("callback_url",)),
    "username_password": (SECRETS, ("subject",), PASSWORDS),
}
"""Flows that can connect → what each needs besides; of several names in a group, one."""


def read_integration(name: str, settings: Settings) -> Integration:
    """An integration file, relative to whose folder its files are named.

    Raises `BadInput` naming everything that is missing, unknown or wrong.
    """
    try:
        told = tomli.loads(read_text(name, give="describe the integration in it (TOML)"))
    except tomli.TOMLDecodeError as error:
        raise BadInput(
            f"{name} is not valid TOML", why=str(error), next_step="correct the file", whose="you"
        ) from error
    if complaints := list(_complaints(told)):
        raise BadInput(
            f"{name}: {'; '.join(complaints)}",
            next_step=f"members of the file: {', '.join(MEMBERS)}",
            whose="you",
        )
    return _integration(told, Path(name).parent, settings)


def _complaints(told: Mapping[str, Any]) -> Iterator[str]:
    if missing := [name for name, each in MEMBERS.items() if each.required and name not in told]:
        yield f"missing {', '.join(missing)}"
    if strange := sorted(set(told) - set(MEMBERS) - set(EXPECTED)):
        yield f"unknown {', '.join(strange)}"
    for name in MEMBERS.keys() & told.keys():
        if not _fits(MEMBERS[name], told[name]):
            yield f"{name} must be a {'list of texts' if MEMBERS[name].many else 'text'}"
    yield from _flow_complaints(told)


def _fits(member: Member, value: object) -> bool:
    if member.many:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str) and bool(value.strip())


def _flow_complaints(told: Mapping[str, Any]) -> Iterator[str]:
    from evergrant.oauth.token_exchange import TYPES

    flow = told.get("flow")
    if not isinstance(flow, str):
        return
    if flow not in NEEDS:
        yield f"flow is {flow!r}, and can be {', '.join(NEEDS)}"
    for group in NEEDS.get(flow, ()):
        if not any(name in told for name in group):
            yield f"{flow} needs {' or '.join(group)}"
    if (kind := told.get("subject_token_type", TYPES[0])) not in TYPES:
        yield f"subject_token_type is {kind!r}, and can be {', '.join(TYPES)}"


def _integration(told: Mapping[str, Any], folder: Path, settings: Settings) -> Integration:
    from evergrant.oauth import login_host
    from evergrant.store.integrations import id_in

    return Integration(
        id=id_in(settings.tenant, told["id"]),
        tenant=settings.tenant,
        name=told.get("name", told["id"]),
        app_label=told["app_label"],
        app_owner=told.get("app_owner", ""),
        app=App(
            consumer_key=told["consumer_key"],
            consumer_secret=_secret(told, folder, "consumer_secret"),
            next_secret=_secret(told, folder, "next_secret"),
            private_key=_file_secret(folder, told.get("private_key_file")),
            redirect_uri=told.get("callback_url", settings.callback_url),
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
        means=_means(told, folder),
        support_contact=told.get("support_contact", ""),
    )


def _means(told: Mapping[str, Any], folder: Path) -> Means | None:
    if password := _secret(told, folder, "password"):
        return Password(password, _secret(told, folder, "security_token"))
    if kind := told.get("subject_token_type"):
        return Exchange(kind, told.get("token_handler", ""))
    return None


def _secret(told: Mapping[str, Any], folder: Path, name: str) -> Secret | None:
    if variable := told.get(f"{name}_env"):
        if value := os.environ.get(variable):
            return Secret(value)
        raise BadInput(
            f"the variable {variable} is not set", next_step="export it first", whose="you"
        )
    return _file_secret(folder, told.get(f"{name}_file"))


def _file_secret(folder: Path, name: str | None) -> Secret | None:
    give = "put the secret into that file, and nothing else"
    return Secret(read_text(str(folder / name), give=give).strip()) if name else None
