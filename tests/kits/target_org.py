"""A second emulated org that plays the real one, with an app of a person's in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evergrant.emulator import Emulator
from evergrant.emulator.connected import connect, key_of, sign_in
from evergrant.emulator.inventory import inventory
from evergrant.fidelity import OrgFacts, TestedApp, TwinApp, Writes, learn, record
from evergrant.fidelity.recording import Recording
from evergrant.model import App, Secret, Session
from evergrant.wire import run
from planted import Plant, planted

LABEL = "Quartz Ledger Bridge"
ORG = "Halcyon Widgets Intl"
ALL = frozenset(Writes)


@dataclass
class Target:
    """The second emulator, what a person holds of it, and its address as the person has it."""

    emulator: Emulator
    token: str
    app: dict[str, Any]
    private_key: str
    refresh_token: str
    url: str = ""

    def facts(self, *, with_app: bool = True, settings: dict[str, Any] | None = None) -> OrgFacts:
        """The org as a session learns it, with the app."""
        org = run(learn(Session(self.url or self.emulator.url, Secret(self.token))))
        if not with_app:
            return org
        return OrgFacts(org.kind, org.edition, org.side.with_app(self.tested()))

    def tested(self) -> TestedApp:
        """The person's app, whole."""
        app = App(
            self.app["consumer_key"], Secret(self.app["consumer_secret"]), Secret(self.private_key),
            self.app["callbacks"][0], tuple(self.app["scopes"]),
        )  # fmt: skip
        refresh = Secret(self.refresh_token)
        return TestedApp(app, LABEL, "connected_app", True, refresh)

    def twin(self) -> TwinApp:
        """What the emulator is told of it."""
        return TwinApp(
            has_key=True, has_refresh_token=True, mints=True, scopes=tuple(self.app["scopes"])
        )

    def words(self) -> list[str]:
        """What must stand in no recording."""
        world = inventory(self.emulator.org)
        people = [each["username"] for each in world["users"]]
        ids = [world["org"]["id"], world["org"]["id_15"], *(each["id"] for each in world["users"])]
        own = [self.token, self.refresh_token, self.url or self.emulator.url, LABEL, ORG]
        keys = [self.app["consumer_key"], self.app["consumer_secret"]]
        issued = [one for kind in self.emulator.stage.secrets().values() for one in kind]
        return [*people, *ids, *own, *keys, *(each for each in issued if len(each) >= 12)]


@contextmanager
def target(*, edition: str = "Developer Edition", **knobs: Any) -> Iterator[Target]:
    """A second org: another seed, another name; `knobs` are its app's."""
    with Emulator(seed=4242) as emulator:
        with emulator.org.lock:
            emulator.org.db.execute(
                'UPDATE "Organization" SET "OrganizationType" = ?, "Name" = ?', (edition, ORG)
            )
        users = [str(each["username"]) for each in inventory(emulator.org)["users"]]
        admin = next(each for each in users if each.startswith("admin@"))
        minting = {"client_credentials": True, "run_as": admin}
        emulator.act("set_app", app="orbit-sync", label=LABEL, **minting, **knobs)
        given = connect(emulator.org, "orbit-sync", "admin")
        key = key_of(emulator.org, "orbit-sync").private_key
        app = next(each for each in inventory(emulator.org)["apps"] if each["name"] == "orbit-sync")
        token = sign_in(emulator.org, "admin")["access_token"]
        yield Target(emulator, token, app, key, given["refresh_token"])


def recorded(org: Target, *plants: Plant, allowed: frozenset[Writes] = ALL) -> Recording:
    """What the org shows, with differences planted into its answers."""
    with planted(org.emulator.url, *plants) as url:
        org.url = url
        return record(org.facts(), allowed, org.twin(), "test")
