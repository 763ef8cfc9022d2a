"""A package's own setup page: its system connections, each (re)connected by itself and in order.

It stands under a Visualforce address and under that of a custom tab; the page, its words and its
buttons are the made-up vendor's, the addresses are inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse

from evergrant.emulator import state
from evergrant.emulator.setup.desk import BadForm, Deed, NoAccess, NoRecord, Page, no_acts
from evergrant.emulator.setup.policies import choice
from evergrant.emulator.setup.rights import SIGNED_IN
from evergrant.emulator.vendor import cloud, connections, package
from evergrant.emulator.vendor.connections import Broken, Connected, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.responses import Response

    from evergrant.emulator.setup.desk import Act, Desk, Form

CONNECTIONS: Final = "/lightning/n/orbit__Connections"
CONNECTIONS_CLASSIC: Final = "/apex/orbit__Connections"
FLOW_COOKIE: Final = "orbit_flow"
"""Binds a round through the vendor's pages to the browser that began it."""
_WORDS: Final[dict[connections.Direction, tuple[str, str]]] = {
    "outbound": ("Outbound", "Salesforce calls Orbit"),
    "organization": ("Organization", "which Orbit organization this org belongs to"),
    "inbound": ("Inbound", "Orbit calls Salesforce"),
}
_DIRECTIONS: Final[dict[str, object]] = dict(_WORDS.items())
_PROBLEMS: Final = {
    "denied": "Orbit was not let in: access was denied there.",
    "stale": "That sign-in was not begun in this browser, or is over. Connect again.",
    "provider": "The auth. provider of this package is gone. Deploy it or install anew.",
}
"""By the word in the address that a round ends with; nothing of the address itself is shown."""


@dataclass(frozen=True, slots=True)
class Card:
    """One connection as the page shows it."""

    direction: connections.Direction
    title: str
    about: str
    status: Status

    @property
    def state(self) -> str:
        """In one word or two."""
        match self.status:
            case Connected():
                return "Connected"
            case Broken():
                return "Error"
            case _:
                return "Not connected"


def seat(desk: Desk) -> None:
    """Let in who holds the package's permission set; raises NoRecord or NoAccess."""
    if not package.is_installed(desk.org):
        raise NoRecord(package.ORBIT.label)
    held = state.one(
        desk.db, 'SELECT s."Label" FROM "PermissionSetAssignment" a JOIN "PermissionSet" s'
        ' ON s."Id" = a."PermissionSetId" WHERE a."AssigneeId" = ? AND s."Name" = ?',
        desk.user_id, package.ORBIT.permission_set,
    )  # fmt: skip
    if held is None:
        raise NoAccess("the permission set Orbit Setup User")


def _show(desk: Desk) -> Mapping[str, object]:
    seat(desk)
    found = connections.statuses(desk.org)
    outbound = connections.find(desk.org, "outbound")
    account = outbound["chosen"] if outbound else ""
    organization = connections.find(desk.org, "organization")
    return {
        "cards": [Card(each, *_WORDS[each], status) for each, status in found.items()],
        "organizations": connections.ACCOUNTS.get(account, ()),
        "organization": organization["chosen"] if organization else "",
        "package": package.ORBIT, "trouble": _PROBLEMS.get(desk.query.get("problem", ""), ""),
    }  # fmt: skip


def _outbound(desk: Desk, _form: Form) -> Response:
    flow = cloud.begin(desk.org, "outbound")
    return _away(flow, f"{package.PLAYED}/authorize?state={flow.state}")


def _inbound(desk: Desk, form: Form) -> Response:
    flow = cloud.begin(desk.org, "inbound")
    as_other = "as_other" in form
    return _away(flow, cloud.authorize_address(desk.org, flow, as_other=as_other))


def _away(flow: cloud.Flow, address: str) -> Response:
    """To the other side, with the cookie that says who may come back; always our own address."""
    answer = RedirectResponse(address, 303)
    answer.set_cookie(FLOW_COOKIE, flow.state, httponly=True, samesite="lax", max_age=900)
    return answer


def _seated(desk: Desk, form: Form) -> Iterable[Act]:
    seat(desk)
    return no_acts(desk, form)


def _choose(desk: Desk, form: Form) -> Iterable[Act]:
    seat(desk)
    organization = form.get("organization", "")
    if not organization:
        raise BadForm("choose an organization")
    words = {"organization": organization, "user": desk.username}
    return [("choose_organization", words)]


def _disconnect(desk: Desk, form: Form) -> Iterable[Act]:
    seat(desk)
    return [("disconnect", {"direction": choice(form, "direction", _DIRECTIONS)})]


def _test(desk: Desk, _form: Form) -> Iterable[Act]:
    seat(desk)
    return [("try_connections", {})]


_DEEDS: Final = {
    "outbound": Deed(SIGNED_IN, _seated, _outbound),
    "choose": Deed(SIGNED_IN, _choose),
    "inbound": Deed(SIGNED_IN, _seated, _inbound),
    "disconnect": Deed(SIGNED_IN, _disconnect),
    "test": Deed(SIGNED_IN, _test),
}
PAGES: Final = tuple(
    Page(path, "Orbit Bridge Connections", "connections.html", SIGNED_IN, _show, _DEEDS, "inferred")
    for path in (CONNECTIONS, CONNECTIONS_CLASSIC)
)
