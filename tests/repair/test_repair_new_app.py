"""A new app: as tight as its flow allows, found sound by the audit, and its client connects."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cli_kit import evergrant
from evergrant.audit.run import audit
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.connected import sign_in
from evergrant.emulator.server import Emulator
from evergrant.errors import BadInput
from evergrant.repair.files import package
from evergrant.repair.new_app import Wanted, Way, choose, new_app, phases

CALLBACK = "https://orbit.acme.io/oauth/cb"


def _wanted(way: Way, **more: str) -> Wanted:
    return Wanted("Orbit_Sync", "Orbit Sync", way, "a@acme.io", "Syncs orders", CALLBACK, **more)


def test_the_audit_finds_nothing_in_the_files_of_a_new_app(tmp_path: Path) -> None:
    for wanted in (_wanted("web_server"), _wanted("client_credentials", run_as="bot@acme.io")):
        path = tmp_path / f"{wanted.way}.zip"
        path.write_bytes(package(new_app(wanted)))
        found = [each for each in audit([path]).findings if each.status == "fail"]
        assert [each.code for each in found] == []


@pytest.mark.parametrize(
    ("person", "one_user", "way"),
    [
        (True, True, "web_server"), (True, False, "web_server"),
        (False, True, "client_credentials"), (False, False, "jwt_bearer"),
    ],
)  # fmt: skip
def test_the_flow_follows_from_who_signs_in(person: bool, one_user: bool, way: Way) -> None:
    assert choose(person=person, one_user=one_user) == way


@pytest.mark.parametrize(
    ("way", "missing"),
    [("web_server", "callback"), ("jwt_bearer", "certificate"), ("client_credentials", "user")],
)
def test_what_a_flow_cannot_do_without_is_asked_for(way: Way, missing: str) -> None:
    with pytest.raises(BadInput, match=missing):
        new_app(Wanted("Orbit", "Orbit", way, "a@acme.io"))


def test_access_comes_before_the_app_and_the_app_before_its_policies() -> None:
    access, app, policies = phases(new_app(_wanted("web_server")))
    assert [each.kind.type for each in access] == ["PermissionSet"]
    assert len(app) == 3
    assert all("Policies" in each.kind.type for each in policies)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["web_server", "jwt_bearer", "client_credentials"])
def test_a_client_of_the_new_app_connects_and_the_org_takes_it(
    org: Emulator, way: Way, tmp_path: Path
) -> None:
    told = sign_in(org.org, "admin")
    session = tmp_path / "session.json"
    session.write_text(json.dumps({n: told[n] for n in ("access_token", "instance_url")}))
    bot = sign_in(org.org, "integration")["username"]
    what = ("app", "new", "Fresh", "--contact", "a@acme.io", "--flow", way, "--callback", CALLBACK,
            "--run-as", bot, "--output", "made")  # fmt: skip
    done = evergrant(*what, "--deploy", "--session", str(session), folder=tmp_path)
    session.unlink()
    assert done.code == 0, done.out + done.err
    app = app_by_name(org.org.db, "Fresh")
    assert app.admin_approved
    assert app.pkce_required
    assert app.rotation
    keys = list((tmp_path / "made").glob("*.key"))
    assert len(keys) == (way == "jwt_bearer")
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_text().splitlines()[1] not in done.out + done.err
        assert bool(app.certificate)
    again = evergrant(*what, folder=tmp_path)
    assert again.code == 2
