"""The ways in which the demo's org can be broken by a click, and how all of it is put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evergrant import keeper as verbs
from evergrant.drills.stage import Stage
from evergrant.drills.steps import act
from evergrant.emulator.scenario import ClientStep, find
from evergrant.errors import NotFound
from evergrant.health import LIVE
from evergrant.model import Connection
from evergrant.store import connections
from evergrant.testing.robot import Person

APP: Final = "orbit-sync"
REPLAY: Final = (ClientStep("refresh", "replay-old-refresh-token"),)


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break the org."""

    id: str
    label: str
    text: str
    scenario: str = ""
    """Whose acts break the org, and heal it."""


BREAKS: Final = (
    Break("block", "Block the app", "An admin presses Block on Connected Apps OAuth Usage.",
          "app-blocked-by-admin"),
    Break("uninstall", "Uninstall the app", "An admin uninstalls it; its users may not approve it.",
          "app-uninstalled-restricted"),
    Break("preauthorize", "Let only pre-authorized users in", "And forget this one.",
          "user-not-preauthorized"),
    Break("revoke", "Revoke the approval", "Somebody revokes what the user had approved.",
          "refresh-token-revoked"),
    Break("freeze", "Freeze the user", "An admin freezes the integration user.",
          "user-locked-or-frozen"),
    Break("ip", "Set an IP rule", "Login IP ranges no longer hold the integration’s address.",
          "ip-restricted"),
    Break("replay", "Replay a rotated token", "Rotation is on, and a spent refresh token is sent.",
          "refresh-token-rotated-or-reused"),
    Break("heal", "Put the org right", "Every admin change is undone; what was revoked stays so."),
)  # fmt: skip
PEOPLE: Final = (
    ("integration", "Authorizes the integration"),
    ("admin", "Salesforce admin: Setup"),
    ("sam", "Another user, for a wrong sign-in"),
)


@dataclass(frozen=True, slots=True)
class Breaks:
    """The emulated org of a demo, to be broken from the console."""

    stage: Stage

    @property
    def url(self) -> str:
        """The emulated org."""
        return self.stage.url

    def breaks(self) -> Sequence[Break]:
        """What can be broken, in the order of the menu."""
        return BREAKS

    def people(self) -> Sequence[tuple[str, Person]]:
        """Who may sign in to the org."""
        known = {each["username"].split("@")[0] for each in self.stage.control.world()["users"]}
        return [(text, self.stage.person(name)) for name, text in PEOPLE if name in known]

    def do(self, break_id: str) -> None:
        """Break the org, and look at its connections; `heal` puts it right.

        Raises `NotFound` for a break that is not in the table.
        """
        wanted = next((each for each in BREAKS if each.id == break_id), None)
        if wanted is None:
            raise NotFound(f"no break is called {break_id!r}", next_step="choose from the menu")
        if not wanted.scenario:
            self._heal()
            return
        # NOTE: not by playing the setup: that begins the org anew, and every grant would be gone.
        for each in find(wanted.scenario).setup:
            self.stage.control.act(each["do"], **{k: v for k, v in each.items() if k != "do"})
        self.stage.control.play(wanted.scenario, "break")
        for connection in self._watched():
            if wanted.id == "replay":
                self._replay(connection)
            else:
                verbs.check(self.stage.keeper, connection.id, renew=True)

    def _heal(self) -> None:
        for each in BREAKS:
            if each.scenario:
                self.stage.control.play(each.scenario, "heal")

    def _watched(self) -> list[Connection]:
        with self.stage.keeper.reading() as tx:
            known = connections.every(tx)
        return [each for each in known if each.integration == APP and each.state in LIVE]

    def _replay(self, connection: Connection) -> None:
        """Refresh behind the keeper's back, twice with one token: as a second client would."""
        with self.stage.keeper.reading() as tx:
            integration = self.stage.keeper.vault.integration(tx, connection.integration)
        act(self.stage, integration, connection, REPLAY)
