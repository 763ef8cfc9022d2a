"""The pages a person meets: sign-in, consent and Salesforce's own error page."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from evergrant.emulator import state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

BANNER: Final = "This is Evergrant's emulator, not Salesforce. Nothing here reaches a real org."
_GENERIC: Final = "OAUTH_APPROVAL_ERROR_GENERIC"
_GENERIC_TEXT: Final = "An unexpected error has occured during authentication. Please try again."
"""The misspelling is Salesforce's (recorded)."""
_MEANINGS: Final = {
    "api": "Manage user data via APIs",
    "web": "Manage user data via Web browsers",
    "full": "Full access",
    "refresh_token": "Perform requests at any time",
    "offline_access": "Perform requests at any time",
    "id": "Access the identity URL service",
    "openid": "Access unique user identifiers",
    "chatter_api": "Access Connect REST API resources",
}
"""How scopes read on the consent page (inferred); others are shown by their own name."""


@cache
def environment() -> Environment:
    """The templates, escaping whatever is put into them."""
    return Environment(
        loader=PackageLoader("evergrant.emulator"), autoescape=True, undefined=StrictUndefined
    )


def _page(name: str, status: int = 200, **fields: object) -> HTMLResponse:
    text = environment().get_template(name).render(banner=BANNER, **fields)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def login(org: Org, action: str, username: str, error: str = "") -> HTMLResponse:
    """The sign-in page; the form comes back to where the person was going."""
    return _page(
        "login.html", org_name=org_name(org), action=action, username=username, error=error
    )


def consent(
    org: Org, app: AppPolicy, username: str, scopes: Iterable[str], action: str, confirmation: str
) -> HTMLResponse:
    """The page that asks whether the app may."""
    named = [(scope, _MEANINGS.get(scope, scope)) for scope in scopes]
    return _page(
        "consent.html", org_name=org_name(org), app=app, username=username, scopes=named,
        action=action, confirmation=confirmation,
    )  # fmt: skip


def device(org: Org, action: str, user_code: str, error: str = "") -> HTMLResponse:
    """The page that asks for the code a device shows (its wording is inferred)."""
    return _page(
        "device.html", org_name=org_name(org), action=action, user_code=user_code, error=error
    )


def oauth_error(org: Org, error: str, description: str) -> HTMLResponse:
    """RemoteAccessErrorPage: anything but an OAUTH_ code shows the generic sentence.

    The real reason then stands only in the page's own address (3.5).
    """
    is_plain = error.startswith("OAUTH_")
    code, text = (error, description) if is_plain else (_GENERIC, _GENERIC_TEXT)
    return _page("error.html", org_name=org_name(org), code=code, text=text)


def plain(heading: str, text: str, status: int = 200) -> HTMLResponse:
    """A page with one sentence."""
    return _page("plain.html", status, heading=heading, text=text)


def org_name(org: Org) -> str:
    """What the org is called."""
    row = state.one(org.db, 'SELECT "Name" FROM "Organization"')
    return str(row["Name"]) if row else "Salesforce"
