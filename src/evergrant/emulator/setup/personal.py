"""What everybody sees of themselves: their own logins, and the apps they let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator.setup.desk import Deed, NoRecord, Page
from evergrant.emulator.setup.logins import COLUMNS, newest_of
from evergrant.emulator.setup.rights import SIGNED_IN
from evergrant.emulator.setup.usage import approvals_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from evergrant.emulator.setup.desk import Act, Desk, Form

_SETTINGS: Final = "/lightning/settings/personal"


def _logins(desk: Desk) -> Mapping[str, object]:
    return {"logins": newest_of(desk, desk.user_id), "columns": COLUMNS}


def _apps(desk: Desk) -> Mapping[str, object]:
    return {"approvals": approvals_of(desk, user_id=desk.user_id)}


def _revoke(desk: Desk, form: Form) -> Iterable[Act]:
    approval = form.get("approval", "")
    if approval not in {row["Id"] for row in approvals_of(desk, user_id=desk.user_id)}:
        raise NoRecord(approval)
    return [("revoke_approval", {"approval": approval})]


PAGES: Final = (
    Page(
        f"{_SETTINGS}/LoginHistory/home", "My Login History", "own_logins.html", SIGNED_IN, _logins
    ),
    Page(
        f"{_SETTINGS}/AdvancedUserDetails/home", "Advanced User Details", "own_apps.html",
        SIGNED_IN, _apps, {"revoke": Deed(SIGNED_IN, _revoke)}, "inferred",
    ),
)  # fmt: skip
