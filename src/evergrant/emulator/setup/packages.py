"""Installed Packages, and what a package brings: named credentials and auth. providers.

The address of Installed Packages is inferred.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import state
from evergrant.emulator.setup.bridge import CONNECTIONS
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.rights import (
    EDIT_CREDENTIALS,
    INSTALL_PACKAGE,
    VIEW,
    VIEW_CREDENTIALS,
    VIEW_PROVIDERS,
)
from evergrant.emulator.vendor import package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from evergrant.emulator.setup.desk import Act, Desk, Form


def _packages(desk: Desk) -> Mapping[str, object]:
    return {
        "package": package.ORBIT, "is_installed": package.is_installed(desk.org),
        "connections": CONNECTIONS,
    }  # fmt: skip


def _install(desk: Desk, _form: Form) -> Iterable[Act]:
    return [("install_package", {"user": desk.username})]


def _uninstall(_desk: Desk, _form: Form) -> Iterable[Act]:
    return [("uninstall_package", {})]


def _credentials(desk: Desk) -> Mapping[str, object]:
    return {"credentials": [_credential(*each) for each in _components(desk, "NamedCredential")]}


def _credential(name: str, body: Mapping[str, Any]) -> dict[str, object]:
    """One row: address and external credential stand in the parameters."""
    parameters: list[Mapping[str, str]] = body.get("namedCredentialParameters", [])
    urls = [each.get("parameterValue", "") for each in parameters if _is(each, "Url")]
    external = [each["externalCredential"] for each in parameters if "externalCredential" in each]
    return {
        "name": name, "label": body.get("label", name),
        "url": next(iter(urls), body.get("endpoint", "")), "external": next(iter(external), ""),
        "is_enabled": body.get("calloutStatus", "Enabled") == "Enabled",
    }  # fmt: skip


def _is(parameter: Mapping[str, str], type_: str) -> bool:
    return parameter.get("parameterType") == type_


def _providers(desk: Desk) -> Mapping[str, object]:
    return {"providers": _components(desk, "AuthProvider")}


def _components(desk: Desk, type_: str) -> list[tuple[str, dict[str, Any]]]:
    """The components of a type, by name: what was installed or deployed."""
    rows = state.every(
        desk.db, "SELECT name, body FROM x_metadata WHERE type = ? ORDER BY name", type_
    )
    return [(row["name"], json.loads(row["body"])) for row in rows]


def _callouts(*, enabled: bool) -> Deed:
    def plan(_desk: Desk, form: Form) -> Iterable[Act]:
        name = form.get("credential", "")
        return [("set_callouts", {"credential": name, "enabled": enabled})]

    return Deed(EDIT_CREDENTIALS, plan)


PAGES: Final = (
    Page(
        "/lightning/setup/ImportedPackage/home", "Installed Packages", "packages.html", VIEW,
        _packages,
        {
            "install": Deed(INSTALL_PACKAGE, _install),
            "uninstall": Deed(INSTALL_PACKAGE, _uninstall),
        },
        "inferred",
    ),
    Page(
        "/lightning/setup/NamedCredential/home", "Named Credentials", "credentials.html",
        VIEW_CREDENTIALS, _credentials,
        {"enable": _callouts(enabled=True), "disable": _callouts(enabled=False)},
    ),
    Page(
        "/lightning/setup/AuthProviders/home", "Auth. Providers", "providers.html",
        VIEW_PROVIDERS, _providers,
    ),
)  # fmt: skip
