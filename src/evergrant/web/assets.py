"""Our own files for browsers (style, scripts, pictures), the only answers that are compressed.

NOTE: pages are sent as they are, though they would shrink.  A page holds a word against forgery
beside text that a stranger may choose (a search, a name), and the length of a compressed answer
tells whether the two share letters (BREACH, https://breachattack.com).  These files are the same
for everybody and hold no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response
    from starlette.types import ASGIApp

COMPRESSED: Final = Middleware(GZipMiddleware)
"""For a route that answers with a file that is the same for everybody, and for no other."""


def files(folder: Path) -> ASGIApp:
    """A folder of such files as an app."""
    return GZipMiddleware(_Files(directory=folder))


class _Files(StaticFiles):
    """Kept by browsers, and asked after each time."""

    def file_response(self, *args: object, **how: object) -> Response:
        answer = super().file_response(*args, **how)  # type: ignore[arg-type]
        answer.headers["Cache-Control"] = "no-cache"
        return answer
