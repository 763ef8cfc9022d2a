"""External Client App Manager: the list, and one app's tab of policies.

The tab of settings is the developer's (settings.py).  That an app's policies stand at its record
id is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator.policy_changes import JWT_MINUTES
from evergrant.emulator.setup.apps import granting, saved, shown
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.lookup import app_of, apps_of
from evergrant.emulator.setup.rights import EDIT_EXTERNAL, INSTALL, VIEW_EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from evergrant.emulator.setup.desk import Act, Desk, Form

EXTERNAL: Final = "/lightning/setup/ManageExternalClientApplication"


def _list(desk: Desk) -> Mapping[str, object]:
    apps = apps_of(desk, "external_client_app")
    return {
        "apps": [app for app in apps if app.in_org],
        "packages": [app for app in apps if not app.in_org],
    }


def _policies(desk: Desk) -> Mapping[str, object]:
    return {**shown(desk), "jwt_minutes": JWT_MINUTES}


def _save(desk: Desk, form: Form) -> Iterable[Act]:
    """Enabling lifts a block too, which no page of external client apps has a button for."""
    app = app_of(desk, desk.record)
    if "enabled" in form and app.blocked:
        yield "unblock_app", {"app": app.name}
    yield from saved(desk, form)


def _install(desk: Desk, form: Form) -> Iterable[Act]:
    return [("install_app", {"app": app_of(desk, form.get("app", "")).name})]


PAGES: Final = (
    Page(
        f"{EXTERNAL}/home", "External Client App Manager", "external.html", VIEW_EXTERNAL, _list,
        {"install": Deed(INSTALL, _install)},
    ),
    Page(
        "/0xI", "External Client App", "app.html", VIEW_EXTERNAL, _policies,
        {"save": Deed(EDIT_EXTERNAL, _save), **granting(EDIT_EXTERNAL)}, "inferred",
    ),
)  # fmt: skip
