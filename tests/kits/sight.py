"""How a page is seen, and what goes wrong in it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Error, Request

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
LOCAL_SCHEMES = frozenset({"data", "blob", "about"})


@dataclass(frozen=True, slots=True)
class Look:
    """How a person sees a page; sizes in CSS pixels."""

    width: int = 1440
    height: int = 900
    scheme: Literal["light", "dark", "both"] = "light"
    """*both*: opened in daylight, and looked at in the dark as well."""
    script: bool = True

    @property
    def schemes(self) -> tuple[Literal["light", "dark"], ...]:
        """The schemes in which it is looked at, the one in which it is opened first."""
        return ("light", "dark") if self.scheme == "both" else (self.scheme,)

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}{'' if self.script else '-no-script'}"


LOOKS = tuple(
    Look(width, height, scheme)
    for width, height in ((360, 800), (1440, 900))
    for scheme in ("light", "dark")
)
"""Phone and desk, light and dark; for `parametrize("look", LOOKS, ids=str, indirect=True)`."""
SIZES = (Look(360, 800, "both"), Look(1440, 900, "both"))
"""The same four with half the walking: each page is opened once a size."""


@dataclass  # no slots: Playwright keeps its handlers in attributes of the object
class Watch:
    """What went wrong in a page while a test used it."""

    troubles: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, part: str) -> None:
        """Expect a console error that holds these words, such as `status of 404`; "" allows all."""
        self.allowed.append(part)

    def console(self, message: ConsoleMessage) -> None:
        """A line on the console; only errors matter."""
        if message.type == "error":
            self.troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def exception(self, error: Error) -> None:
        """An exception that no script caught."""
        self.troubles.append(f"exception: {error}")

    def request(self, request: Request) -> None:
        """Anything that is asked for must be ours."""
        at = urlsplit(request.url)
        if at.scheme not in LOCAL_SCHEMES and at.hostname not in LOCAL_HOSTS:
            self.troubles.append(f"left loopback: {request.url}")

    def left(self) -> list[str]:
        """The troubles that nobody allowed."""
        return [each for each in self.troubles if not any(part in each for part in self.allowed)]
