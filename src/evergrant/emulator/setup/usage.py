"""Connected Apps OAuth Usage and its sibling for external client apps: who uses what, and stop it.

On the real page a blocked app stands at the very bottom, out of alphabetical order (vendors'
reconnection guides); so it does here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from evergrant.emulator import ids, state
from evergrant.emulator.setup.desk import BadForm, Deed, NoRecord, Page
from evergrant.emulator.setup.lookup import app_of, apps_of
from evergrant.emulator.setup.rights import EDIT_APPS, INSTALL, REVOKE, VIEW_USAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.policies import AppKind, AppPolicy
    from evergrant.emulator.setup.desk import Act, Desk, Form

CONNECTED: Final = "/lightning/setup/ConnectedAppsUsage"
EXTERNAL: Final = "/lightning/setup/ExternalClientApplicationOauthUsage"


def _usage(desk: Desk, kind: AppKind, base: str) -> Mapping[str, object]:
    apps = sorted(apps_of(desk, kind), key=lambda app: app.blocked)
    # What Salesforce counts is not stated; here it is the refusals of apps not installed.
    denied = Counter(
        each["app"] for each in desk.org.attempts if each["gate"] == "uninstalled_restriction"
    )
    return {"base": base, "kind": kind, "rows": [_row(desk, app, denied) for app in apps]}


def _row(desk: Desk, app: AppPolicy, denied: Mapping[object, int]) -> dict[str, object]:
    users = state.one(
        desk.db, "SELECT COUNT(DISTINCT user_id) AS n FROM x_refresh"
        " WHERE app_id = ? AND state = 'live'", app.id,
    )  # fmt: skip
    return {"app": app, "users": users and users["n"], "denied": denied[app.name]}


def _connected(desk: Desk) -> Mapping[str, object]:
    return _usage(desk, "connected_app", CONNECTED)


def _external(desk: Desk) -> Mapping[str, object]:
    return _usage(desk, "external_client_app", EXTERNAL)


def _approvals(desk: Desk) -> Mapping[str, object]:
    app = app_of(desk, desk.record)
    return {"app": app, "approvals": approvals_of(desk, app_id=app.id)}


def approvals_of(desk: Desk, **where: str) -> list[Row]:
    """The approvals that stand, newest first, with user and app; by app_id or user_id."""
    test = " AND ".join(f"r.{column} = ?" for column in where)
    return state.every(
        desk.db, 'SELECT t."Id", t."AppName", t."CreatedDate", t."LastUsedDate", t."UseCount",'
        ' u."Id" AS "UserId", u."Username", r.app_id FROM "OauthToken" t'
        " JOIN x_refresh r ON r.family = t.\"Id\" AND r.state = 'live'"
        f' JOIN "User" u ON u."Id" = t."UserId" WHERE {test} ORDER BY t."CreatedDate" DESC',
        *where.values(),
    )  # fmt: skip


def _on_app(act: str) -> Deed:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        return [(act, {"app": app_of(desk, form.get("app", "")).name})]

    return Deed(INSTALL if "install" in act else EDIT_APPS, plan)


def revoke_one(desk: Desk, form: Form) -> Iterable[Act]:
    """The approval that a Revoke button names, where it is one of this page's."""
    approval = form.get("approval", "")
    if not ids.is_id(approval):
        raise BadForm("no such approval")
    column = "user_id" if desk.record.startswith("005") else "app_id"
    shown = {row["Id"] for row in approvals_of(desk, **{column: ids.to18(desk.record)})}
    if approval not in shown:
        raise NoRecord(approval)
    return [("revoke_approval", {"approval": approval})]


def _revoke_all(desk: Desk, _form: Form) -> Iterable[Act]:
    return [("revoke_app", {"app": app_of(desk, desk.record).name})]


_REVOKING: Final = {
    "revoke": Deed(REVOKE, revoke_one),
    "revoke_all": Deed(REVOKE, _revoke_all),
}
_GOVERNING: Final = {
    name: _on_app(f"{name}_app") for name in ("block", "unblock", "install", "uninstall")
}
"""External client apps have none of these: they are disabled in their policies."""

PAGES: Final = (
    Page(
        f"{CONNECTED}/home", "Connected Apps OAuth Usage", "usage.html", VIEW_USAGE, _connected,
        _GOVERNING,
    ),
    Page(
        f"{CONNECTED}/{{record}}", "Connected Apps OAuth Usage", "usage_app.html", VIEW_USAGE,
        _approvals, _REVOKING, "inferred",
    ),
    Page(
        f"{EXTERNAL}/home", "External Client Apps OAuth Usage", "usage.html", VIEW_USAGE,
        _external,
    ),
    Page(
        f"{EXTERNAL}/{{record}}", "External Client Apps OAuth Usage", "usage_app.html",
        VIEW_USAGE, _approvals, _REVOKING, "inferred",
    ),
)  # fmt: skip
