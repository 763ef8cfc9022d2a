"""Pictures of Setup pages with the control of a step marked, as the emulator draws them.

They are made by `docs/setup_pictures.py` from the emulator's pages and lie in `static/setup` with
an index; a page of Setup that the emulator does not build has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tomli

from evergrant.web.explained import Step

FOLDER = Path(__file__).parent / "static" / "setup"


@dataclass(frozen=True, slots=True)
class SetupPicture:
    """One picture."""

    file: str
    page: str
    """Address of the page in Setup."""
    control: str
    """The words on the control that is marked; empty where the whole page is meant."""
    width: int
    height: int
    change: str = ""
    """Which change of the catalog it shows; empty: any on that page."""
    app: str = ""
    """For which kind of app; empty: any."""

    @property
    def address(self) -> str:
        """Where the console serves it."""
        return f"/static/setup/{self.file}"


@cache
def pictures() -> tuple[SetupPicture, ...]:
    """Every picture that there is."""
    told = tomli.loads((FOLDER / "index.toml").read_text("utf-8"))
    return tuple(SetupPicture(**each) for each in told["picture"])


def picture_of(step: Step) -> SetupPicture | None:
    """The picture of a step: of its very change, else of its page."""
    mine = [each for each in pictures() if each.page == step.suffix and each.app in ("", step.app)]
    exact = (each for each in mine if each.change == step.change)
    return next(exact, None) or next((each for each in mine if not each.change), None)
