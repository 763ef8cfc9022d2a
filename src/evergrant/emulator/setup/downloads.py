"""What Setup lets one download; the addresses are ours, for the real ones are not established."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator.setup import view as setup_view
from evergrant.emulator.setup.logins import file_of
from evergrant.emulator.setup.rights import VIEW_LOGINS

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.setup.desk import Desk

LOGINS: Final = "/lightning/setup/OrgLoginHistory/LoginHistory.csv"
LOGINS_GZIP: Final = f"{LOGINS}.gz"
PATHS: Final = (LOGINS, LOGINS_GZIP)


def answer(desk: Desk, path: str) -> Response:
    """The Login History of six months as a file, for who may see the page."""
    if not VIEW_LOGINS.allows(desk.permissions):
        return setup_view.insufficient(desk, VIEW_LOGINS)
    return file_of(desk, is_packed=path == LOGINS_GZIP)
