"""An org that remembers what it read and writes late answers as one that does neither."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.emulator import state, tokens
from evergrant.emulator.accounts import approvals_of
from evergrant.emulator.acts import BadAct
from evergrant.emulator.app import create_app
from evergrant.emulator.clock import Clock
from evergrant.emulator.inventory import inventory
from evergrant.emulator.org import HOME_IP
from evergrant.emulator.stage import Stage

APPS = ("orbit-sync", "ledger-mirror", "orbit-server")
USERS = ("rita", "integration")
SETS = {"orbit-sync": "Orbit_Sync_Access", "ledger-mirror": "Ledger_Mirror_Access"}
QUERY = "/services/data/v66.0/query?q=SELECT+Id,UseCount,LastUsedDate+FROM+OauthToken"
Words = dict[str, Any]


def act(name: str, **words: Any) -> tuple[str, Words]:
    return name, words


ACTS = [
    *(act(verb, app=app) for app in APPS for verb in (
        "block_app", "unblock_app", "install_app", "uninstall_app", "revoke_app",
        "expire_sessions", "remove_sessions", "rotate_secret",
    )),
    *(act("approve", app=app, user=user) for app in APPS[:2] for user in USERS),
    *(act("revoke_user_app", app=app, user=user) for app in APPS[:2] for user in USERS),
    *(act("set_app", app=app, **knobs) for app in APPS for knobs in (
        {"rotation": True}, {"rotation": False}, {"admin_approved": True},
        {"admin_approved": False}, {"refresh_policy": "infinite"}, {"label": "Renamed"},
        {"session_level": "HIGH_ASSURANCE"}, {"session_level": ""},
        {"session_action": "RaiseSessionLevel"}, {"session_action": ""},
        {"jwt_access_tokens": True}, {"jwt_access_tokens": False},
    )),
    *(act(verb, app=app, permission_set=held) for app, held in SETS.items()
      for verb in ("grant_app", "ungrant_app")),
    *(act(verb, user=user, permission_set=held) for user in USERS for held in SETS.values()
      for verb in ("assign_permission_set", "unassign_permission_set")),
    *(act(verb, user=user) for user in USERS for verb in (
        "activate_user", "deactivate_user", "freeze_user", "unfreeze_user", "contain_user",
        "confirm_identity",
    )),
    *(act("set_profile", profile="Standard User", login_ranges=ranges)
      for ranges in ([], [[HOME_IP, HOME_IP]])),
    *(act("set_org", **knobs) for knobs in (
        {"approvals_limit": 1}, {"approvals_limit": 5}, {"eviction": "least_recently_used"},
        {"propagation_seconds": 300}, {"propagation_seconds": 0}, {"locked": True},
        {"locked": False}, {"high_risk_ranges": [["203.0.113.1", "203.0.113.9"]]},
        {"api_access_control": True}, {"api_access_control": False},
    )),
    act("set_ip", ip=HOME_IP), act("set_ip", ip="203.0.113.9", country="de"),
    act("migrate_org", to="USA2"), act("migrate_org", to="USA1"),
    act("lay_fault", path="/services/oauth2/token", status=503, body="down"),
    act("lift_faults"), act("set_app", app="ledger-mirror", nonsense=True),
]  # fmt: skip
PICKS = range(10)
HEALING = ("unblock_app", "install_app", "activate_user", "unfreeze_user", "approve")
STEPS = st.lists(
    st.sampled_from([
        *ACTS, *(each for each in ACTS if each[0] in HEALING for _ in range(5)),
        *(("refresh", pick) for pick in PICKS for _ in range(8)),
        *((what, pick) for what in ("client", "revoke", "call", "wait", "stay") for pick in PICKS),
        *((what, pick) for what in ("save", "restore", "undo", "undo") for pick in PICKS[:6]),
    ]),
    min_size=30, max_size=50,
)  # fmt: skip


class Forgetful(dict[Hashable, Any]):
    """Holds nothing."""

    def __setitem__(self, key: Hashable, value: Any) -> None:
        """Forget it at once."""


@dataclass
class Side:
    """One of the two orgs, and how it is asked."""

    stage: Stage
    http: httpx2.AsyncClient
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def send(self, method: str, path: str, **how: Any) -> object:
        return self.loop.run_until_complete(self._sent(method, path, **how))

    async def _sent(self, method: str, path: str, **how: Any) -> object:
        try:
            found = await self.http.request(method, path, **how)
        except httpx2.TransportError as error:
            return type(error).__name__
        return found.status_code, sorted(found.headers.multi_items()), found.text

    def act(self, name: str, words: Words) -> object:
        try:
            return self.stage.act(name, **words)
        except (BadAct, KeyError, ValueError) as error:
            return repr(error)

    def undo(self, name: str, words: Words) -> None:
        """Do an act, and look at what it did, in a transaction that fails."""
        db = self.stage.org.db
        try:
            with self.stage.org.changing():
                self.act(name, words)
                for row in state.every(db, "SELECT user_id, app_id, token FROM x_refresh"):
                    approvals_of(db, row["user_id"], row["app_id"], self.stage.org.clock.now())
                    tokens.find(self.stage.org, row["token"])
                raise InterruptedError
        except InterruptedError:
            pass

    def secrets(self, app: str) -> Words:
        known = next(each for each in inventory(self.stage.org)["apps"] if each["name"] == app)
        return {"client_id": known["consumer_key"], "client_secret": known["consumer_secret"]}

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row there is, but for those that only a file needs."""
        db = self.stage.org.db
        db.execute("DELETE FROM x_meta WHERE key IN ('clock_offset_s', 'ip')")
        names = state.every(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        found = {each["name"]: state.every(db, f'SELECT * FROM "{each["name"]}"') for each in names}
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}


