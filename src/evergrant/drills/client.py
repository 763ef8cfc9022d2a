"""What a scenario's client does: through the keeper when it is sound, by hand when it is broken.

Half of all causes break the client, so the conversations are played here with one named thing
wrong; what Salesforce answers is then reported to the keeper as any vendor would report it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from evergrant import wire
from evergrant.drills import other_flows
from evergrant.drills.robot import browser, walk
from evergrant.drills.stage import Stage
from evergrant.errors import EvergrantError, Refused
from evergrant.model import App, Credential, FlowId, Integration, Secret
from evergrant.oauth import client_credentials, jwt_bearer
from evergrant.oauth.callback import Denied, read_callback
from evergrant.oauth.refresh_token import refresh
from evergrant.oauth.web_server import Authorization, exchange, pkce
from evergrant.wire import Conversation, Request

T = TypeVar("T")


@dataclass(slots=True)
class Trail:
    """What a client knows of its own requests, as fingerprints: the last one, and those before."""

    last: dict[str, Any] = field(default_factory=dict)
    worked: list[dict[str, Any]] = field(default_factory=list)

    def sent(self, **words: Any) -> None:
        """A request goes out."""
        self.last = words

    def answered(self, **words: Any) -> None:
        """It worked."""
        self.worked.append({**self.last, **words})


@dataclass(frozen=True, slots=True)
class Broken:
    """A client that has one thing wrong."""

    stage: Stage
    integration: Integration
    credential: Credential
    mutation: str
    trail: Trail

    @property
    def app(self) -> App:
        """The app as this client knows it."""
        app = replace(self.integration.app, redirect_uri=self.stage.keeper.settings.callback_url)
        change = APPS.get(self.mutation)
        return change(app) if change else app

    @property
    def host(self) -> str:
        """Where this client asks."""
        return self.integration.login_host


def _other(text: str) -> str:
    """The same length, the last character another."""
    return text[:-1] + ("A" if text[-1] != "A" else "B")


def _new_key(app: App) -> App:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return replace(app, private_key=Secret(pem.decode()))


APPS: dict[str, Callable[[App], App]] = {
    "wrong-key": lambda app: replace(app, consumer_key=_other(app.consumer_key)),
    "wrong-secret": lambda app: replace(app, consumer_secret=Secret("notTheSecretOfThisApp")),
    "wrong-redirect": lambda app: replace(app, redirect_uri=f"{app.redirect_uri}/wrong"),
    "wrong-private-key": _new_key,
    "foreign-scope": lambda app: replace(app, scopes=(*app.scopes, "web")),
}
"""Mutations of what the client knows about its app."""


def authorize(client: Broken) -> str | None:
    """The web server flow by hand; answers what a person sees when there is no callback."""
    verifier, challenge = pkce()
    url = Authorization(client.app, client.host).url("state-of-a-drill", challenge)
    person, callback = client.stage.person(), client.app.redirect_uri
    if client.mutation == "person-denies":
        person, url = replace(person, answer="Deny"), f"{url}&prompt=consent"
    with browser() as profile:
        sight = walk(url, person, callback, browser=profile, follow=False)
    if not sight.called_back:
        return sight.pasted()
    back = read_callback(sight.url)
    if isinstance(back, Denied):
        raise back.refusal()
    late = timedelta(minutes=16) if client.mutation == "late-code" else timedelta()
    client.stage.control.advance(late)
    sent = _VERIFIERS.get(client.mutation, _right)(verifier)
    for _ in range(2 if client.mutation == "reuse-code" else 1):
        client.trail.sent(code=back.code.fingerprint, code_age_s=late.total_seconds())
        _say(client, exchange(client.app, client.host, back.code, sent))
        client.trail.answered()
    return None


def _right(verifier: Secret) -> Secret | None:
    return verifier


_VERIFIERS: dict[str, Callable[[Secret], Secret | None]] = {
    "no-verifier": lambda _: None,
    "wrong-verifier": lambda right: Secret(_other(right.reveal())),
}


def refreshed(client: Broken) -> None:
    """The refresh by hand."""
    token = client.credential.refresh_token or Secret("")

    def once() -> Credential:
        return _say(client, refresh(client.app, client.host, token))

    client.trail.sent(spent=token.fingerprint)
    if client.mutation == "refresh-twice-at-once":
        client.trail.sent(spent=token.fingerprint, overlapped=True)
        with ThreadPoolExecutor(2) as pool:
            for answer in [pool.submit(once), pool.submit(once)]:
                answer.result()
        return
    came = once().refresh_token
    client.trail.answered(rotated=came is not None and came != token)
    if client.mutation == "replay-old-refresh-token":
        once()


def minted(client: Broken) -> None:
    """JWT bearer by hand."""
    now = client.stage.keeper.clock.now()
    late = timedelta(minutes=13) if client.mutation == "expired-exp" else timedelta()
    subject = client.integration.subject
    app = client.app
    if client.mutation == "wrong-issuer":
        app = replace(app, consumer_key=client.integration.app_label)
    _say(
        client,
        jwt_bearer.mint(
            app,
            client.host,
            f"nobody.{subject}" if client.mutation == "wrong-subject" else subject,
            now=now - late,
            audience="https://test.salesforce.com" if client.mutation == "wrong-audience" else "",
        ),
    )


def as_itself(client: Broken) -> None:
    """Client credentials by hand."""
    _say(client, client_credentials.mint(client.app, client.host))


STEPS: dict[str, tuple[FlowId, Callable[[Broken], str | None]]] = {
    "authorize": ("web_server", authorize),
    "connect": ("web_server", authorize),
    "refresh": ("refresh_token", lambda client: refreshed(client)),
    "jwt_bearer": ("jwt_bearer", lambda client: minted(client)),
    "client_credentials": ("client_credentials", lambda client: as_itself(client)),
    "password": ("username_password", lambda client: other_flows.username_password(client)),
    "soap_login": ("soap_login", other_flows.soap_login),
    "device": ("device", lambda client: other_flows.device(client)),
}
"""A scenario's step → the flow on the wire and the conversation with one thing wrong."""
BY_HAND = frozenset({"password", "soap_login", "device"})
"""Steps that the keeper has no flow for: by hand even where the client is sound."""


def _say(client: Broken, conversation: Conversation[T]) -> T:
    if client.mutation == "generic-host":
        conversation = _to_host(conversation, "login.salesforce.com")
    return wire.run(conversation, clock=client.stage.keeper.clock)


def _to_host(conversation: Conversation[T], host: str) -> Conversation[T]:
    """The same conversation, every request carrying another Host header."""
    answer: Any = None
    try:
        step = next(conversation)
        while True:
            if isinstance(step, Request):
                step = replace(step, headers={**step.headers, "Host": host})
            answer = yield step
            step = conversation.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def pasted(failure: EvergrantError) -> str:
    """A refusal as somebody would paste it."""
    if isinstance(failure, Refused) and failure.channel == "rest":
        return json.dumps([{"message": failure.description, "errorCode": failure.error}])
    if isinstance(failure, Refused):
        return json.dumps({"error": failure.error, "error_description": failure.description})
    return failure.what
