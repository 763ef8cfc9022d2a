"""ExternalClientApplication: the header, with which an external client app begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import acts, apps, state
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.document import root_of, with_defaults, without_secrets
from evergrant.emulator.metadata.holders import external_oauth, external_policies, satellites
from evergrant.emulator.metadata.holders.found import apps_named
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.holders.making import new_app, set_knobs
from evergrant.emulator.metadata.types.external_client_app import (
    APP,
    GLOBAL_SETTINGS,
    HEADER,
    OAUTH_POLICIES,
    OAUTH_SETTINGS,
    POLICIES,
)
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

_NEW: Final[dict[str, Any]] = {
    "pkce_required": True, "refresh_policy": "specific_lifetime:365:DAYS",
}  # fmt: skip
"""Where a new external client app stands otherwise than a connected app (real exports)."""
_SATELLITES: Final = (
    (OAUTH_SETTINGS, external_oauth.SETTINGS),
    (GLOBAL_SETTINGS, external_oauth.GLOBAL),
    (OAUTH_POLICIES, external_policies.OAUTH),
    (POLICIES, external_policies.APP_POLICIES),
)


def _names(org: Org) -> list[str]:
    return sorted(apps_named(org, "external_client_app"))


def _id_of(org: Org, name: str) -> str:
    return apps_named(org, "external_client_app")[name].id


def _read(org: Org, name: str) -> Document | None:
    app = apps_named(org, "external_client_app").get(name)
    if app is None:
        return None
    before = kept.find(org, HEADER.name, name)
    own = {"orgScopedExternalApp": f"{state.noted(org.db, 'org_id')}:{name}"}
    document = {**own, **(before.document if before is not None else {})}
    document |= {"label": app.label, "distributionState": app.distribution}
    return with_defaults(root_of(HEADER), document)


def _write(change: Change) -> None:
    org, document = change.org, change.document
    app = apps_named(org, "external_client_app").get(change.name)
    wanted = _wanted(document)
    if app is None:
        app = new_app(org, change.name, "external_client_app", None, {**_NEW, **wanted})
        apps.add(org, app, opaque(org, "", 64, "consumer_secret"))
        audit(org, "inferred:insertExternalClientApplication",
              f"Created external client app {app.label}", "Connected Apps")  # fmt: skip
    else:
        set_knobs(org, app, wanted)
    kept.keep(org, HEADER.name, change.name, document, app.id)


def _wanted(document: Document) -> dict[str, Any]:
    """The knobs of a header; states that the org does not tell apart are kept only."""
    wanted: dict[str, Any] = {}
    if document.get("label"):
        wanted["label"] = document["label"]
    if document.get("distributionState") in ("Local", "Packaged"):
        wanted["distribution"] = document["distributionState"]
    return wanted


def settle(org: Org) -> None:
    """Keep the files that apps have by themselves, before a deployment changes one of them."""
    for full_name, app in apps_named(org, "external_client_app").items():
        if satellites.is_ours(org, app):
            _settle(org, app, full_name)


def _settle(org: Org, app: AppPolicy, full_name: str) -> None:
    own = [
        (type_, name, holder.read(org, name) or {})
        for type_, holder in _SATELLITES
        for name in [satellites.NAMES[type_.name].format(full_name)]
    ]
    for type_, name, document in own:
        bare = without_secrets(root_of(type_), document)
        kept.keep(org, type_.name, name, bare, app.id)
    kept.keep(org, HEADER.name, full_name, {}, app.id)


def make_policies(org: Org) -> None:
    """Give each app that has settings the two policies that Salesforce makes by itself."""
    for full_name, app in apps_named(org, "external_client_app").items():
        if kept.owned(org, GLOBAL_SETTINGS.name, app.id) is None:
            continue
        for type_, document in ((OAUTH_POLICIES.name, {}), (POLICIES.name, {"isEnabled": "true"})):
            if kept.owned(org, type_, app.id) is None:
                name = satellites.NAMES[type_].format(full_name)
                kept.keep(org, type_, name, {APP: full_name, "label": name, **document}, app.id)


def _remove(org: Org, name: str) -> None:
    app = apps_named(org, "external_client_app")[name]
    acts.do(org, "delete_app", app=app.name)
    org.db.execute("DELETE FROM x_metadata WHERE owner = ?", (app.id,))


HEADERS: Final = Holder(
    _names, _read, _write, _remove, _id_of, frozenset({"label", "distributionState"})
)
