"""The switches of the whole org: sessions, OAuth flows, API Access Control; and My Domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import state
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.lookup import apps_of
from evergrant.emulator.setup.policies import TIMEOUTS, differing, whole
from evergrant.emulator.setup.rights import EDIT_ORG, VIEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from evergrant.emulator.setup.desk import Act, Desk, Form

SESSION: Final = {
    "lock_sessions_to_ip": "Lock sessions to the IP address from which they originated",
    "enforce_ip_every_request": "Enforce login IP ranges on every request",
}
FLOWS: Final = {
    "allow_username_password": "Allow OAuth Username-Password Flows",
    "allow_user_agent": "Allow OAuth User-Agent Flows",
    "pkce_required": "Require Proof Key for Code Exchange (PKCE) for all authorization flows",
}


def _settings(desk: Desk) -> Mapping[str, object]:
    org = state.load_org(desk.db)
    held = {
        **{name: getattr(org, name) for name in (*SESSION, "pkce_required")},
        "allow_username_password": not org.block_username_password,
        "allow_user_agent": not org.block_user_agent,
    }
    return {
        "org": org, "held": held, "session": SESSION, "flows": FLOWS, "timeouts": TIMEOUTS,
        "apps": apps_of(desk), "address": desk.org.base_url,
        "is_sandbox": bool(_organization(desk)["IsSandbox"]),
    }  # fmt: skip


def _organization(desk: Desk) -> Any:
    return state.one(desk.db, 'SELECT * FROM "Organization"')


def _session(form: Form) -> dict[str, Any]:
    timeout = whole(form, "session_minutes", "the session timeout")
    return {"session_minutes": timeout, **{name: name in form for name in SESSION}}


def _flows(form: Form) -> dict[str, Any]:
    return {
        "block_username_password": "allow_username_password" not in form,
        "block_user_agent": "allow_user_agent" not in form,
        "pkce_required": "pkce_required" in form,
    }


def _saved(read: Callable[[Form], dict[str, Any]]) -> dict[str, Deed]:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        if changed := differing(state.load_org(desk.db), read(form)):
            yield "set_org", changed

    return {"save": Deed(EDIT_ORG, plan)}


def _control(desk: Desk, form: Form) -> Iterable[Act]:
    wanted = {"api_access_control": "api_access_control" in form}
    if changed := differing(state.load_org(desk.db), wanted):
        yield "set_org", changed
    for app in apps_of(desk):
        if (is_listed := f"app.{app.id}" in form) != app.api_allowlisted:
            yield "set_app", {"app": app.name, "api_allowlisted": is_listed}


PAGES: Final = (
    Page(
        "/lightning/setup/SecuritySession/home", "Session Settings", "org_session.html", VIEW,
        _settings, _saved(_session),
    ),
    Page(
        "/lightning/setup/OauthOidcSettings/home", "OAuth and OpenID Connect Settings",
        "org_oauth.html", VIEW, _settings, _saved(_flows),
    ),
    Page(
        "/lightning/setup/ApiAccessControl/home", "API Access Control", "org_control.html", VIEW,
        _settings, {"save": Deed(EDIT_ORG, _control)},
    ),
    Page("/lightning/setup/OrgDomain/home", "My Domain", "org_domain.html", VIEW, _settings),
)  # fmt: skip
