"""What the tests of the service begin with: the real one, served on loopback with its console.

A test module imports `org_fixture` and `up_fixture` to have the fixture `up`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from evergrant.api.address import operator_key
from evergrant.api.service import serving
from evergrant.drills.control import Control
from evergrant.drills.stage import Stage
from evergrant.emulator.server import Emulator
from evergrant.testing.robot import browser, walk
from evergrant.web import mount
from keeper_kit import KEY, Ground, QuickClock, settings_in


@dataclass(frozen=True, slots=True)
class Up:
    """A service that is up, and the org that it speaks to."""

    ground: Ground
    url: str
    key: str

    def api(self, method: str, path: str, **how: Any) -> httpx2.Response:
        """One call of the command line's API."""
        given = {"Authorization": f"Bearer {self.key}"}
        return httpx2.request(method, self.url + path, headers=given, timeout=60, **how)

    def begun(self, **what: Any) -> dict[str, str]:
        """A flow, begun as the command line does."""
        body = {"integration": self.ground.integration().id, **({"name": "Acme"} | what)}
        answer = self.api("POST", "/v1/flows", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def away(self, profile: httpx2.Client, link: str) -> str:
        """The callback's address, with which this browser would come back."""
        callback = self.ground.keeper.settings.callback_url
        person = self.ground.stage.person()
        sight = walk(link, person, callback, browser=profile, follow=False)
        assert sight.called_back
        return sight.url

    def ended(self, flow_id: str) -> dict[str, Any]:
        """The flow, once it has ended."""
        until = time.monotonic() + 60
        while (told := self.api("GET", f"/v1/flows/{flow_id}").json())["status"] not in ENDED:
            assert time.monotonic() < until
            time.sleep(0.02)
        return dict(told)


ENDED = ("done", "refused", "on_hold", "expired")


@pytest.fixture(name="up")
def up_fixture(
    shared_org: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nothing_secret_is_left: Any,
) -> Iterator[Up]:
    """The real service on a free port of loopback."""
    shared_org.stage.reset()
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    control = Control(shared_org.control_url)
    clock = QuickClock(lambda: shared_org.clock.offset)
    settings = settings_in(tmp_path)
    with serving(settings, "127.0.0.1", 0, clock=clock, faces=(mount,)) as service:
        ground = Ground(shared_org, Stage(control, service.keeper, shared_org.url))
        yield Up(ground, service.url, operator_key(service.keeper.settings).reveal())
    control.close()
    nothing_secret_is_left.note(shared_org)


@pytest.fixture(name="profile")
def profile_fixture() -> Iterator[httpx2.Client]:
    """A browser."""
    with browser() as opened:
        yield opened


@pytest.fixture(name="stranger")
def stranger_fixture() -> Iterator[httpx2.Client]:
    """Another browser."""
    with browser() as opened:
        yield opened


def code_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


def changed(url: str, **parameters: str | None) -> str:
    """The address with some of its parameters changed; None leaves one out."""
    parts = urlsplit(url)
    said = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    query = urlencode({name: value for name, value in said.items() if value is not None})
    return parts._replace(query=query).geturl()
