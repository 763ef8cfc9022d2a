"""App Manager: what the developer of an app sets; external client apps keep theirs in Settings.

The addresses of one app's pages here are inferred; only the list's is stated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from evergrant.emulator import state
from evergrant.emulator.setup.desk import BadForm, Deed, Page
from evergrant.emulator.setup.lookup import app_of, apps_of
from evergrant.emulator.setup.policies import differing
from evergrant.emulator.setup.ranges import with_range, without_range
from evergrant.emulator.setup.rights import BUILD_EXTERNAL, EDIT_APPS, VIEW, VIEW_EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.setup.desk import Act, Desk, Form, Right

MANAGER: Final = "/lightning/setup/NavigationMenus"
EXTERNAL: Final = "/lightning/setup/ManageExternalClientApplication"
SCOPES: Final = (
    "api", "web", "full", "refresh_token", "offline_access", "id", "openid", "profile", "email",
    "address", "phone", "chatter_api", "custom_permissions", "lightning", "content", "wave_api",
    "eclair_api", "pardot_api", "sfap_api", "mcp_api",
)  # fmt: skip
SWITCHES: Final = {
    "pkce_required": "Require Proof Key for Code Exchange",
    "secret_for_web": "Require Secret for Web Server Flow",
    "secret_for_refresh": "Require Secret for Refresh Token Flow",
    "rotation": "Enable Refresh Token Rotation",
    "client_credentials": "Enable Client Credentials Flow",
    "device_flow": "Enable for Device Flow",
    "introspect_all": "Introspect All Tokens",
    "token_exchange": "Enable Token Exchange Flow",
    "secret_for_token_exchange": "Require Secret for Token Exchange Flow",
    "code_credentials": "Enable Authorization Code and Credentials Flow",
    "code_credentials_post_only": "Require user credentials in the POST body",
    "jwt_access_tokens": "Issue JSON Web Token (JWT)-based access tokens for named users",
}
"""The checkboxes of the OAuth settings."""


def _list(desk: Desk) -> Mapping[str, object]:
    return {"apps": apps_of(desk, "connected_app")}


def _settings(desk: Desk) -> Mapping[str, object]:
    app = app_of(desk, desk.record)
    scopes = (*SCOPES, *(scope for scope in app.scopes if scope not in SCOPES))
    held = {name: bool(getattr(app, name, False)) for name in SWITCHES}
    return {
        "app": app, "scopes": scopes, "switches": SWITCHES,
        "held": {**held, "secret_for_web": not app.secret_optional},
        "certificate_ends": _ends(app.certificate),
    }  # fmt: skip


def _ends(pem: str) -> str:
    """The last day of a certificate; empty where there is none, or none that can be read."""
    try:
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc.date().isoformat()
    except ValueError:
        return ""


def _consumer(desk: Desk) -> Mapping[str, object]:
    app = app_of(desk, desk.record)
    row = state.one(
        desk.db, "SELECT secret FROM x_secret WHERE app_id = ? AND until IS NULL", app.id
    )
    return {"app": app, "secret": row["secret"] if row else ""}


def _save(desk: Desk, form: Form) -> Iterable[Act]:
    app = app_of(desk, desk.record)
    if changed := differing(app, _words(form, app)):
        yield "set_app", {"app": app.name, **changed}


def _words(form: Form, app: AppPolicy) -> dict[str, Any]:
    switches: dict[str, Any] = {name: name in form for name in SWITCHES}
    offered = dict.fromkeys((*app.scopes, *SCOPES))
    return {
        "callbacks": _callbacks(form.get("callbacks", "")),
        "scopes": tuple(scope for scope in offered if f"scope.{scope}" in form),
        "certificate": _certificate(form, app),
        "secret_optional": not switches.pop("secret_for_web"),
        **switches,
    }


def _callbacks(text: str) -> tuple[str, ...]:
    callbacks = tuple(dict.fromkeys(text.split()))
    if not callbacks or not all(":" in each for each in callbacks):
        raise BadForm("give at least one callback URL, one a line")
    return callbacks


def _certificate(form: Form, app: AppPolicy) -> str:
    if "digital_signatures" not in form:
        return ""
    pem = form.get("certificate", "").replace("\r\n", "\n").strip()
    if pem == app.certificate.strip():
        return app.certificate
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise BadForm("the certificate must be an X.509 certificate in PEM form") from error
    # Written anew, so that a private key pasted along with it is not kept.
    return certificate.public_bytes(Encoding.PEM).decode()


def _on_ranges(name: str, knob: str, right: Right) -> dict[str, Deed]:
    """The buttons that change one of an app's lists of ranges."""

    def add(desk: Desk, form: Form) -> Iterable[Act]:
        app = app_of(desk, desk.record)
        return [("set_app", {"app": app.name, knob: with_range(getattr(app, knob), form)})]

    def remove(desk: Desk, form: Form) -> Iterable[Act]:
        app = app_of(desk, desk.record)
        left = without_range(getattr(app, knob), form)
        return [("set_app", {"app": app.name, knob: left})] if left != getattr(app, knob) else []

    return {f"add_{name}": Deed(right, add), f"remove_{name}": Deed(right, remove)}


def _rotate(desk: Desk, _form: Form) -> Iterable[Act]:
    return [("rotate_secret", {"app": app_of(desk, desk.record).name})]


_CONSUMER: Final = "Manage Consumer Details"
PAGES: Final = (
    Page(f"{MANAGER}/home", "App Manager", "manager.html", VIEW, _list),
    Page(
        f"{MANAGER}/{{record}}", "Edit Connected App", "settings.html", EDIT_APPS, _settings,
        {"save": Deed(EDIT_APPS, _save), **_on_ranges("range", "trusted_ranges", EDIT_APPS)},
        "inferred",
    ),
    Page(
        f"{MANAGER}/{{record}}/consumer", _CONSUMER, "consumer.html", EDIT_APPS, _consumer,
        {"rotate": Deed(EDIT_APPS, _rotate)}, "inferred",
    ),
    Page(
        f"{EXTERNAL}/{{record}}", "Settings of an App", "settings.html", VIEW_EXTERNAL,
        _settings,
        {
            "save": Deed(BUILD_EXTERNAL, _save),
            **_on_ranges("range", "trusted_ranges", BUILD_EXTERNAL),
            **_on_ranges("allowed", "refresh_allowlist", BUILD_EXTERNAL),
        },
        "inferred",
    ),
    Page(
        f"{EXTERNAL}/{{record}}/consumer", _CONSUMER, "consumer.html", BUILD_EXTERNAL, _consumer,
        {"rotate": Deed(BUILD_EXTERNAL, _rotate)}, "inferred",
    ),
)  # fmt: skip
