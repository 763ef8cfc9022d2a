"""Salesforce CLI retrieves a project from the emulator and deploys it back, as from an org."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.connected import sign_in
from salesforce_cli import SalesforceCli

pytestmark = pytest.mark.conformance
ORG = "emulated"
APP = "force-app/main/default/connectedApps/orbit_sync.connectedApp-meta.xml"
NEW = "force-app/main/default"
WHOLE = (
    "ConnectedApp", "ExternalClientApplication", "ExtlClntAppOauthSettings",
    "ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies", "PermissionSet", "Profile", "Settings:OauthOidc",
)  # fmt: skip
HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ExternalClientApplication xmlns="http://soap.sforce.com/2006/04/metadata">'
    "<label>{}</label>{}</ExternalClientApplication>"
)


class Project:
    """A source-format project whose default org is the emulated one."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self._sf = SalesforceCli(folder)
        settings = {"packageDirectories": [{"path": "force-app", "default": True}],
                    "sourceApiVersion": "63.0"}  # fmt: skip
        (folder / "force-app").mkdir()
        (folder / "sfdx-project.json").write_text(json.dumps(settings), "utf-8")
        token = sign_in(emulator.org, "admin")["access_token"]
        told = self._sf.run(
            "org", "login", "access-token", "--instance-url", emulator.url, "--no-prompt",
            "--alias", ORG, SF_ACCESS_TOKEN=token,
        )  # fmt: skip
        assert told["status"] == 0, told

    def retrieve(self, *types: str) -> dict[str, Any]:
        """sf project retrieve start."""
        named = [word for each in types for word in ("--metadata", each)]
        return self._sf.run("project", "retrieve", "start", *named, "--target-org", ORG)

    def deploy(self, *words: str) -> dict[str, Any]:
        """sf project deploy start, of everything."""
        return self._sf.run(
            "project", "deploy", "start", "--source-dir", "force-app", "--target-org", ORG, *words
        )

    def write(self, path: str, text: str) -> None:
        """A file of the project."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


@pytest.fixture
def project(here: Callable[[str], None], emulator: Emulator) -> Iterator[Project]:
    """An empty project, logged in."""
    here("Salesforce CLI")
    with TemporaryDirectory(prefix="sf-project-") as folder:
        yield Project(Path(folder), emulator)


def test_sf_retrieves_a_project_and_deploys_what_was_changed_in_it(
    project: Project, emulator: Emulator
) -> None:
    told = project.retrieve(*WHOLE)
    assert told["status"] == 0, told
    found = {each["type"] for each in told["result"]["files"]}
    assert found == {each.partition(":")[0] for each in WHOLE}
    file = project.folder / APP
    changed = file.read_text("utf-8").replace(">infinite<", ">specific_lifetime:30:DAYS<")
    file.write_text(changed, "utf-8")
    checked = project.deploy("--dry-run")
    assert checked["status"] == 0, checked
    assert app_by_name(emulator.org.db, "orbit-sync").refresh_policy == "infinite"
    deployed = project.deploy()
    assert deployed["status"] == 0, deployed
    states = {each["fullName"]: each["state"] for each in deployed["result"]["files"]}
    assert states["orbit_sync"] == "Changed"
    assert states["pocket_charts"] == "Unchanged"
    policy = app_by_name(emulator.org.db, "orbit-sync")
    assert policy.refresh_policy == "specific_lifetime:30:DAYS"


def test_sf_creates_an_external_client_app_and_shows_why_another_is_refused(
    project: Project, emulator: Emulator
) -> None:
    path = f"{NEW}/externalClientApps/{{}}.eca-meta.xml"
    project.write(path.format("Ledger"), HEADER.format("Ledger", ""))
    made = project.deploy()
    assert made["status"] == 0, made
    assert app_by_name(emulator.org.db, "Ledger").kind == "external_client_app"
    bad = HEADER.format("Bad", "<isEnabled>true</isEnabled>")
    project.write(path.format("Bad"), bad)
    refused = project.deploy()
    assert refused["status"] == 1
    (failure,) = (each for each in refused["result"]["files"] if each["state"] == "Failed")
    assert failure["error"].startswith(
        "Element {http://soap.sforce.com/2006/04/metadata}isEnabled invalid at this location in "
        "type ExternalClientApplication"
    )
