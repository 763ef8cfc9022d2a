"""A stage to play on: an emulated org, a keeper of its own, and an integration between them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evergrant import keeper as verbs
from evergrant.drills.control import Control
from evergrant.emulator.server import Emulator
from evergrant.errors import OurBug
from evergrant.keeper import Keeper
from evergrant.model import App, FlowId, Integration, Secret
from evergrant.settings import Settings
from evergrant.store.flows import Flow
from evergrant.store.integrations import id_in
from evergrant.testing.robot import Person, Sight, browser, walk

FLOW_OF: dict[str, FlowId] = {
    "orbit-sync": "web_server",
    "orbit-jwt": "jwt_bearer",
    "orbit-server": "client_credentials",
    "orbit-portal": "web_server",
    "evergrant-admins": "web_server",
}
"""The world's apps that a drill's client uses, and how it comes to Salesforce with each."""
WHO = "integration"
"""The user of the emulated org that the integration runs as."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a drill needs at hand."""

    control: Control
    keeper: Keeper
    url: str
    """The emulated org."""

    def app(self, name: str) -> Mapping[str, Any]:
        """One app of the world."""
        found = [each for each in self.control.world()["apps"] if each["name"] == name]
        if not found:
            raise OurBug(f"the world has no app {name}")
        return dict(found[0])

    def person(self, name: str = WHO) -> Person:
        """One user of the world, at the browser."""
        for each in self.control.world()["users"]:
            if each["username"].startswith(f"{name}@"):
                return Person(each["username"], each["password"])
        raise OurBug(f"the world has no user {name}")

    def integration(self, app_name: str) -> Integration:
        """The vendor's integration that uses an app of the world, saved in the keeper."""
        app, whose = self.app(app_name), self.keeper.tenant
        told = integration_of(app, self.url, self.control, self.person().username)
        made = replace(told, id=id_in(whose, told.id), tenant=whose)
        with self.keeper.writing() as tx:
            self.keeper.vault.save_integration(tx, made)
        return made


def integration_of(
    app: Mapping[str, Any], url: str, control: Control, username: str
) -> Integration:
    """An integration for an app of the emulated org."""
    name, flow = app["name"], FLOW_OF[app["name"]]
    key = control.ask("GET", f"/key/{name}")["private_key"] if flow == "jwt_bearer" else ""
    return Integration(
        id=name,
        name=app["label"],
        app_label=app["label"],
        app_owner=app["owner"],
        app=App(
            consumer_key=app["consumer_key"],
            consumer_secret=Secret(app["consumer_secret"]) if flow != "jwt_bearer" else None,
            private_key=Secret(key) if key else None,
            scopes=("api", "refresh_token", "id", "openid") if flow == "web_server" else (),
        ),
        flow=flow,
        login_host=url,
        subject=username if flow == "jwt_bearer" else "",
        support_contact="https://orbit.example/support",
    )


def through_browser(
    keeper: Keeper, integration: Integration, person: Person, **how: Any
) -> tuple[Flow, Sight]:
    """Begin a flow, act at the browser, and take in what comes: the callback, or the page seen."""
    begun = verbs.begin(keeper, integration.id, **how)
    started = verbs.start(keeper, begun.link.reveal().rsplit("/", 1)[1])
    callback = keeper.settings.callback_url
    with browser() as profile:
        sight = walk(started.authorize_url, person, callback, browser=profile, follow=False)
    if not sight.called_back:
        return verbs.no_callback(keeper, begun.flow.id, sight.pasted()), sight
    flow = verbs.finish(keeper, sight.url, started.cookie.reveal())
    return (verbs.prove_flow(keeper, flow) if flow.status == "returned" else flow), sight


@contextmanager
def stage(*, seed: int = 7) -> Iterator[Stage]:
    """A fresh emulated org in this process, and a keeper with a data folder that vanishes."""
    with TemporaryDirectory(prefix="evergrant-drill-") as folder, Emulator(seed=seed) as org:
        control = Control(org.control_url)
        settings = Settings(data_dir=Path(folder) / "data", public_url="http://127.0.0.1:9")
        try:
            with verbs.open_keeper(settings, clock=control.clock, environ=_no_key()) as keeper:
                yield Stage(control, keeper, org.url)
        finally:
            control.close()


def _no_key() -> dict[str, str]:
    """The environment without the operator's master key: a drill never uses it."""
    return {name: value for name, value in os.environ.items() if "MASTER_KEY" not in name}