class Pair:
    """Both orgs, which always hear the same."""

    def __init__(self, remembering: Side, forgetful: Side, clock: Clock) -> None:
        self.both, self.clock = (remembering, forgetful), clock
        self.begin = remembering.stage.org.snapshot()

    def start(self) -> None:
        """From the same rows, with the same secrets to come."""
        one, other = (each.stage for each in self.both)
        self.refresh: list[tuple[str, str]] = []
        self.access: list[str] = []
        for stage in (one, other):
            stage.org.restore(self.begin)
            stage.org.faults.laid.clear()
        other.org.random.setstate(one.org.random.getstate())
        inactivity = {"app": "ledger-mirror", "refresh_policy": "specific_inactivity:1:DAYS"}
        self.told(lambda side: side.act("set_app", inactivity))
        for app in APPS[:2]:
            for user in USERS:
                self.approve({"app": app, "user": user})
        self.save()

    def told(self, ask: Callable[[Side], object]) -> Any:
        """What both answer, which must be one thing."""
        one, other = (ask(side) for side in self.both)
        assert one == other
        return one

    def approve(self, words: Words) -> None:
        """Two more tokens to play with; looking for them writes down what waits."""
        self.told(lambda side: side.act("approve", words))
        given = [side.stage.secrets()["refresh_token"][-1] for side in self.both]
        assert given[0] == given[1]
        self.refresh.append((given[0], words["app"]))

    def save(self) -> None:
        for side in self.both:
            side.stage.save("here")

    def play(self, step: tuple[str, Any]) -> None:
        match step:
            case ("refresh", int(pick)):
                token, app = self.refresh[-1 - pick % len(self.refresh)]
                self.token(app, grant_type="refresh_token", refresh_token=token)
            case ("stay", int(pick)):
                self.stay(pick)
            case ("client", _):
                self.token("orbit-server", grant_type="client_credentials")
            case ("revoke", int(pick)):
                token, _ = self.refresh[-1 - pick % len(self.refresh)]
                data = {"token": token}
                self.told(lambda side: side.send("POST", "/services/oauth2/revoke", data=data))
            case ("call", int(pick)):
                token = self.access[-1 - pick % len(self.access)] if self.access else "none"
                headers = {"Authorization": f"Bearer {token}"}
                self.told(lambda side: side.send("GET", QUERY, headers=headers))
            case ("wait", int(pick)):
                self.clock.advance(hours=2 * pick, seconds=1)
            case ("save", _):
                self.save()
            case ("restore", _):
                self.told(lambda side: side.stage.restore("here"))
            case ("undo", int(pick)):
                words = {"app": APPS[pick % 2]}
                self.told(lambda side: side.undo("revoke_app", words))
            case ("approve", dict(words)):
                self.approve(words)
            case (name, dict(words)):
                self.told(lambda side: side.act(name, words))

    def stay(self, pick: int) -> None:
        """Use a token again before a day is over, and again."""
        token, app = self.refresh[-1 - pick % len(self.refresh)]
        for hours in (13, 13, 0):
            self.token(app, grant_type="refresh_token", refresh_token=token)
            self.clock.advance(hours=hours)
            if pick % 2:
                self.approve({"app": APPS[0], "user": USERS[0]})

    def token(self, app: str, **form: str) -> None:
        path = "/services/oauth2/token"
        said = self.told(lambda side: side.send("POST", path, data={**side.secrets(app), **form}))
        given = json.loads(said[2]) if isinstance(said, tuple) and said[0] == 200 else {}
        self.access += [each for name, each in given.items() if name == "access_token"]
        self.refresh += [(each, app) for name, each in given.items() if name == "refresh_token"]

    def close(self) -> None:
        self.begin.db.close()
        for side in self.both:
            side.loop.run_until_complete(side.http.aclose())
            side.loop.close()
            side.stage.close()


@contextmanager
def pair() -> Iterator[Pair]:
    clock = Clock()
    clock.freeze()
    with tempfile.TemporaryDirectory() as folder:
        sides = [_side(Stage(clock=clock)), _side(Stage(clock=clock, path=f"{folder}/org.sqlite"))]
        db = sides[1].stage.org.db
        db.known, db.granted = Forgetful(), Forgetful()
        made = Pair(sides[0], sides[1], clock)
        try:
            yield made
        finally:
            made.close()


def _side(stage: Stage) -> Side:
    transport = httpx2.ASGITransport(create_app(stage.org))
    return Side(stage, httpx2.AsyncClient(transport=transport, base_url="http://org"))


@pytest.mark.slow
def test_whatever_admins_and_clients_do_an_org_that_remembers_answers_as_one_that_reads_anew() -> (
    None
):
    with pair() as both:

        @settings(max_examples=40, deadline=None)
        @given(STEPS)
        def play(steps: list[tuple[str, Any]]) -> None:
            both.start()
            for step in steps:
                both.play(step)
            both.told(Side.tables)
            both.told(lambda side: side.stage.trace(20))

        play()
