"""One of the two sides that are compared: an org, and what is needed to speak with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from evergrant.clock import Clock
from evergrant.fidelity.names import Names
from evergrant.model import App, Secret, Session


@dataclass(frozen=True, slots=True)
class TestedApp:
    """An app that both sides have: the person's own in the org, its twin in the emulator."""

    app: App
    label: str
    """As Setup and Login History show it."""
    kind: str = "connected_app"
    mints: bool = False
    """Whether it comes by client credentials."""
    refresh_token: Secret | None = None
    """One that may be spent."""


@dataclass(frozen=True, slots=True)
class Generic:
    """How the generic login host of an org is reached: login. or test.salesforce.com."""

    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """A Host header, where an emulated org plays the host at its own address."""


@dataclass(frozen=True, slots=True)
class Side:
    """An org with the session, the names and the app that conversations use there."""

    session: Session
    org_id: str
    user_id: str
    username: str
    generic: Generic
    names: Names
    clock: Clock
    permissions: frozenset[str] = frozenset()
    """Permissions of the session's user that its profile gives, of those that are asked about."""
    app: TestedApp | None = None
    row_wait_s: float = 0.0
    """How long to wait for a row of Login History that is not there yet."""

    @property
    def base(self) -> str:
        """The org's own address: its My Domain."""
        return self.session.instance_url.rstrip("/")

    def with_app(self, tested: TestedApp) -> Side:
        """The side with an app, whose words are names from then on."""
        app = tested.app
        words = {
            "consumer key": app.consumer_key,
            "consumer secret": app.consumer_secret.reveal() if app.consumer_secret else "",
            "refresh token": tested.refresh_token.reveal() if tested.refresh_token else "",
            "app": tested.label,
            "callback": app.redirect_uri,
        }
        return replace(self, app=tested, names=self.names.with_(words))

    def tested(self) -> TestedApp:
        """The app; asked for only by behaviours that need one."""
        if self.app is None:
            raise LookupError("no app was given")
        return self.app
