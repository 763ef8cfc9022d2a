"""The main job as a story: connect, break, notice, say why, fix, reauthorize in place, prove."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from evergrant import keeper as verbs
from evergrant.diagnosis.explain import sections
from evergrant.diagnosis.layout import DECISIONS, laid_out
from evergrant.drills.control import Control
from evergrant.drills.stage import Stage
from evergrant.errors import OurBug
from evergrant.health import BROKEN
from evergrant.keeper import Keeper
from evergrant.model import Connection, Integration
from evergrant.store import connections
from evergrant.testing.robot import Sight, browser, walk

SCENARIO = "demo"
ADMINS = "evergrant-admins"
"""The app with which an admin signs in to repair the org from the console."""
A_DAY = timedelta(days=1)
AN_HOUR = timedelta(hours=1)
PATIENCE_S = 30.0
SHOWN = (*DECISIONS.values(), "Evidence", "Speaks for it", "What to do", "Do not")
"""What the story tells of the diagnosis; `evergrant diagnose --connection` tells all of it."""
WIDTH = 76
SETTINGS = {"sync": "every 15 minutes", "objects": "Account, Contact, Opportunity"}


class Begun(Protocol):
    """A flow that the service began."""

    @property
    def id(self) -> str: ...

    @property
    def link(self) -> str: ...


class Vendor(Protocol):
    """The running service, as the story talks to it."""

    def begin(self, body: dict[str, Any]) -> Begun: ...

    def seen(self, flow_id: str, text: str) -> dict[str, Any]: ...

    def wait(self, flow_id: str) -> dict[str, Any]: ...


Tell = Callable[[str, str], None]
"""Says one line of the story: a short title, and what happened."""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the story needs; `play` tells it."""

    stage: Stage
    vendor: Vendor
    tell: Tell

    @property
    def keeper(self) -> Keeper:
        """The keeper of the service that runs."""
        return self.stage.keeper

    @property
    def control(self) -> Control:
        """The emulated org's control port."""
        return self.stage.control

    def play(self, *, skip_fix: bool) -> bool:
        """Tell the story; whether identity, call and Login History row were proven at its end."""
        integration = self._prepare()
        connection = self._connect(integration)
        self._break_it()
        self._notice(connection)
        self._why(connection)
        self._try_too_early(integration, connection)
        self._fix(skip_fix)
        return self._reauthorize(integration, connection)

    def _prepare(self) -> Integration:
        self.control.play(SCENARIO, "setup")
        # The story ends at the time it is now: other terminals then tell the same time.
        self.control.advance(-(A_DAY + AN_HOUR))
        callbacks = [self.keeper.settings.callback_url]
        self.control.act("set_callbacks", app="orbit-sync", callbacks=callbacks)
        self._let_admins_in(callbacks)
        return self.stage.integration("orbit-sync")

    def _let_admins_in(self, callbacks: Sequence[str]) -> None:
        """The operator's own app for admins; the console repairs the org with their sign-in."""
        if not any(each["name"] == ADMINS for each in self.control.world()["apps"]):
            self.control.act("create_app", app=ADMINS, label="Evergrant for admins")
        self.control.act("set_callbacks", app=ADMINS, callbacks=callbacks)
        self.stage.integration(ADMINS)

    def _connect(self, integration: Integration) -> Connection:
        end, _ = self._authorize(integration, {"name": "Acme Manufacturing"})
        if end["status"] != "done":
            raise OurBug(f"the healthy org did not connect: {end}")
        with self.keeper.writing() as tx:
            known = connections.update(tx, end["connection"], settings=SETTINGS)
        org = known.identity.org_id if known.identity else ""
        self.tell("Connect", f"{known.name} authorizes {integration.app_label}: org {org}")
        self._tell_proofs(end["outcome"]["proofs"])
        return known

    def _break_it(self) -> None:
        self.control.advance(A_DAY)
        self.control.play(SCENARIO, "break")
        self.tell("Break", "a day later an admin of the org blocks the app in Setup")

    def _notice(self, connection: Connection) -> None:
        """Wait for the watch: nobody asks it to look."""
        until = time.monotonic() + PATIENCE_S
        while (now := self._now(connection)).state not in BROKEN:
            if time.monotonic() > until:
                raise OurBug("the watch did not notice the break")
            time.sleep(0.1)
        self.tell("Notice", f"the watch finds it at the next check: {now.name} is {now.state}")

    def _why(self, connection: Connection) -> None:
        found = verbs.examine(self.keeper, connection.id, self.control.session())
        self.tell("Why", "from the refusal, the connection's history and an admin's session:")
        shown = [each for each in sections(found, self.keeper.catalog) if each.title in SHOWN]
        self.tell("", laid_out(shown, WIDTH))

    def _try_too_early(self, integration: Integration, connection: Connection) -> None:
        end, sight = self._authorize(integration, {"connection": connection.id})
        page = sight.url.split("?")[0]
        self.tell("Too early", f"reauthorizing now ends on Salesforce's own page, {page}")
        cause = end["outcome"].get("cause", "")
        self.tell("", f"no callback comes; the pasted address says the same: {cause or 'unknown'}")

    def _fix(self, skip: bool) -> None:
        self.control.advance(AN_HOUR)
        if skip:
            self.tell("Fix", "left out, as asked: the app stays blocked")
            return
        self.control.play(SCENARIO, "heal")
        self.tell("Fix", "an hour later the admin presses Unblock")

    def _reauthorize(self, integration: Integration, connection: Connection) -> bool:
        end, _ = self._authorize(integration, {"connection": connection.id})
        if end["status"] != "done":
            self.tell("Reauthorize", f"not proven: {end['outcome'].get('error', end['status'])}")
            return False
        now = self._now(connection)
        same = now.id == connection.id and dict(now.settings) == SETTINGS
        kept = "settings unchanged" if same else "SETTINGS CHANGED"
        self.tell("Reauthorize", f"in place, {kept}: {now.name} is {now.state}")
        self._tell_proofs(end["outcome"]["proofs"])
        return same and all(proof["proven"] is True for proof in end["outcome"]["proofs"])

    def _authorize(
        self, integration: Integration, what: Mapping[str, str]
    ) -> tuple[dict[str, Any], Sight]:
        """A person follows the link; where no callback comes, what is seen is pasted."""
        begun = self.vendor.begin({"integration": integration.id, **what})
        callback = self.keeper.settings.callback_url
        with browser() as profile:
            sight = walk(begun.link, self.stage.person(), callback, browser=profile)
        if sight.called_back:
            return self.vendor.wait(begun.id), sight
        return self.vendor.seen(begun.id, sight.pasted()), sight

    def _tell_proofs(self, proofs: Sequence[Mapping[str, Any]]) -> None:
        words = {True: "proven", False: "NOT PROVEN", None: "unproven"}
        for proof in proofs:
            kind = str(proof["kind"]).replace("_", " ")
            self.tell("", f"{kind:14} {words[proof['proven']]:11} {proof['detail']}")

    def _now(self, connection: Connection) -> Connection:
        with self.keeper.reading() as tx:
            return connections.get(tx, connection.id)
