"""The samples of examples/flows, run as a reader runs them, with a person beside them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests

from evergrant.testing import App, SalesforceOrg, User
from evergrant.testing.flows import FlowName

FLOWS: Final = Path(__file__).resolve().parents[2] / "examples" / "flows"
PATIENCE_S: Final = 120.0
_INHERITED: Final = ("PATH", "LANG", "SYSTEMROOT", "TMPDIR")
Words = dict[str, str]


@dataclass(frozen=True, slots=True)
class Stand:
    """An org, an app made for the sample, and its user."""

    org: SalesforceOrg
    app: App
    ann: User
    folder: Path

    def words(self) -> Words:
        """What every sample may be told."""
        return {
            "SF_URL": self.org.url, "SF_CLIENT_ID": self.app.consumer_key,
            "SF_CLIENT_SECRET": self.app.consumer_secret, "SF_CALLBACK": self.app.callback,
            "SF_USERNAME": self.ann.username,
        }  # fmt: skip


def nobody(_stand: Stand, _line: str, _sample: subprocess.Popen[str]) -> None:
    """Nobody has to do anything."""


def visit(stand: Stand, line: str, _sample: subprocess.Popen[str]) -> None:
    """Open the link that the sample shows, allow, and let the browser come back to it."""
    requests.get(stand.ann.allow(line.removeprefix("Open ")), timeout=60)


def paste(stand: Stand, line: str, sample: subprocess.Popen[str]) -> None:
    """Open the link, allow, and paste where the browser ends."""
    assert sample.stdin is not None
    sample.stdin.write(stand.ann.allow(line.removeprefix("Open ")) + "\n")
    sample.stdin.flush()


def enter(stand: Stand, line: str, _sample: subprocess.Popen[str]) -> None:
    """Enter the code that the sample shows."""
    stand.ann.enter_code(line.split()[1])


def refreshable(stand: Stand) -> Words:
    return {"SF_REFRESH_TOKEN": stand.org.connect(stand.app, stand.ann).refresh_token or ""}


def with_key(stand: Stand) -> Words:
    stand.app.admit(profile="Standard User")
    path = stand.folder / "key.pem"
    path.write_text(stand.app.private_key, "ascii")
    return {"SF_KEY_FILE": str(path)}


def with_password(stand: Stand) -> Words:
    return {"SF_PASSWORD": stand.ann.password, "SF_SECURITY_TOKEN": stand.ann.security_token}


def with_handler(stand: Stand) -> Words:
    stand.app.admit(profile="Standard User")
    stand.org.act(
        "set_token_handler", name="Handler", apps=[stand.app.name],
        subjects={"theirs": stand.ann.username},
    )  # fmt: skip
    return {"SF_SUBJECT_TOKEN": "theirs"}


def impatient(stand: Stand) -> Words:
    stand.org.set(device_interval_seconds=1)
    return {}


def nothing(_stand: Stand) -> Words:
    return {}


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample needs, what a person does meanwhile, and what breaks it."""

    flow: FlowName
    needs: Callable[[Stand], Words] = nothing
    person: Callable[[Stand, str, subprocess.Popen[str]], None] = nobody
    knobs: Mapping[str, Any] = field(default_factory=dict)
    ends: str = "connected as ann@acme.example"
    js: bool = True


SAMPLES: Final[dict[str, Sample]] = {
    "web_server": Sample("web_server", person=visit),
    "refresh_token": Sample("web_server", refreshable),
    "client_credentials": Sample("client_credentials", knobs={"run_as": "ann@acme.example"}),
    "jwt_bearer": Sample("jwt_bearer", with_key),
    "saml_bearer": Sample("saml_bearer", with_key, js=False),
    "device": Sample("device", impatient, person=enter),
    "username_password": Sample("username_password", with_password),
    "user_agent": Sample("user_agent", person=paste),
    "token_exchange": Sample("token_exchange", with_handler),
    "revoke": Sample("web_server", refreshable, ends="revoked"),
}


def free_callback() -> str:
    """A callback on a port that is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://localhost:{listener.getsockname()[1]}/callback"


def command(path: Path) -> list[str]:
    """What runs a sample."""
    if path.suffix == ".py":
        return [sys.executable, str(path)]
    return [shutil.which("node") or "node", str(path)]


def run(path: Path, stand: Stand, words: Words, sample: Sample) -> tuple[int, str]:
    """Run a sample to its end, with its person; gives its exit code and everything it said."""
    own = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    trusted = dict.fromkeys(("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(stand.org.ca_file))
    process = subprocess.Popen(
        command(path), env=own | trusted | stand.words() | words, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    deadline = threading.Timer(PATIENCE_S, process.kill)
    deadline.start()
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if re.match(r"Open |Enter ", line):
                sample.person(stand, line.strip(), process)
        return process.wait(), said
    finally:
        deadline.cancel()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()
