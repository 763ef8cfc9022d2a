"""What the tests of keeper, watch and service begin with: a keeper on an emulated org.

A test module imports `ground_fixture` and `org_fixture` to have the fixture `ground`.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import store_kit
from evergrant import keeper as verbs
from evergrant.clock import ShiftedClock
from evergrant.drills.control import Control
from evergrant.drills.stage import Stage, through_browser
from evergrant.emulator.server import Emulator
from evergrant.keeper import Keeper
from evergrant.model import Connection, Event, Incident, Integration, Notice, Secret
from evergrant.settings import Settings
from evergrant.store import connections, credentials, events, incidents, tables
from evergrant.store.flows import Flow
from evergrant.store.scope import All
from evergrant.testing.robot import Person, Sight, browser, walk
from evergrant.vault import MAIN, Kept

KEY = {"EVERGRANT_MASTER_KEY": base64.b64encode(b"k" * 32).decode()}
TOKEN, REVOKE = "/services/oauth2/token", "/services/oauth2/revoke"
USERINFO = "/services/oauth2/userinfo"
RESOURCES, QUERY = "/services/data/v66.0", "/services/data/v66.0/query"
BROWSER_APP, JWT_APP, SERVER_APP = "orbit-sync", "orbit-jwt", "orbit-server"


class QuickClock(ShiftedClock):
    """Follows the emulated org's clock, and hardly waits."""

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.005))


@dataclass(frozen=True, slots=True)
class Ground:
    """An emulated org, a keeper on it, and short words for what tests do with both."""

    org: Emulator
    stage: Stage

    @property
    def keeper(self) -> Keeper:
        return self.stage.keeper

    @property
    def house(self) -> Keeper:
        """The keeper of every tenant, as the service watches with it."""
        return replace(self.keeper, scope=All())

    @property
    def control(self) -> Control:
        return self.stage.control

    # --- the org ---------------------------------------------------------------------------------

    def fault(self, path: str, **how: Any) -> None:
        """Lay one fault on a path, and take away all others."""
        self.control.ask("POST", "/faults", json=[{"path": path, **how}])

    def requests(self, path: str) -> list[dict[str, Any]]:
        """What the org was asked for on a path, oldest first."""
        return [each for each in self.control.ask("GET", "/history") if each["path"] == path]

    def is_live(self, token: Secret | None) -> bool:
        """Whether the org still takes an access token or a refresh token."""
        assert token is not None
        with self.org.org.lock:
            found = self.org.org.db.execute(
                "SELECT 1 FROM x_session WHERE token = :t AND ended IS NULL UNION ALL "
                "SELECT 1 FROM x_refresh WHERE token = :t AND state = 'live'",
                {"t": token.reveal()},
            ).fetchall()
        return bool(found)

    def live_refresh_tokens(self) -> int:
        """How many refresh tokens the org holds as live."""
        with self.org.org.lock:
            wanted = "SELECT count(*) FROM x_refresh WHERE state = 'live'"
            return int(self.org.org.db.execute(wanted).fetchone()[0])

    # --- connecting ------------------------------------------------------------------------------

    def integration(self, app: str = BROWSER_APP) -> Integration:
        """The integration that uses an app, which calls back to this keeper."""
        callbacks = [self.keeper.settings.callback_url]
        self.control.act("set_callbacks", app=app, callbacks=callbacks)
        return self.stage.integration(app)

    def connected(self, name: str = "Acme", *, app: str = BROWSER_APP) -> Connection:
        """A connection that works."""
        integration = self.integration(app)
        if integration.flow != "web_server":
            host = integration.login_host
            return verbs.connect_directly(self.keeper, integration, name, host)[0]
        flow, _ = self.browsed(integration, name=name)
        assert flow.status == "done", flow.outcome
        return self.now(flow.connection)

    def browsed(
        self, integration: Integration, *, person: Person | None = None, **how: Any
    ) -> tuple[Flow, Sight]:
        """A flow through the browser, to its end."""
        return through_browser(self.keeper, integration, person or self.stage.person(), **how)

    def reauthorized(self, connection: Connection, person: Person | None = None) -> Flow:
        """The same connection, authorized once more through the browser."""
        with self.keeper.reading() as tx:
            integration = self.keeper.vault.integration(tx, connection.integration)
        return self.browsed(integration, person=person, connection_id=connection.id)[0]

    def called_back(self, **how: Any) -> Returned:
        """A flow up to its callback, which is not taken in yet."""
        begun = verbs.begin(self.keeper, self.integration().id, **how)
        started = verbs.start(self.keeper, ticket_of(begun))
        callback, person = self.keeper.settings.callback_url, how.pop("person", None)
        with browser() as profile:
            who = person or self.stage.person()
            sight = walk(started.authorize_url, who, callback, browser=profile, follow=False)
        assert sight.called_back
        return Returned(begun.flow.id, sight.url, started.cookie.reveal())

    # --- what the keeper knows -------------------------------------------------------------------

    def now(self, key: str) -> Connection:
        with self.keeper.reading() as tx:
            return connections.get(tx, key)

    def live(self, connection: Connection, part: str = MAIN) -> Kept:
        """The credential in use."""
        with self.keeper.reading() as tx:
            found = self.keeper.vault.live(tx, connection.id, part)
        assert found is not None
        return found

    def held(self, connection: Connection, part: str = MAIN) -> Kept | None:
        with self.keeper.reading() as tx:
            return self.keeper.vault.held(tx, connection.id, part)

    def rows(self, connection: Connection) -> Sequence[credentials.CredentialRow]:
        """Every credential row, newest first."""
        with self.keeper.reading() as tx:
            return credentials.of(tx, connection.id)

    def history(self, connection: Connection, kind: str) -> list[Event]:
        """The connection's events of a kind, oldest first."""
        with self.keeper.reading() as tx:
            found = events.recent(tx, connection.id, limit=500)
        return [each for each in reversed(found) if each.kind == kind]

    def incident(self, connection: Connection) -> Incident | None:
        """The open incident."""
        with self.keeper.reading() as tx:
            return incidents.open_for(tx, connection.id)

    def incidents(self, connection: Connection) -> Sequence[Incident]:
        """Every incident, newest first."""
        with self.keeper.reading() as tx:
            return incidents.of(tx, connection.id)

    def notices(self, channel: str = "log") -> list[Notice]:
        """Every notice written for a channel, delivered or not."""
        outbox = tables.outbox
        with self.keeper.reading() as tx:
            rows = tx.execute(outbox.select().where(outbox.c.channel == channel)).all()
        return [Notice(**row.notice) for row in rows]


