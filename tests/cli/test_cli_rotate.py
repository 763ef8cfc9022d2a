"""`evergrant rotate`, against an emulated org in another process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from cli_kit import assert_told
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


@pytest.fixture(name="owned")
def owned_fixture(desk: Desk) -> Iterator[Desk]:
    """A connection of an external client app, and an admin's session of the org that owns it."""
    desk.act("set_org", client_secret_in_rest=True)
    file = desk.integration("orbit-server", "client_credentials")
    assert desk.run("connect", "Acme", "--integration", file).code == 0
    told = httpx2.get(f"{desk.control}/session", params={"user": "admin"}, timeout=60).json()
    path = desk.folder / "admin.json"
    path.write_text(json.dumps({name: told[name] for name in ("access_token", "instance_url")}))
    yield desk
    for each in ("admin.json", "new.secret"):
        (desk.folder / each).unlink(missing_ok=True)


def test_a_secret_is_rotated_step_by_step_and_goes_on_after_a_no(owned: Desk) -> None:
    what = ("rotate", "orbit-server", "--session", "admin.json")
    first = owned.run(*what, stdin="y\nn\n")
    assert first.code == 1
    assert "A second key and secret stand beside the present ones, good until" in first.out
    status = owned.run("status")
    assert "a rotation of the secret is under way" in " ".join(status.out.split())
    before = owned.app("orbit-server")["consumer_key"]
    done = owned.run(*what, "--yes", "--secret-file", "new.secret")
    assert done.code == 0, done.out + done.err
    assert "1 of 1 connections renewed with the next secret." in done.out
    assert "The former key and secret are deleted." in done.out
    after = owned.app("orbit-server")
    assert after["consumer_key"] != before
    assert after["consumer_key"] in done.out
    secret = (owned.folder / "new.secret").read_text().strip()
    assert secret == after["consumer_secret"]
    assert (owned.folder / "new.secret").stat().st_mode & 0o077 == 0
    assert secret not in done.out + done.err
    assert owned.run("check", "--renew").out == "Acme: connected\n"


def test_a_rotation_in_json_names_the_steps_and_no_secret(owned: Desk) -> None:
    what = ("rotate", "orbit-server", "--session", "admin.json", "--format", "json")
    asked = owned.run(*what)
    assert (asked.code, asked.json()["next_step"]) == (2, "add --yes")
    done = owned.run(*what, "--yes", "--until", "renew").json()
    assert (done["done"], done["rotation"]["next_step"]) == (True, "promote")
    assert (done["rotation"]["renewed"], done["rotation"]["connections"]) == (1, 1)
    gone = owned.run(*what, "--yes", "--abandon").json()
    assert gone["rotation"]["next_step"] == "stage"
    (aged,) = owned.run("status", "--format", "json").json()["secrets"]
    assert (aged["days"], aged["is_due"], aged["is_rotating"]) == (0, False, False)


def test_an_org_that_shows_no_secrets_by_rest_is_told_in_its_own_words(owned: Desk) -> None:
    owned.act("set_org", client_secret_in_rest=False)
    assert_told(owned.run("rotate", "orbit-server", "--yes"), 2, "the org that owns the app")
    refused = owned.run("rotate", "orbit-server", "--session", "admin.json", "--yes")
    assert refused.code == 1, refused.err
    assert "stand beside" not in refused.out


def test_the_former_secret_stays_while_a_connection_is_not_proven(owned: Desk) -> None:
    file = str(owned.folder / "orbit-server.toml")
    assert owned.run("connect", "Beta", "--integration", file).code == 0
    what = ("rotate", "orbit-server", "--session", "admin.json", "--yes")
    assert owned.run(*what, "--until", "stage").code == 0
    body = json.dumps({"error": "invalid_grant", "error_description": "ip restricted"})
    fault = {"path": "/services/oauth2/token", "status": 400, "body": body, "times": 1,
             "content_type": "application/json"}  # fmt: skip
    httpx2.post(f"{owned.control}/faults", json=[fault], timeout=60).raise_for_status()
    first = owned.run(*what)
    assert first.code == 1, first.out
    assert "1 of 2 connections renewed" in first.out
    assert "The former secret stays: 1 connections were not renewed." in first.out
    assert owned.run("check", "--renew").code == 0
    assert owned.run(*what).code == 0
