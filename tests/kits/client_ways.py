"""The ways into an org that clients are run through: the words of each, and how it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from emulated_client import new_key
from evergrant.emulator import Emulator
from evergrant.emulator.connected import connect, key_of
from evergrant.emulator.inventory import inventory
from evergrant.testing.robot import Person, browser, walk
from real_clients import Conversation

Words = dict[str, Any]
CALLBACK: Final = "http://localhost:1717/OauthRedirect"


@dataclass
class Setting:
    """The org and the client that a way is tried with."""

    emulator: Emulator
    client: Conversation | None = None
    world: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.world = inventory(self.emulator.org)

    @property
    def url(self) -> str:
        return self.emulator.url

    def app(self, name: str) -> Words:
        """Key and secret of an app, as clients call them."""
        found = next(each for each in self.world["apps"] if each["name"] == name)
        return {"client_id": found["consumer_key"], "client_secret": found["consumer_secret"]}

    def user(self) -> dict[str, str]:
        """The integration's user."""
        users = self.world["users"]
        return dict(next(u for u in users if u["username"].startswith("integration@")))

    def refresh_token(self) -> str:
        """A refresh token as the app's user once got it."""
        return connect(self.emulator.org, "orbit-sync")["refresh_token"]

    def access_token(self) -> str:
        """An access token as the app's user once got it."""
        return connect(self.emulator.org, "orbit-sync")["access_token"]

    def last_login(self) -> dict[str, str | None]:
        """Status and subtype of the newest row of Login History."""
        with self.emulator.org.lock:
            row = self.emulator.org.db.execute(
                'SELECT "Status", "LoginSubType" FROM "LoginHistory" ORDER BY rowid DESC LIMIT 1'
            ).fetchone()
        return {"status": row[0], "subtype": row[1]}

    def ask(self, do: str, words: Words) -> dict[str, Any]:
        """Have the client do one thing."""
        if self.client is None:
            raise AssertionError("this setting has no client that is asked by lines")
        return self.client.ask(do, **words)

    def land(self, link: str, answer: str) -> str:
        """Where a person's browser lands who follows the link, signs in and presses a button."""
        user = self.user()
        with browser() as profile:
            person = Person(user["username"], user["password"], answer)
            return walk(link, person, CALLBACK, browser=profile, follow=False).url


Ask = Callable[[Setting, str, Words], dict[str, Any]]


def _once(setting: Setting, flow: str, words: Words) -> dict[str, Any]:
    return setting.ask(flow, words)


def _browsed(setting: Setting, flow: str, words: Words) -> dict[str, Any]:
    """First the link, then a person at the browser, then where that one landed."""
    answer = words.pop("answer", "Allow")
    link = setting.ask(f"{flow}: link", words)["done"]["link"]
    assert flow != "web server with PKCE" or "code_challenge=" in link
    return setting.ask(flow, {**words, "landed": setting.land(link, answer)})


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: what a client must know, what one thing is then wrong, and the refusal."""

    words: Callable[[Setting], Words]
    wrong: Callable[[Setting], Words]
    says: str
    """What Salesforce's refusal says, and the client must show."""
    subtype: str | None
    """LoginSubType of the Success row that proves it, None where it has none; "" for no row."""
    org: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] = field(default_factory=dict)
    ask: Ask = _once


def _web(setting: Setting) -> Words:
    return {"url": setting.url, "callback": CALLBACK, **setting.app("orbit-sync")}


def _agent(setting: Setting) -> Words:
    words = _web(setting)
    del words["client_secret"]
    return words


def _refresh(setting: Setting) -> Words:
    app = setting.app("orbit-sync")
    return {"url": setting.url, "refresh_token": setting.refresh_token(), **app}


def _jwt(setting: Setting) -> Words:
    key = key_of(setting.emulator.org, "orbit-jwt").private_key
    client_id = setting.app("orbit-jwt")["client_id"]
    username = setting.user()["username"]
    return {"url": setting.url, "client_id": client_id, "username": username, "key": key}


def _server(setting: Setting) -> Words:
    return {"url": setting.url, **setting.app("orbit-server")}


def _person(setting: Setting, *known: str) -> Words:
    return {"url": setting.url, **{name: setting.user()[name] for name in ("username", *known)}}


def _password(setting: Setting) -> Words:
    whole = setting.user()["password"] + setting.user()["security_token"]
    return {**_person(setting), "password": whole, **setting.app("orbit-sync")}


