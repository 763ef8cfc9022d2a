"""Salesforce CLI logs in to the emulator as it does to an org, and queries through the login."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from client_ways import WAYS, Setting
from emulated_client import new_key
from evergrant.emulator import Emulator
from salesforce_cli import SalesforceCli

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(300)]
CLIENT = "Salesforce CLI"
Tell = Callable[[str, str, str], None]


@pytest.fixture
def home(here: Callable[[str], None]) -> Iterator[Path]:
    """Where the command line keeps its logins."""
    here(CLIENT)
    with TemporaryDirectory(prefix="sf-") as folder:
        yield Path(folder)


@pytest.fixture
def sf(home: Path) -> SalesforceCli:
    return SalesforceCli(home)


@pytest.fixture
def setting(emulator: Emulator) -> Setting:
    return Setting(emulator)


def test_it_takes_an_access_token(setting: Setting, sf: SalesforceCli, tell: Tell) -> None:
    login = ("org", "login", "access-token", "--instance-url", setting.url, "--no-prompt")
    told = sf.run(*login, SF_ACCESS_TOKEN=setting.access_token())
    assert told["status"] == 0, told
    assert sf.rows(setting.user()["username"]) == 1
    dead = f"{setting.world['org']['id']}!dead"
    refused = sf.run(*login, SF_ACCESS_TOKEN=dead)
    assert "Bad_OAuth_Token" in refused["message"], refused
    tell(CLIENT, "access token", refused["message"])


def test_it_logs_in_by_jwt(setting: Setting, sf: SalesforceCli, home: Path, tell: Tell) -> None:
    words, key = WAYS["JWT bearer"].words(setting), home / "key.pem"
    key.write_text(words["key"], "ascii")
    login = (
        "org", "login", "jwt", "--username", words["username"], "--jwt-key-file", str(key),
        "--client-id", words["client_id"], "--instance-url", setting.url,
    )  # fmt: skip
    told = sf.run(*login, SF_AUDIENCE_URL=setting.url)
    assert told["status"] == 0, told
    assert setting.last_login()["status"] == "Success"
    assert sf.rows(words["username"]) == 1
    key.write_text(new_key(), "ascii")
    refused = sf.run(*login, SF_AUDIENCE_URL=setting.url)
    assert "invalid assertion" in refused["message"], refused
    tell(CLIENT, "JWT bearer", refused["message"])


def test_it_logs_in_through_the_browser_with_pkce(
    setting: Setting, sf: SalesforceCli, tell: Tell
) -> None:
    user = setting.user()
    login = ("org", "login", "web", "--instance-url", setting.url)
    who = {"PERSON_USERNAME": user["username"], "PERSON_PASSWORD": user["password"]}
    told = sf.run(*login, **who, PERSON_ANSWER="Allow")
    assert told["status"] == 0, told
    asked = [each for each in setting.emulator.stage.history() if "authorize" in each["path"]]
    assert "code_challenge" in asked[0]["parameters"]
    assert setting.last_login() == {"status": "Success", "subtype": "OauthWebServer"}
    assert sf.rows(user["username"]) == 1
    setting.emulator.act("revoke_user_app", app="salesforce-cli", user="integration")
    refused = sf.run(*login, **who, PERSON_ANSWER="Deny")
    assert "end-user denied authorization" in refused["message"], refused
    tell(CLIENT, "web server with PKCE", refused["message"])


@pytest.fixture
def secure(here: Callable[[str], None]) -> Iterator[Setting]:
    """An org that is reached by TLS only."""
    here(CLIENT)
    with Emulator(seed=23, tls=True) as emulator:
        yield Setting(emulator)


@pytest.fixture
def trusting(secure: Setting, home: Path) -> SalesforceCli:
    """The command line, told of the emulator's authority."""
    authority = secure.emulator.authority
    assert authority is not None
    return SalesforceCli(home, NODE_EXTRA_CA_CERTS=str(authority.save(home)))


def log_in(sf: SalesforceCli, home: Path, setting: Setting, refresh_token: str) -> dict[str, Any]:
    """Log in by an address that holds key, secret and refresh token.

    NOTE: it comes from a file, for the command line waits ten milliseconds for a pipe.
    """
    app, path = setting.app("orbit-sync"), home / "address"
    known = f"{app['client_id']}:{app['client_secret']}:{refresh_token}"
    path.write_text(f"force://{known}@{setting.url.removeprefix('https://')}", "ascii")
    return sf.run("org", "login", "sfdx-url", "--sfdx-url-file", str(path))


def test_it_takes_a_refresh_token_in_an_address_over_tls(
    secure: Setting, trusting: SalesforceCli, home: Path, tell: Tell
) -> None:
    told = log_in(trusting, home, secure, secure.refresh_token())
    assert told["status"] == 0, told
    assert secure.last_login() == {"status": "Success", "subtype": "OauthRefreshToken"}
    assert trusting.rows(secure.user()["username"]) == 1
    refused = log_in(trusting, home, secure, "5Aep861.never.issued")
    assert "expired access/refresh token" in refused["message"], refused
    tell(CLIENT, "refresh", refused["message"])


def test_it_keeps_the_refresh_token_that_an_app_with_rotation_gives_it(
    secure: Setting, trusting: SalesforceCli, home: Path, tell: Tell
) -> None:
    secure.emulator.act("set_app", app="orbit-sync", rotation=True)
    first = secure.refresh_token()
    told = log_in(trusting, home, secure, first)
    assert told["status"] == 0, told
    secure.emulator.act("expire_sessions", app="orbit-sync")
    assert trusting.rows(secure.user()["username"]) == 1
    refused = log_in(trusting, home, secure, first)
    assert "expired access/refresh token" in refused["message"], refused
    tell(CLIENT, "refresh with rotation", refused["message"])


def test_it_does_not_speak_to_a_server_whose_authority_it_was_not_told(
    secure: Setting, sf: SalesforceCli, home: Path
) -> None:
    refused = log_in(sf, home, secure, secure.refresh_token())
    assert "certificate" in json.dumps(refused), refused
    assert secure.emulator.stage.history() == []
