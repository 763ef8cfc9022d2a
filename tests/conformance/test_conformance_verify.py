"""`evergrant emulator verify` through a login that the real Salesforce CLI keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from cli_kit import evergrant
from evergrant.cli.salesforce_cli import session_of
from evergrant.errors import CouldNotLook
from real_clients import MODULES, node
from salesforce_cli import SalesforceCli
from target_org import Target, target

pytestmark = pytest.mark.conformance
QUIET = {
    "SF_DISABLE_TELEMETRY": "true",
    "SF_DISABLE_LOG_FILE": "true",
    "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
}


@pytest.fixture
def home(here: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the command line keeps its logins, with a program to start it by."""
    here("Salesforce CLI")
    with TemporaryDirectory(prefix="sf-") as folder:
        program = Path(folder) / "sf"
        cli = MODULES / "@salesforce" / "cli" / "bin" / "run.js"
        program.write_text(f'#!/bin/sh\nexec "{node()}" "{cli}" "$@"\n', "utf-8")
        program.chmod(0o700)
        for name, value in {**QUIET, "HOME": folder, "SF_BIN": str(program)}.items():
            monkeypatch.setenv(name, value)
        yield Path(folder)


@pytest.fixture
def org(home: Path) -> Iterator[Target]:
    """An org that the command line is logged in to under the alias dev."""
    with target() as made:
        made.url = made.emulator.url
        told = SalesforceCli(home).run(
            "org", "login", "access-token", "--instance-url", made.url, "--no-prompt",
            "--alias", "dev", SF_ACCESS_TOKEN=made.token,
        )  # fmt: skip
        assert told["status"] == 0, told
        yield made


def test_the_login_of_the_real_command_line_is_found_by_its_alias(org: Target) -> None:
    session = session_of("dev", (urlsplit(org.url).netloc,))
    assert (session.instance_url, session.access_token.reveal()) == (org.url, org.token)
    with pytest.raises(CouldNotLook, match="no session for nobody") as raised:
        session_of("nobody")
    assert raised.value.reason == "no_permission"


def test_an_org_is_compared_through_that_login(org: Target, home: Path) -> None:
    more = {**QUIET, "SF_BIN": str(home / "sf"), "HOME": str(home)}
    end = evergrant(
        "emulator", "verify", "--target-org", "dev", "--record", "kept.json", "--format", "json",
        folder=home, EVERGRANT_ALLOWED_HOSTS=urlsplit(org.url).netloc, **more,
    )  # fmt: skip
    assert end.code == 0, end.err
    assert end.json()["counts"]["refuted"] == {}
    kept = json.loads((home / "kept.json").read_text("utf-8"))
    assert len(kept["seen"]) > 100