def _soap(setting: Setting) -> Words:
    return _person(setting, "password", "security_token")


def _soap_trusted(setting: Setting) -> Words:
    return {**_person(setting, "password"), "org_id": setting.world["org"]["id"]}


def _token(setting: Setting) -> Words:
    return {"url": setting.url, "token": setting.access_token()}


def _spent(setting: Setting) -> Words:
    """A refresh token that another client has rotated away."""
    words = _refresh(setting)
    setting.ask("refresh with rotation", words)
    return words


_EXPIRED: Final = "expired access/refresh token"
_SECRET: Final = "invalid client credentials"
_LOGIN: Final = "INVALID_LOGIN"
_ANYWHERE: Final = {"trusted_ranges": [["0.0.0.0", "255.255.255.255"]]}
WAYS: Final = {
    "web server with PKCE": Way(
        _web, lambda s: {**_web(s), "client_secret": "wrong"}, _SECRET, "OauthWebServer",
        ask=_browsed,
    ),
    "user-agent": Way(
        _agent, lambda s: {**_agent(s), "answer": "Deny"}, "end-user denied authorization",
        "OauthUserAgent", org={"block_user_agent": False}, ask=_browsed,
    ),
    "refresh": Way(
        _refresh, lambda s: {**_refresh(s), "refresh_token": "5Aep861.never.issued"}, _EXPIRED,
        "OauthRefreshToken",
    ),
    "refresh with rotation": Way(
        _refresh, _spent, _EXPIRED, "OauthRefreshToken", app={"rotation": True}
    ),
    "JWT bearer": Way(
        _jwt, lambda s: {**_jwt(s), "key": new_key()}, "invalid assertion", None
    ),
    "client credentials": Way(
        _server, lambda s: {**_server(s), "client_secret": "wrong"}, _SECRET,
        "OauthClientCredentials",
    ),
    "username-password": Way(
        _password, lambda s: {**_password(s), "password": "wrong"}, "authentication failure",
        "OauthUsernamePassword", org={"block_username_password": False},
    ),
    "SOAP login": Way(
        _soap, lambda s: {**_soap(s), "password": "wrong"}, _LOGIN, "SoapApiLogin",
        org={"soap_login": True},
    ),
    "SOAP login from a trusted address": Way(
        _soap_trusted, lambda s: {**_soap_trusted(s), "password": "wrong"}, _LOGIN,
        "SoapApiLogin", org={"soap_login": True, **_ANYWHERE},
    ),
    "access token": Way(
        _token, lambda s: {**_token(s), "token": "00D000000000000!dead"},
        "Session expired or invalid", "",
    ),
}  # fmt: skip
"""Every way in, in the order of the table that is drawn from a run."""

OWN_WORDS: Final = {("Authlib", "user-agent"): "Missing 'access_token' in response."}
"""Where a client shows words of its own instead of Salesforce's."""

_ALL_BUT_CLI: Final = {
    "jsforce": (
        "web server with PKCE", "refresh", "JWT bearer", "client credentials",
        "username-password", "SOAP login", "SOAP login from a trusted address", "access token",
    ),
    "simple-salesforce": (
        "JWT bearer", "client credentials", "username-password", "SOAP login",
        "SOAP login from a trusted address", "access token",
    ),
    "Authlib": (
        "web server with PKCE", "user-agent", "refresh", "refresh with rotation", "JWT bearer",
        "client credentials", "username-password", "access token",
    ),
    "requests-oauthlib": (
        "web server with PKCE", "user-agent", "refresh", "refresh with rotation", "JWT bearer",
        "client credentials", "username-password", "access token",
    ),
    "aiosalesforce": (
        "JWT bearer", "client credentials", "SOAP login", "SOAP login from a trusted address",
    ),
    "airbyte-cdk": (
        "refresh", "refresh with rotation", "JWT bearer", "client credentials", "access token",
    ),
}  # fmt: skip
SCRIPTED: Final = [(client, flow) for client, flows in _ALL_BUT_CLI.items() for flow in flows]
"""What the clients offer that are driven by a script; the command line is driven as itself."""
COMMANDED: Final = (
    "web server with PKCE", "refresh", "refresh with rotation", "JWT bearer", "access token",
)  # fmt: skip
"""What Salesforce CLI offers: its `sfdx-url` is a refresh token in an address."""
EVERY: Final = frozenset({*SCRIPTED, *(("Salesforce CLI", flow) for flow in COMMANDED)})
"""All that a whole run tells."""
