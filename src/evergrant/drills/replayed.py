"""A client's flow, replayed step by step: what it does with a credential, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeVar

from evergrant import wire
from evergrant.clock import Clock
from evergrant.errors import EvergrantError, Malformed
from evergrant.model import App, Credential, Secret, Session
from evergrant.oauth import client_credentials, jwt_bearer
from evergrant.oauth.callback import Denied, read_callback
from evergrant.oauth.refresh_token import refresh
from evergrant.oauth.web_server import Authorization, exchange, pkce
from evergrant.org.resources import good_call
from evergrant.testing.robot import Person, browser, walk
from evergrant.wire import Conversation

T = TypeVar("T")
Way = Literal["web_server", "jwt_bearer", "client_credentials"]
WAYS: tuple[Way, ...] = ("web_server", "jwt_bearer", "client_credentials")


@dataclass(frozen=True, slots=True)
class Habits:
    """How a client behaves; as a sound one does where nothing else is said."""

    way: Way = "web_server"
    sends_challenge: bool = True
    """PKCE."""
    sends_secret: bool = True
    keeps_new_token: bool = True
    """It stores the refresh token that a refresh gives."""
    address: str = ""
    """Where it calls from; empty for an address that nothing restricts."""


@dataclass(frozen=True, slots=True)
class Told:
    """One step of the flow and its end."""

    step: str
    ok: bool
    words: str = ""
    """Salesforce's words where it refused."""


@dataclass
class Client:
    """A client of an emulated org, with the credential that it holds."""

    app: App
    host: str
    person: Person
    habits: Habits
    clock: Clock
    held: Credential | None = field(default=None, repr=False)

    def connect(self) -> Iterator[Told]:
        """Authorize anew and use what comes; ends at the first refusal."""
        self.held = None
        yield from _until_refused(
            ("connect", self._connected), ("call", self._call), *self._renewals()
        )

    def go_on(self) -> Iterator[Told]:
        """Live on with the credential that stands."""
        yield from _until_refused(("call", self._call), *self._renewals())

    def _renewals(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Two of them: a refresh token that was to be stored shows only then."""
        if self.habits.way == "web_server":
            for step in ("refresh", "refresh again"):
                yield step, self._refresh
        else:
            yield "mint again", self._connected
        yield "call again", self._call

    def _connected(self) -> None:
        now = self.clock.now()
        self.held = self._say(_MINTS[self.habits.way](self, now))

    def _call(self) -> None:
        held = self._credential()
        self._say(good_call(Session(held.instance_url, held.access_token)))

    def _refresh(self) -> None:
        held = self._credential()
        if held.refresh_token is None:
            raise Malformed("there is no refresh token")
        came = self._say(refresh(self._known(), self.host, held.refresh_token))
        keeps = self.habits.keeps_new_token and came.refresh_token
        token = came.refresh_token if keeps else held.refresh_token
        self.held = replace(held, access_token=came.access_token, refresh_token=token)

    def _credential(self) -> Credential:
        if self.held is None:
            raise Malformed("there is no credential")
        return self.held

    def _known(self) -> App:
        return self.app if self.habits.sends_secret else replace(self.app, consumer_secret=None)

    def _say(self, conversation: Conversation[T]) -> T:
        return wire.run(conversation, clock=self.clock)

    def through_browser(self, _now: datetime) -> Conversation[Credential]:
        """The web server flow with a person at the browser; the code is redeemed."""
        verifier, challenge = pkce()
        sent = challenge if self.habits.sends_challenge else ""
        url = Authorization(self.app, self.host).url("rehearsal", sent)
        with browser() as profile:
            sight = walk(url, self.person, self.app.redirect_uri, browser=profile, follow=False)
        if not sight.called_back:
            raise Malformed(" ".join(sight.pasted().splitlines()[1:])[:200] or "no callback came")
        back = read_callback(sight.url)
        if isinstance(back, Denied):
            raise back.refusal()
        shown: Secret | None = verifier if self.habits.sends_challenge else None
        return (yield from exchange(self._known(), self.host, back.code, shown))

    def by_key(self, now: datetime) -> Conversation[Credential]:
        """JWT bearer in the person's name."""
        return jwt_bearer.mint(self.app, self.host, self.person.username, now=now)

    def as_itself(self, _now: datetime) -> Conversation[Credential]:
        """Client credentials."""
        return client_credentials.mint(self.app, self.host)


_MINTS: dict[Way, Callable[[Client, datetime], Conversation[Credential]]] = {
    "web_server": Client.through_browser,
    "jwt_bearer": Client.by_key,
    "client_credentials": Client.as_itself,
}


def _until_refused(*steps: tuple[str, Callable[[], None]]) -> Iterator[Told]:
    for step, do in steps:
        try:
            do()
        except EvergrantError as error:
            yield Told(step, False, error.what)
            return
        yield Told(step, True)