@dataclass(frozen=True, slots=True)
class Returned:
    """A browser that came back with a callback."""

    flow: str
    url: str
    cookie: str

    @property
    def state(self) -> str:
        """What the callback carries as `state`."""
        return parse_qs(urlsplit(self.url).query)["state"][0]


def ticket_of(begun: verbs.Begun) -> str:
    return begun.link.reveal().rsplit("/", 1)[1]


def no_session() -> dict[str, Any]:
    """The answer to a call whose session ended, as a fault."""
    words = '[{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]'
    return {"status": 401, "body": words}


def settings_in(folder: Path, **more: Any) -> Settings:
    store_kit.lay_ready(folder)
    there = Settings(
        folder / "data", database_url=store_kit.remote(folder), public_url="http://127.0.0.1:9"
    )
    return there.but(**more)


@pytest.fixture(scope="session", name="shared_org")
def org_fixture() -> Iterator[Emulator]:
    """One emulated org, served for all tests of a module."""
    with Emulator(seed=11) as emulator:
        yield emulator


@pytest.fixture(name="ground")
def ground_fixture(
    shared_org: Emulator, tmp_path: Path, nothing_secret_is_left: Any
) -> Iterator[Ground]:
    """A keeper on the emulated org as it is at the beginning, with a data folder of its own."""
    with grounded(shared_org, tmp_path) as ground:
        yield ground
    # The org forgets with the next reset what it gave out in this test.
    nothing_secret_is_left.note(shared_org)


@contextmanager
def grounded(org: Emulator, folder: Path) -> Iterator[Ground]:
    """The emulated org, back at the beginning, and a keeper with its data in a folder."""
    org.stage.reset()
    control = Control(org.control_url)
    clock = QuickClock(lambda: org.clock.offset)
    try:
        settings = settings_in(folder, status_url=org.control_url)
        with verbs.open_keeper(settings, clock=clock, environ=KEY) as keeper:
            yield Ground(org, Stage(control, keeper, org.url))
    finally:
        control.close()
