"""What the tests of the console begin with: the real service with its console, and a browser.

A test module imports `web_fixture` to have the fixture `web`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from embed_kit import ORIGINS
from evergrant import keeper as verbs
from evergrant.api.address import operator_key
from evergrant.api.app import Face
from evergrant.api.service import serving
from evergrant.drills.breaks import Breaks
from evergrant.drills.control import Control
from evergrant.drills.stage import Stage
from evergrant.emulator.server import Emulator
from evergrant.testing.robot import Sight, walk
from evergrant.web import mount
from keeper_kit import KEY, Ground, QuickClock, org_fixture, settings_in  # noqa: F401 (a fixture)

CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
FLOW = re.compile(r"flow_[0-9a-f]{16}")
ADMINS = "evergrant-admins"
"""The app with which admins sign in, and its integration, once a test has made them."""
ENDED = ("done", "refused", "on_hold", "expired")


@dataclass(frozen=True, slots=True)
class Web:
    """The service with its console, the org that it speaks to, and a browser that is signed in."""

    ground: Ground
    url: str
    browser: httpx2.Client
    key: str

    def get(self, path: str, **how: Any) -> httpx2.Response:
        """A page, redirects not followed."""
        return self.browser.get(self.url + path, **how)

    def post(self, path: str, csrf: str | None = None, **fields: str) -> httpx2.Response:
        """A form of ours, sent from our own page."""
        token = self.token() if csrf is None else csrf
        return self.browser.post(
            self.url + path, data={"csrf": token, **fields}, headers={"Origin": self.url}
        )

    def token(self) -> str:
        """The word against forgery, as the first page carries it."""
        found = CSRF.search(self.get("/").text)
        assert found, "no form on the first page"
        return found[1]

    def sign_in(self, browser: httpx2.Client | None = None) -> None:
        """Sign a browser in with a link from the terminal."""
        link = verbs.invite(self.ground.keeper).reveal()
        answer = (browser or self.browser).get(link)
        assert answer.status_code == 303, answer.text

    def reauthorizing(self, connection_id: str) -> str:
        """The flow that Reauthorize leads to."""
        answer = self.post(f"/connections/{connection_id}/reauthorize")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].removeprefix("/flows/")

    def attempt(self, flow_id: str, **how: str) -> str:
        """Press *Continue to Salesforce*; the start link that the browser is led to."""
        given = {"where": "my-domain", "my_domain": self.ground.org.url} | how
        answer = self.post(f"/flows/{flow_id}/attempts", **given)
        assert answer.status_code == 303, answer.text
        page = self.get(answer.headers["location"])
        found = re.search(r"url=(/start/[\w-]+)", page.text)
        assert found
        return self.url + found[1]

    def walked(self, flow_id: str, person: str = "integration", **how: Any) -> Sight:
        """An attempt, played by a person in this browser, up to where it ends."""
        link = self.attempt(flow_id, force_login="yes")
        who = self.ground.stage.person(person)
        callback = self.ground.keeper.settings.callback_url
        return walk(link, who, callback, browser=self.browser, **how)

    def ended(self, flow_id: str) -> dict[str, Any]:
        """The outcome of a flow, once it has ended."""
        until = time.monotonic() + 60
        while (flow := verbs.flow_of(self.ground.keeper, flow_id)).status not in ENDED:
            assert time.monotonic() < until, flow.status
            time.sleep(0.02)
        return {"status": flow.status, **flow.outcome}


def words_of(answer: httpx2.Response) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def with_breaks(stage_of: dict[str, Stage], control: Control, url: str) -> Face:
    """The console with its *Break it* menu."""

    def face(app: Any, keeper: verbs.Keeper) -> None:
        stage_of["it"] = Stage(control, keeper, url)
        mount(app, keeper, rehearsal=Breaks(stage_of["it"]))

    return face


@pytest.fixture(name="web")
def web_fixture(shared_org: Emulator, tmp_path: Path, nothing_secret_is_left: Any) -> Iterator[Web]:
    """The real service on a free port of loopback, with the console, and its operator signed in."""
    with standing(shared_org, tmp_path) as web:
        yield web
    nothing_secret_is_left.note(shared_org)


@contextmanager
def standing(org: Emulator, folder: Path) -> Iterator[Web]:
    """The emulated org, back at the beginning, and the service with its data in a folder."""
    org.stage.reset()
    clock = QuickClock(lambda: org.clock.offset)
    stage_of: dict[str, Stage] = {}
    own = org.url.removeprefix("http://")
    settings = settings_in(
        folder, allowed_hosts=(own,), embed_origins=ORIGINS, evidence_integration=ADMINS
    )
    with ExitStack() as held:
        environ = held.enter_context(pytest.MonkeyPatch.context())
        for name, value in KEY.items():
            environ.setenv(name, value)
        control = held.enter_context(closing(Control(org.control_url)))
        faces = (with_breaks(stage_of, control, org.url),)
        service = held.enter_context(serving(settings, "127.0.0.1", 0, clock=clock, faces=faces))
        browser = held.enter_context(httpx2.Client(follow_redirects=False, timeout=60))
        key = operator_key(service.keeper.settings).reveal()
        web = Web(Ground(org, stage_of["it"]), service.url, browser, key)
        web.sign_in()
        yield web
