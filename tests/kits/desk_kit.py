"""An operator's desk for the tests of the command line: a folder, an org, integration files.

A test module imports `desk_fixture` to have the fixture `desk`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

import store_kit
from cli_kit import Ended, evergrant
from evergrant.emulator.server import Emulator
from evergrant.testing.robot import Person


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator's desk: a folder, an org to log in at, and integration files for its apps."""

    folder: Path
    org: str
    control: str

    def run(self, *words: str, stdin: str = "") -> Ended:
        """One command."""
        return evergrant(*words, folder=self.folder, stdin=stdin, **self.environ)

    @property
    def environ(self) -> dict[str, str]:
        """The emulated org stands for production; secrets lie in variables."""
        secret = self.app("orbit-sync")["consumer_secret"]
        server = self.app("orbit-server")["consumer_secret"]
        user = self.user("integration")
        words = {"ORBIT_PASSWORD": user["password"], "ORBIT_TOKEN": user["security_token"]}
        own = {"ORBIT_SYNC": secret, "ORBIT_SERVER": server, **words}
        return {"EVERGRANT_LOGIN_HOST_PRODUCTION": self.org, **own}

    def app(self, name: str) -> dict[str, Any]:
        """An app of the org, as its control port lists it."""
        apps = httpx2.get(f"{self.control}/world", timeout=60).json()["apps"]
        return next(dict(each) for each in apps if each["name"] == name)

    def user(self, name: str) -> dict[str, Any]:
        """A user of the org, as its control port lists it."""
        users = httpx2.get(f"{self.control}/world", timeout=60).json()["users"]
        return next(dict(each) for each in users if each["username"].startswith(f"{name}@"))

    def person(self, name: str) -> Person:
        """A user of the org, at the browser."""
        found = self.user(name)
        return Person(found["username"], found["password"])

    def act(self, what: str, **told: object) -> None:
        """One act of an admin of the org."""
        self.post("/act", do=what, **told)

    def post(self, path: str, **told: object) -> None:
        """Steer the org."""
        httpx2.post(f"{self.control}{path}", json=told, timeout=60).raise_for_status()

    def integration(self, name: str, flow: str, **more: str) -> str:
        """An integration file for one of the org's apps; `more` are members that it has besides."""
        app, path = self.app(name), self.folder / f"{name}.toml"
        members = {
            "id": name,
            "flow": flow,
            "app_label": app["label"],
            "consumer_key": app["consumer_key"],
            "consumer_secret_env": name.upper().replace("-", "_"),
            **more,
        }
        lines = (f"{each} = {json.dumps(value)}\n" for each, value in members.items() if value)
        path.write_text("".join(lines))
        return str(path)

    def file(self, name: str, text: str) -> str:
        """A file beside the integration files."""
        (self.folder / name).write_text(f"{text}\n")
        return name


@pytest.fixture(name="desk")
def desk_fixture(tmp_path: Path, org: Emulator) -> Desk:
    """A fresh desk with an org that answers."""
    store_kit.lay_ready(tmp_path)
    return Desk(tmp_path, org.url, org.control_url)
