"""The switches of the whole org: sessions, OAuth flows, API Access Control, apps, My Domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import ids, state
from evergrant.emulator.data.call import DAILY_CALLS, calls_on
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.lookup import apps_of
from evergrant.emulator.setup.policies import TIMEOUTS, differing, whole
from evergrant.emulator.setup.rights import EDIT_ORG, VIEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from evergrant.emulator.policies import OrgPolicy
    from evergrant.emulator.setup.desk import Act, Desk, Form


@dataclass(frozen=True, slots=True)
class Switch:
    """A checkbox and the knob of the org that it turns."""

    label: str
    knob: str
    is_inverted: bool = False
    """Whether a tick means that the knob is off."""

    def shown(self, org: OrgPolicy) -> bool:
        """Whether the box is ticked."""
        return bool(getattr(org, self.knob)) != self.is_inverted

    def read(self, form: Form) -> bool:
        """What the knob is set to by a filled form."""
        return (self.knob in form) != self.is_inverted


SESSION: Final = (
    Switch("Lock sessions to the IP address from which they originated", "lock_sessions_to_ip"),
    Switch("Enforce login IP ranges on every request", "enforce_ip_every_request"),
    Switch("Terminate all of a user's sessions when an admin resets that user's password",
           "end_sessions_on_password_reset"),
)  # fmt: skip
FLOWS: Final = (
    Switch("Allow OAuth Username-Password Flows", "block_username_password", is_inverted=True),
    Switch("Allow OAuth User-Agent Flows", "block_user_agent", is_inverted=True),
    Switch("Require Proof Key for Code Exchange (PKCE) for all authorization flows",
           "pkce_required"),
    Switch("Allow Authorization Code and Credentials Flows", "code_credentials"),
)  # fmt: skip
CONTROL: Final = (
    Switch("For admin-approved users, limit API access to only allowlisted connected apps",
           "api_access_control"),
    Switch("For external users, limit API access to only allowlisted connected apps",
           "api_access_control_external"),
)  # fmt: skip
EXTERNAL: Final = (
    Switch("Allow access to External Client App consumer secrets via REST API",
           "client_secret_in_rest"),
)  # fmt: skip
DOMAIN: Final = (
    Switch("Prevent login from https://login.salesforce.com and https://test.salesforce.com",
           "my_domain_login_only"),
)  # fmt: skip


def _shown(switches: tuple[Switch, ...]) -> Callable[[Desk], Mapping[str, object]]:
    def show(desk: Desk) -> Mapping[str, object]:
        org = state.load_org(desk.db)
        return {
            "org": org,
            "boxes": [(each.knob, each.label, each.shown(org)) for each in switches],
        }

    return show


def _saved(switches: tuple[Switch, ...]) -> Callable[[Desk, Form], Iterable[Act]]:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        return _turn(desk, {each.knob: each.read(form) for each in switches})

    return plan


def _turn(desk: Desk, wanted: dict[str, Any]) -> Iterable[Act]:
    changed = differing(state.load_org(desk.db), wanted)
    return [("set_org", changed)] if changed else []


def _sessions(desk: Desk) -> Mapping[str, object]:
    return {**_shown(SESSION)(desk), "timeouts": TIMEOUTS}


def _save_sessions(desk: Desk, form: Form) -> Iterable[Act]:
    timeout = whole(form, "session_minutes", "the session timeout")
    boxes = {each.knob: each.read(form) for each in SESSION}
    return _turn(desk, {"session_minutes": timeout, **boxes})


def _control(desk: Desk) -> Mapping[str, object]:
    return {**_shown(CONTROL)(desk), "apps": apps_of(desk)}


def _save_control(desk: Desk, form: Form) -> Iterable[Act]:
    yield from _saved(CONTROL)(desk, form)
    for app in apps_of(desk):
        if (is_listed := f"app.{app.id}" in form) != app.api_allowlisted:
            yield "set_app", {"app": app.name, "api_allowlisted": is_listed}


def _domain(desk: Desk) -> Mapping[str, object]:
    return {
        **_shown(DOMAIN)(desk), **_company(desk), "address": desk.org.base_url,
        "host": desk.org.home.host,
    }  # fmt: skip


def _company(desk: Desk) -> Mapping[str, object]:
    row = state.one(desk.db, 'SELECT * FROM "Organization"')
    return {
        "organization": row, "is_sandbox": bool(row and row["IsSandbox"]),
        "org": state.load_org(desk.db), "id": ids.to15(state.noted(desk.db, "org_id")),
        "calls": calls_on(desk.org, f"{desk.org.clock.now():%Y-%m-%d}"), "most": DAILY_CALLS,
    }  # fmt: skip


PAGES: Final = (
    Page(
        "/lightning/setup/SecuritySession/home", "Session Settings", "org_session.html", VIEW,
        _sessions, {"save": Deed(EDIT_ORG, _save_sessions)},
    ),
    Page(
        "/lightning/setup/OauthOidcSettings/home", "OAuth and OpenID Connect Settings",
        "org_boxes.html", VIEW, _shown(FLOWS), {"save": Deed(EDIT_ORG, _saved(FLOWS))},
    ),
    Page(
        "/lightning/setup/ExternalClientApplicationSettings/home", "External Client App Settings",
        "org_external.html", VIEW, _shown(EXTERNAL),
        {"save": Deed(EDIT_ORG, _saved(EXTERNAL))},
    ),
    Page(
        "/lightning/setup/ApiAccessControl/home", "API Access Control", "org_control.html", VIEW,
        _control, {"save": Deed(EDIT_ORG, _save_control)},
    ),
    Page(
        "/lightning/setup/CompanyProfileInfo/home", "Company Information", "company.html", VIEW,
        _company, mark="inferred",
    ),
    Page(
        "/lightning/setup/OrgDomain/home", "My Domain", "org_domain.html", VIEW, _domain,
        {"save": Deed(EDIT_ORG, _saved(DOMAIN))},
    ),
)  # fmt: skip
