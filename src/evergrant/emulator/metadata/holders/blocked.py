"""BlacklistedConsumer: that one exists means that the app is blocked (inferred)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import acts, state
from evergrant.emulator.accounts import app_by_key
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.connected_app import BLOCKED_APP

if TYPE_CHECKING:
    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy


def _blocked(org: Org) -> dict[str, AppPolicy]:
    """The apps that are blocked, by the full names of their components.

    A block by a deployment bears its name; one by the button the app's API name (inferred).
    """
    given = {each.owner: each.name for each in kept.every(org, BLOCKED_APP.name)}
    rows = state.every(org.db, "SELECT id FROM x_app")
    found = [state.load_app(org.db, row["id"]) for row in rows]
    return {
        given.get(app.id, app.name.replace("-", "_")): app
        for app in found
        if app.blocked and not app.deleted
    }


def _names(org: Org) -> list[str]:
    strangers = {each.name for each in kept.every(org, BLOCKED_APP.name) if not each.owner}
    return sorted({*_blocked(org), *strangers})


def _read(org: Org, name: str) -> Document | None:
    app, deployed = _blocked(org).get(name), kept.find(org, BLOCKED_APP.name, name)
    if app is None:
        # A key that no app of this org has: kept, and of no effect.
        return deployed.document if deployed is not None and not deployed.owner else None
    button = {
        "blockedByApiWhitelisting": "false", "consumerKey": app.consumer_key,
        "consumerName": app.label, "masterLabel": app.label,
    }  # fmt: skip
    return deployed.document if deployed is not None else button


def _write(change: Change) -> None:
    before = _read(change.org, change.name)
    key = change.document["consumerKey"]
    if before is not None and before["consumerKey"] != key:
        raise Refused("key_fixed")
    app = app_by_key(change.org.db, key)
    if app is not None and not app.blocked:
        acts.do(change.org, "block_app", app=app.name)
    kept.keep(change.org, BLOCKED_APP.name, change.name, change.document, app.id if app else "")


def _remove(org: Org, name: str) -> None:
    app = _blocked(org).get(name)
    if app is not None:
        acts.do(org, "unblock_app", app=app.name)
    kept.drop(org, BLOCKED_APP.name, name)


BLOCKED_APPS: Final = Holder(_names, _read, _write, _remove, obeyed=frozenset({"consumerKey"}))
