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
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from evergrant import wire
from evergrant.drills import calls, key_check, other_flows
from evergrant.drills.stage import Stage
from evergrant.errors import EvergrantError, Refused
from evergrant.model import App, Credential, FlowId, Integration, Secret
from evergrant.oauth import client_credentials, jwt_bearer
from evergrant.oauth.callback import Denied, read_callback
from evergrant.oauth.client import ask
from evergrant.oauth.refresh_token import refresh
from evergrant.oauth.web_server import Authorization, exchange, pkce
from evergrant.testing.robot import browser, walk
from evergrant.wire import Conversation, Request
from evergrant.wire.conversation import Text

T = TypeVar("T")


@dataclass(slots=True)
class Trail:
    """What a client knows of its own requests, as fingerprints: the last one, and those before."""

    last: dict[str, Any] = field(default_factory=dict)
    worked: list[dict[str, Any]] = field(default_factory=list)
    asked: Request | None = field(default=None, repr=False)
    """The request that went out last, at the host that it meant."""

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


def other(text: str) -> str:
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


def _mangled(key: Secret | None) -> Secret:
    """The key as it comes through an environment variable that lost its line ends."""
    return Secret(key.reveal().replace("\n", "") if key else "")


APPS: dict[str, Callable[[App], App]] = {
    "wrong-key": lambda app: replace(app, consumer_key=other(app.consumer_key)),
    "wrong-secret": lambda app: replace(app, consumer_secret=Secret("notTheSecretOfThisApp")),
    "wrong-redirect": lambda app: replace(app, redirect_uri=f"{app.redirect_uri}/wrong"),
    "no-secret": lambda app: replace(app, consumer_secret=None),
    "wrong-private-key": _new_key,
    "mangled-key": lambda app: replace(app, private_key=_mangled(app.private_key)),
    "foreign-scope": lambda app: replace(app, scopes=(*app.scopes, "web")),
}
"""Mutations of what the client knows about its app."""


def authorize(client: Broken) -> str | None:
    """The web server flow by hand; answers what a person sees when there is no callback."""
    verifier, challenge = pkce()
    url = Authorization(client.app, client.host).url("state-of-a-drill", challenge)
    url = _URLS.get(client.mutation, str)(url)
    person, callback = client.stage.person(), client.app.redirect_uri
    if client.mutation == "person-denies":
        person = replace(person, answer="Deny")
    client.trail.asked = Request("GET", url)
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
    code = Secret(quote(back.code.reveal(), safe="")) if is_mangled(client) else back.code
    for _ in range(2 if client.mutation == "reuse-code" else 1):
        client.trail.sent(code=code.fingerprint, code_age_s=late.total_seconds())
        say(client, exchange(client.app, client.host, code, sent))
        client.trail.answered()
    return None


def is_mangled(client: Broken) -> bool:
    """Whether what the client was given is changed before it is sent back."""
    return client.mutation in ("mangled-code", "mangled-token")


def _without_challenge(url: str) -> str:
    parts = urlsplit(url)
    kept = [each for each in parse_qsl(parts.query) if not each[0].startswith("code_challenge")]
    return urlunsplit(parts._replace(query=urlencode(kept)))


_URLS: dict[str, Callable[[str], str]] = {
    "person-denies": lambda url: f"{url}&prompt=consent",
    "no-challenge": _without_challenge,
    "immediate": lambda url: f"{url}&immediate=true",
}
"""Mutations of the address that the browser is sent to."""


def _right(verifier: Secret) -> Secret | None:
    return verifier


_VERIFIERS: dict[str, Callable[[Secret], Secret | None]] = {
    "no-verifier": lambda _: None,
    "wrong-verifier": lambda right: Secret(other(right.reveal())),
}


