"""A repair in the console: opened from a step's page, and an admin with an app of their own.

A test module imports `repair_fixture` to have the fixture `repair`.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx2
import pytest

from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.policies import AppPolicy
from evergrant.keeper import repairing
from evergrant.model import Connection
from evergrant.store.flows import Flow
from evergrant.testing.robot import walk
from keeper_kit import BROWSER_APP
from web_kit import ADMINS, Web, words_of

CAUSE = "refresh-token-expired-by-policy"
CHANGE = "refresh-policy"
LIFE = "specific_lifetime:1:HOURS"


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair of the refresh token policy of one connection's app."""

    web: Web
    connection: Connection
    id: str

    @property
    def at(self) -> str:
        return f"/repairs/{self.id}"

    @property
    def flow(self) -> Flow:
        return repairing.repair_of(self.web.ground.keeper, self.id)[0]

    @property
    def policy(self) -> AppPolicy:
        """The connection's app as the org has it."""
        return app_by_name(self.web.ground.org.org.db, BROWSER_APP)

    def page(self) -> str:
        return words_of(self.web.get(self.at))

    def lend(self, person: str = "admin") -> None:
        """An admin signs in, in this browser."""
        left = self.web.post(f"{self.at}/admin")
        assert left.status_code == 303, left.text
        page = self.web.get(left.headers["location"])
        found = re.search(r"url=(/start/[\w-]+)", page.text)
        assert found
        who = self.web.ground.stage.person(person)
        callback = self.web.ground.keeper.settings.callback_url
        walk(self.web.url + found[1], who, callback, browser=self.web.browser)

    def plan(self, **fields: str) -> httpx2.Response:
        return self.web.post(f"{self.at}/plan", **{"from": "org"} | fields)

    def apply(self, **more: str) -> httpx2.Response:
        """Tick the box, and press Apply on what the page shows."""
        seal = re.search(r'name="seal" value="([0-9a-f]{64})"', self.web.get(self.at).text)
        given = {"yes": "yes", "seal": seal[1] if seal else ""} | more
        answer = self.web.post(f"{self.at}/apply", **given)
        self.wait()
        return answer

    def wait(self) -> None:
        until = time.monotonic() + 60
        while "working" in self.flow.outcome:
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture(name="repair")
def repair_fixture(web: Web) -> Repair:
    """A repair that was opened from the page of its step, and nobody signed in."""
    connection, ground = web.ground.connected(), web.ground
    ground.control.act("set_app", app=BROWSER_APP, refresh_policy=LIFE)
    ground.control.act("create_app", app=ADMINS, label="Evergrant for admins")
    ground.integration(ADMINS)
    return Repair(web, connection, opened(web, connection))


def opened(web: Web, connection: Connection, cause: str = CAUSE, change: str = CHANGE) -> str:
    """Press *Plan, simulate, apply* on the page of a step; the id of the repair."""
    step = number_of(web, cause, change)
    answer = web.post(f"/connections/{connection.id}/fixes/{cause}/{step}/repair")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/repairs/")


def number_of(web: Web, cause: str = CAUSE, change: str = CHANGE) -> int:
    """The step of a cause that a program can do."""
    fixes = web.ground.keeper.catalog.causes[cause].fixes
    return next(n for n, each in enumerate(fixes, 1) if each.change == change)
