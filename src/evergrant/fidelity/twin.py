"""The emulated side: a fresh org in this process, with a twin of the app that is tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from evergrant.emulator import Emulator
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.connected import connect, key_of, sign_in
from evergrant.emulator.inventory import inventory
from evergrant.emulator.oauth.grants import hand_out
from evergrant.emulator.policies import KNOBS
from evergrant.errors import BadInput
from evergrant.fidelity.behaviour import Behaviour, Scalar, Setting, Writes
from evergrant.fidelity.observe import Outcome, observe
from evergrant.fidelity.org_facts import learn
from evergrant.fidelity.side import Side, TestedApp
from evergrant.model import App, Secret, Session
from evergrant.wire import client, run

USER, PROFILE = "admin", "System Administrator"
FRESH = "fresh"
KINDS: Mapping[str, str] = {"connected_app": "orbit-sync", "external_client_app": "orbit-server"}
"""Kinds of app → the app of the emulated world that becomes the twin."""
_WORDS = ("refresh_policy", "ip_relaxation", "session_action")
"""Knobs of an app that are words and name nobody."""


@dataclass(frozen=True, slots=True)
class TwinApp:
    """What the emulator must know of the person's app to play it; no secret, no name."""

    kind: str = "connected_app"
    has_secret: bool = True
    has_key: bool = False
    has_refresh_token: bool = False
    mints: bool = False
    """Whether it comes by client credentials."""
    scopes: tuple[str, ...] = ()
    settings: Mapping[str, Scalar] | None = None
    """Knobs that do not stand at the kind's default."""


def check_settings(settings: Mapping[str, Scalar]) -> None:
    """Whether these are knobs of an app that may be told.

    Raises `BadInput` naming those that may.
    """
    known = sorted(
        name.removeprefix("app.")
        for name, knob in KNOBS.items()
        if name.startswith("app.") and _is_plain(name.removeprefix("app."), knob.default)
    )
    if strange := sorted(set(settings) - set(known)):
        raise BadInput(
            f"no setting of an app is called {', '.join(strange)}",
            next_step=f"there are {', '.join(known)}",
            whose="you",
        )


def _is_plain(name: str, default: object) -> bool:
    return name in _WORDS or default is None or isinstance(default, (bool, int))


@contextmanager
def emulated(twin: TwinApp | None) -> Iterator[Twin]:
    """An emulated org with the twin in it; gone when the block ends."""
    with Emulator() as emulator, client() as via:
        yield Twin(emulator, twin, via)


class Twin:
    """The emulated side, brought back to the same beginning after whatever changed it."""

    def __init__(self, emulator: Emulator, twin: TwinApp | None, via: httpx2.Client) -> None:
        self._emulator, self._via = emulator, via
        self._name = KINDS[twin.kind if twin else "connected_app"]
        self._side = self._arranged(twin)
        emulator.stage.save(FRESH)
        self._is_fresh = True

    def ask(self, each: Behaviour, setting: Setting) -> Outcome:
        """What the emulated org shows, with a setting turned."""
        if not self._is_fresh:
            self._emulator.stage.restore(FRESH)
        self._is_fresh = each.writes is Writes.NOTHING and setting == Setting()
        if setting.org:
            self._emulator.act("set_org", **setting.org)
        if setting.app and self._side.app is not None:
            self._emulator.act("set_app", app=self._name, **setting.app)
        found = observe([each], self._side, frozenset(Writes), via=self._via)
        return found[each.id]

    def _arranged(self, twin: TwinApp | None) -> Side:
        org = self._emulator.org
        # The user has an approval, as whoever logged in with the Salesforce CLI has one.
        connect(org, KINDS["connected_app"], USER)
        token = sign_in(org, USER)["access_token"]
        session = Session(self._emulator.url, Secret(token))
        side = run(learn(session), via=self._via).side
        if twin is None:
            return side
        self._turn(twin, side.username)
        with org.changing():
            app = app_by_name(org.db, self._name)
            given = hand_out(org, app, side.user_id, "authorization_code")
        told = next(each for each in inventory(org)["apps"] if each["name"] == self._name)
        return side.with_app(self._tested(twin, told, given))

    def _turn(self, twin: TwinApp, username: str) -> None:
        knobs: dict[str, Any] = dict(twin.settings or {})
        if twin.mints:
            knobs |= {"client_credentials": True, "run_as": username}
        if twin.scopes:
            knobs["scopes"] = twin.scopes
        if knobs:
            self._emulator.act("set_app", app=self._name, **knobs)
        if knobs.get("admin_approved"):
            self._emulator.act("grant_app", app=self._name, profile=PROFILE)

    def _tested(self, twin: TwinApp, app: Mapping[str, Any], given: Mapping[str, str]) -> TestedApp:
        key = key_of(self._emulator.org, self._name).private_key if twin.has_key else ""
        return TestedApp(
            App(
                app["consumer_key"],
                Secret(app["consumer_secret"]) if twin.has_secret else None,
                Secret(key) if key else None,
                redirect_uri=app["callbacks"][0],
                scopes=twin.scopes,
            ),
            label=app["label"],
            kind=twin.kind,
            mints=twin.mints,
            refresh_token=_refresh_token(given) if twin.has_refresh_token else None,
        )


def _refresh_token(given: Mapping[str, str | int]) -> Secret | None:
    token = given.get("refresh_token")
    return Secret(str(token)) if token else None