def refreshed(client: Broken) -> None:
    """The refresh by hand."""
    token = client.credential.refresh_token or Secret("")
    token = Secret(other(token.reveal())) if is_mangled(client) else token

    def once() -> Credential:
        return say(client, refresh(client.app, client.host, token))

    has_secret = client.app.consumer_secret is not None
    client.trail.sent(spent=token.fingerprint, secret_sent=has_secret)
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
    name = client.integration.id
    certificate = client.stage.control.ask("GET", f"/key/{name}")["certificate"]
    client.trail.sent(**key_check.looked_at(app, certificate, now))
    if client.mutation == "mangled-key":
        _present(client, key_check.unsigned({"iss": app.consumer_key, "sub": subject}))
        return
    if client.mutation == "wrong-issuer":
        app = replace(app, consumer_key=client.integration.app_label)
    if client.mutation == "wrong-subject":
        subject = f"nobody.{subject}"
    client.trail.sent(**client.trail.last, client_id=app.consumer_key, subject=subject)
    say(
        client,
        jwt_bearer.mint(
            app,
            client.host,
            subject,
            now=now - late,
            audience="https://test.salesforce.com" if client.mutation == "wrong-audience" else "",
        ),
    )


def _present(client: Broken, assertion: Secret) -> None:
    """Send something in the assertion's place; the consumer key says whose it is."""
    form: dict[str, Text] = {
        "grant_type": jwt_bearer.GRANT_TYPE,
        "assertion": assertion,
        "client_id": client.app.consumer_key,
    }
    say(client, ask(client.host, client.app, form))


def as_itself(client: Broken) -> None:
    """Client credentials by hand."""
    say(client, client_credentials.mint(client.app, client.host))


STEPS: dict[str, tuple[FlowId, Callable[[Broken], str | None]]] = {
    "authorize": ("web_server", authorize),
    "connect": ("web_server", authorize),
    "refresh": ("refresh_token", lambda client: refreshed(client)),
    "jwt_bearer": ("jwt_bearer", lambda client: minted(client)),
    "client_credentials": ("client_credentials", lambda client: as_itself(client)),
    "password": ("username_password", lambda client: other_flows.username_password(client)),
    "soap_login": ("soap_login", other_flows.soap_login),
    "device": ("device", lambda client: other_flows.device(client)),
    "saml_bearer": ("saml_bearer", lambda client: other_flows.saml(client)),
    "call": ("rest_api_call", lambda client: calls.call(client)),
}
"""A scenario's step → the flow on the wire and the conversation with one thing wrong."""
BY_HAND = frozenset({"password", "soap_login", "device", "saml_bearer"})
"""Steps that the keeper has no flow for: by hand even where the client is sound."""


def say(client: Broken, conversation: Conversation[T]) -> T:
    """Hold a conversation with what is wrong on the wire, and note the request that went out."""
    change = _ON_THE_WIRE.get(client.mutation, _as_it_is)

    def noted(request: Request) -> Request:
        sent = change(request)
        client.trail.asked = _meant(sent)
        return sent

    return wire.run(_changed(conversation, noted), clock=client.stage.keeper.clock)


def _as_it_is(request: Request) -> Request:
    return request


def _meant(request: Request) -> Request:
    """The request at the address of its Host header: the emulator plays all hosts at one."""
    host = str(request.headers.get("Host", ""))
    return replace(request, url=f"https://{host}{urlsplit(request.url).path}") if host else request


def _to(host: str) -> Callable[[Request], Request]:
    return lambda request: replace(request, headers={**request.headers, "Host": host})


def _with(**fields: str) -> Callable[[Request], Request]:
    return lambda request: replace(request, form={**(request.form or {}), **fields})


_ON_THE_WIRE: dict[str, Callable[[Request], Request]] = {
    "generic-host": _to("login.salesforce.com"),
    "sandbox-host": _to("test.salesforce.com"),
    "misspelled-grant-type": _with(grant_type="refresh-token"),
    "scope-on-token": _with(scope="api"),
}
"""Mutations of what goes out."""


def _changed(
    conversation: Conversation[T], change: Callable[[Request], Request]
) -> Conversation[T]:
    """The same conversation, every request changed."""
    answer: Any = None
    try:
        step = next(conversation)
        while True:
            if isinstance(step, Request):
                step = change(step)
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
