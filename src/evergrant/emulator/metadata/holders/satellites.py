"""The files of an external client app beside its header: whose they are, and what they are called.

A file names its app inside; its own name is free. An app that nobody deployed has all of them,
under the names seen in public exports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.document import put, root_of, without_secrets
from evergrant.emulator.metadata.holders.bound import is_true, read_into
from evergrant.emulator.metadata.holders.found import apps_named, parent
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.external_client_app import (
    APP,
    GLOBAL_SETTINGS,
    HEADER,
    OAUTH_POLICIES,
    OAUTH_SETTINGS,
    POLICIES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.metadata.holders.bound import Bound
    from evergrant.emulator.metadata.holders.holder import Change
    from evergrant.emulator.metadata.shape import MetadataType
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

NAMES: Final = {
    OAUTH_SETTINGS.name: "{}_oauth",
    GLOBAL_SETTINGS.name: "{}GlblOAuth",
    OAUTH_POLICIES.name: "{}_defaultPolicy",
    POLICIES.name: "{}_defaultPolicy",
}
"""What Salesforce calls the files that it makes itself (recorded but for the first)."""
TWO_SIDED: Final = {
    "client_credentials": ("isClientCredentialsFlowEnabled", "isClientCredentialsFlowEnabled"),
    "token_exchange": ("isTokenExchangeEnabled", "isTokenExchangeFlowEnabled"),
}
"""Knobs that the settings and the policy must both turn on (the second inferred)."""


def is_ours(org: Org, app: AppPolicy) -> bool:
    """Whether the app was there before any deployment, with all its files."""
    return kept.owned(org, HEADER.name, app.id) is None


def standing(org: Org, type_: MetadataType) -> dict[str, tuple[str, AppPolicy]]:
    """The files of a type by full name, each with the full name of its app and the app."""
    found = {}
    for full_name, app in apps_named(org, "external_client_app").items():
        deployed = kept.owned(org, type_.name, app.id)
        if deployed is not None:
            found[deployed.name] = full_name, app
        elif is_ours(org, app):
            found[NAMES[type_.name].format(full_name)] = full_name, app
    return found


def names(org: Org, type_: MetadataType) -> list[str]:
    """The full names of a type's files."""
    return sorted(standing(org, type_))


def begun(org: Org, type_: MetadataType, name: str, bounds: Sequence[Bound]) -> Document:
    """A file as the app stands now, which a holder may complete; raises KeyError."""
    full_name, app = standing(org, type_)[name]
    before = kept.owned(org, type_.name, app.id)
    document: Document = before.document if before is not None else {}
    document[APP] = full_name
    read_into(document, app, bounds)
    return document


def claimed(change: Change, type_: MetadataType) -> AppPolicy:
    """The app that a file is for; raises Refused where the name or the place is another's."""
    app = parent(change.org, change.document[APP])
    others = standing(change.org, type_)
    if change.name in others and others[change.name][1].id != app.id:
        raise Refused("app_fixed")
    other = next((name for name, (_, owner) in others.items() if owner.id == app.id), change.name)
    if other != change.name:
        raise Refused("second", field=f"{OAUTH_SETTINGS.name}Id", other=other)
    return app


def require_oauth(org: Org, app: AppPolicy) -> None:
    """OAuth settings must be there before what rests on them; raises Refused."""
    if kept.owned(org, OAUTH_SETTINGS.name, app.id) is None and not is_ours(org, app):
        raise Refused("no_oauth", name=app.label)


def keep(change: Change, type_: MetadataType, app: AppPolicy) -> None:
    """Keep a file that was deployed."""
    bare = without_secrets(root_of(type_), change.document)
    kept.keep(change.org, type_.name, change.name, bare, app.id)


def two_sided(org: Org, app: AppPolicy) -> dict[str, Any]:
    """The knobs that settings and policy turn together, as both stand now."""
    settings = kept.owned(org, GLOBAL_SETTINGS.name, app.id)
    policy = kept.owned(org, OAUTH_POLICIES.name, app.id)
    return {
        knob: _says(settings, here) and _says(policy, there)
        for knob, (here, there) in TWO_SIDED.items()
    }


def _says(found: kept.Kept | None, element: str) -> bool:
    return found is not None and is_true(found.document.get(element, "false"))


def spell_two_sided(document: Document, app: AppPolicy, side: int, *, is_ours: bool) -> None:
    """Write the two-sided knobs into a file: as deployed, or as the app has them."""
    for knob, elements in TWO_SIDED.items():
        own = "true" if is_ours and getattr(app, knob) else "false"
        put(document, elements[side], document.get(elements[side], own))
