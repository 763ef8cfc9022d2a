"""Integrations as the operator sees and edits them, and which of their secrets are there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from evergrant.errors import BadInput
from evergrant.health import State
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.needs import expect
from evergrant.model import App, FlowId, Integration, Secret
from evergrant.oauth import login_host
from evergrant.store import expectations, integrations, listing, parts
from evergrant.store.expectations import Expectations
from evergrant.store.integrations import LONGEST_ID
from evergrant.store.parts import Part

LONGEST: Final = 255
LONGEST_SECRET: Final = 20_000
"""Characters; a private key in PEM has up to a few thousand."""
EDITABLE: Final[tuple[FlowId, ...]] = (
    "web_server", "device", "jwt_bearer", "saml_bearer", "client_credentials",
)  # fmt: skip
"""Flows that need nothing besides the app and its secrets; others come by the integration file."""
_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Described:
    """One integration, whole, but for its secrets: of them only whether they are there."""

    integration: Integration
    expected: Expectations
    parts: Sequence[Part]
    counts: Mapping[State, int]
    """Its connections by state."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an operator says of an integration; a secret that is None stays as it is."""

    name: str
    app_label: str
    app_owner: str
    consumer_key: str
    redirect_uri: str
    scopes: tuple[str, ...]
    flow: str
    login_host: str
    """As people write it: production, sandbox, or a My Domain."""
    subject: str
    support_contact: str
    consumer_secret: Secret | None = None
    next_secret: Secret | None = None
    private_key: Secret | None = None


def described(keeper: Keeper, key: str) -> Described:
    """An integration by its id or name.  Raises `NotFound`."""
    with keeper.reading() as tx:
        known = keeper.vault.integration(tx, key)
        counts = listing.by_integration(tx).get(known.id, {})
        return Described(known, expectations.of(tx, known.id), parts.of(tx, known.id), counts)


def all_described(keeper: Keeper) -> Sequence[Described]:
    """Every integration by name."""
    with keeper.reading() as tx:
        counts = listing.by_integration(tx)
        return [
            Described(
                each, expectations.of(tx, each.id), parts.of(tx, each.id), counts.get(each.id, {})
            )
            for each in keeper.vault.integrations(tx)
        ]


def add_integration(keeper: Keeper, edit: Edit) -> Integration:
    """A new integration; its id is made of its name.

    Raises `BadInput`, and `HostRefused` for a login host that is none of Salesforce's.
    """
    word = _ID.sub("-", edit.name.casefold()).strip("-")
    id_ = integrations.id_in(keeper.tenant, word[: LONGEST_ID - len(f"@{keeper.tenant}")])
    if not word:
        raise _wrong("the name has no letter or digit", "give it a name that others can type")
    with keeper.reading() as tx:
        if integrations.find(tx, id_):
            raise _wrong(f"there is an integration {id_!r} already", "choose another name")
    bare = Integration(id_, "", "", "", App(""), "web_server", "", tenant=keeper.tenant)
    return _save(keeper, _edited(keeper, bare, edit), "integration added")


def edit_integration(keeper: Keeper, key: str, edit: Edit) -> Integration:
    """Change an integration; its connections and their credentials stay.

    Raises `NotFound`, `BadInput`, and `HostRefused` for a login host that is none of Salesforce's.
    """
    with keeper.reading() as tx:
        known = keeper.vault.integration(tx, key)
    return _save(keeper, _edited(keeper, known, edit), "integration changed")


def edit_expectations(keeper: Keeper, key: str, told: Expectations, what: str) -> None:
    """Put what an integration expects in place of what it expected, and write down who did.

    Raises `NotFound`, `BadInput`.
    """
    expect(keeper, key, told)
    with keeper.writing() as tx:
        did(keeper, tx, "integration changed", subject=integrations.get(tx, key).id, text=what)


def _save(keeper: Keeper, made: Integration, act: str) -> Integration:
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, made)
        did(keeper, tx, act, subject=made.id, text=made.name)
    return made


def _edited(keeper: Keeper, known: Integration, edit: Edit) -> Integration:
    _check(known, edit)
    settings = keeper.settings
    host = login_host(
        edit.login_host,
        allowed=(*settings.allowed_hosts, *_own_host(known)),
        production=settings.login_host_production,
        sandbox=settings.login_host_sandbox,
    )
    app = replace(
        known.app,
        consumer_key=edit.consumer_key,
        redirect_uri=edit.redirect_uri,
        scopes=edit.scopes,
        consumer_secret=edit.consumer_secret or known.app.consumer_secret,
        next_secret=edit.next_secret or known.app.next_secret,
        private_key=edit.private_key or known.app.private_key,
    )
    return replace(
        known,
        name=edit.name,
        app_label=edit.app_label,
        app_owner=edit.app_owner,
        app=app,
        flow=cast("FlowId", edit.flow),
        login_host=host,
        subject=edit.subject,
        support_contact=edit.support_contact,
    )


def _own_host(known: Integration) -> tuple[str, ...]:
    """The host that it has stays allowed: whoever gave it was asked then."""
    return (known.login_host.partition("://")[2],) if known.login_host else ()


def _check(known: Integration, edit: Edit) -> None:
    texts = {
        "name": edit.name, "label": edit.app_label, "owner": edit.app_owner,
        "consumer key": edit.consumer_key, "callback URL": edit.redirect_uri,
        "subject": edit.subject, "support contact": edit.support_contact,
    }  # fmt: skip
    for title in ("name", "label", "consumer key"):
        if not texts[title]:
            raise _wrong(f"the {title} is missing", f"give the {title}")
    for title, text in texts.items():
        if len(text) > LONGEST:
            raise _wrong(f"the {title} is longer than {LONGEST} characters", "shorten it")
    for secret in (edit.consumer_secret, edit.next_secret, edit.private_key):
        if secret and len(secret.reveal()) > LONGEST_SECRET:
            raise _wrong("a secret is longer than any of Salesforce’s", "paste it alone")
    if edit.flow not in (*EDITABLE, known.flow):
        raise _wrong("that flow cannot be chosen here", "use an integration file for it")


def _wrong(what: str, next_step: str) -> BadInput:
    return BadInput(what, next_step=next_step, whose="you")
