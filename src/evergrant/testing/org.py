"""The org of a test: whom it has, what is set, what it wrote down, and what time it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import connected, state, world
from evergrant.emulator.acts import BadAct
from evergrant.testing.app import App
from evergrant.testing.flows import FLOWS
from evergrant.testing.seen import attempt_of, grant_of, login_of
from evergrant.testing.user import User

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from evergrant.emulator.clock import Clock
    from evergrant.emulator.policies import AppKind
    from evergrant.emulator.server import Emulator
    from evergrant.testing.flows import FlowName
    from evergrant.testing.seen import Attempt, Grant, Login

CALLBACK: Final = "http://localhost:1717/OauthRedirect"
SCOPES: Final = ("api", "refresh_token", "id", "openid")
_LOGINS: Final = (
    'SELECT h.*, u."Username" FROM "LoginHistory" h LEFT JOIN "User" u ON u."Id" = h."UserId"'
    " ORDER BY h.rowid"
)


class SalesforceOrg:
    """An emulated Salesforce org; nothing of it is Salesforce."""

    def __init__(self, emulator: Emulator, ca_file: Path | None = None) -> None:
        self.emulator = emulator
        self.ca_file = ca_file
        """What a client is to trust where the org is served by TLS; None without."""

    @property
    def url(self) -> str:
        """The address of the org, its My Domain: login and API alike."""
        return self.emulator.org.base_url

    @property
    def id(self) -> str:
        """The org's id, 18 characters."""
        with self.emulator.org.lock:
            return state.noted(self.emulator.org.db, "org_id")

    @property
    def asgi(self) -> ASGIApp:
        """The org as an ASGI app, for clients that can call one without a port."""
        return self.emulator.app

    @property
    def clock(self) -> Clock:
        """Salesforce's time: `clock.advance(days=91)`; the machine's own stays what it is."""
        return self.emulator.clock

    @property
    def admin(self) -> User:
        """The System Administrator who is always there."""
        return self.find_user("admin")

    def app(
        self,
        label: str,
        *,
        flows: Sequence[FlowName] = ("web_server",),
        scopes: Sequence[str] = SCOPES,
        callback: str = CALLBACK,
        kind: AppKind = "external_client_app",
        **knobs: object,
    ) -> App:
        """Make an app that may use these flows; raises BadAct.

        External client apps ask for PKCE and give refresh tokens for 365 days, unless `knobs` say
        otherwise; a connected app is made as before Spring '26.
        """
        if not flows:
            raise BadAct("an app needs a flow")
        enabled = [FLOWS[each] for each in flows]
        only = [name for name in flows if FLOWS[name].only_connected_app]
        if only and kind == "external_client_app":
            raise BadAct(f"{', '.join(only)} needs kind='connected_app'")
        turned = {name: value for each in enabled for name, value in each.app.items()}
        made = App(self.emulator, _named(label), tuple(flows))
        self._make(made, label=label, kind=kind, **turned, **knobs)
        made.set(callbacks=[callback], scopes=list(scopes))
        for each in enabled:
            if each.org:
                self.set(**each.org)
            if each.has_key:
                connected.key_of(self.emulator.org, made.name)
                # A key made for an app of that name in an earlier test is not made again.
                world.keep_certificate(self.emulator.org, made.name)
        return made

    def _make(self, app: App, *, kind: AppKind, **words: Any) -> None:
        """NOTE: new connected apps need a knob, which is turned back: tests begin with old ones."""
        with self.emulator.org.changing():
            was = state.load_org(self.emulator.org.db).connected_app_creation
            self.set(connected_app_creation=True)
            self.act("create_app", app=app.name, kind=kind, **words)
            self.set(connected_app_creation=was)

    def user(
        self, name: str, *, profile: str = "Standard User", permission_sets: Sequence[str] = ()
    ) -> User:
        """Make a user, named by what stands before the @ of the username; raises BadAct."""
        made = self.act("create_user", user=name, profile=profile)
        user = User(self.emulator, str(made["username"]))
        for each in permission_sets:
            user.assign(each)
        return user

    def find_user(self, name: str) -> User:
        """A user who is there, by the part before the @."""
        return User(self.emulator, f"{name}@{self.emulator.org.home.users}")

    def connect(self, app: App, user: User | None = None, flow: FlowName | None = None) -> Grant:
        """Connect an app as its user did once, with a Success row in Login History.

        Without a flow, by the first of the app's. No gate is asked: what you do next is.
        """
        who = user.username if user else app.policy.run_as or self.admin.username
        by = FLOWS[flow or app.flows[0]].flow
        return grant_of(connected.connect(self.emulator.org, app.name, who, by))

    # --- policies, faults, time

    def set(self, **knobs: object) -> None:
        """Turn knobs of the whole org; raises BadAct."""
        self.act("set_org", **knobs)

    def set_profile(self, profile: str, **words: object) -> None:
        """Turn knobs and permissions of a profile by its name; raises BadAct."""
        self.act("set_profile", profile=profile, **words)

    def fault(self, preset: str, **words: object) -> None:
        """Lay a fault by its name, such as `contention`, with `times`, `app`, `user`, `path` …

        `evergrant emulator faults` lists them; raises BadAct.
        """
        named = {key: word.name if isinstance(word, App) else word for key, word in words.items()}
        named = {k: word.username if isinstance(word, User) else word for k, word in named.items()}
        self.act("lay_fault", preset=preset, **named)

    def lift_faults(self) -> None:
        """Take all faults away."""
        self.act("lift_faults")

    def callers_come_from(self, ip: str) -> None:
        """Let requests appear to come from this address."""
        self.act("set_ip", ip=ip)

    def act(self, name: str, /, **words: Any) -> dict[str, object]:
        """Do any act of the emulator's table; raises BadAct."""
        return self.emulator.act(name, **words)

    # --- what it wrote down

    def login_history(self) -> list[Login]:
        """Login History, oldest first."""
        with self.emulator.org.lock:
            rows = state.every(self.emulator.org.db, _LOGINS)
        return [login_of(row) for row in rows]

    def attempts(self, limit: int = 100) -> list[Attempt]:
        """The newest attempts at a grant or a call with every gate's answer, newest last."""
        return [attempt_of(each) for each in self.emulator.trace(limit)]

    def requests(self, limit: int = 1000) -> list[dict[str, Any]]:
        """The newest requests seen, newest last, secrets masked."""
        return self.emulator.stage.history(limit)

    # --- going back, and branching off

    def save(self, name: str) -> None:
        """Keep the org as it is now under a name."""
        self.emulator.stage.save(name)

    def restore(self, name: str) -> None:
        """Bring back what was kept under a name, without faults; raises NoSnapshot."""
        self.emulator.stage.restore(name)
        self.lift_faults()

    def reset(self) -> None:
        """Back to the beginning."""
        self.emulator.stage.reset()

    def fork(self) -> SalesforceOrg:
        """Another org that was the same until now, in process: reached by `asgi`, not by a port."""
        return SalesforceOrg(self.emulator.fork())


def _named(label: str) -> str:
    """The API name for a label: My App becomes my-app."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
