"""Behaviours of an app's requests that are refused, and the rows they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from urllib.parse import urlencode

from evergrant.fidelity.asking import GARBAGE_REFRESH, NOWHERE, call, post, told
from evergrant.fidelity.behaviour import Ask, Behaviour, Need, Observation, Setting, Writes
from evergrant.fidelity.logins import with_row
from evergrant.fidelity.marks import history, refusal
from evergrant.fidelity.side import Side
from evergrant.model import Secret
from evergrant.oauth.assertions import signed
from evergrant.oauth.jwt_bearer import GRANT_TYPE as JWT_BEARER
from evergrant.oauth.web_server import AUTHORIZE_PATH
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

_APP: frozenset[Need] = frozenset({"app", "users"})
_SECRET: frozenset[Need] = frozenset({"app", "users", "secret"})
_MINTS: frozenset[Need] = frozenset({"app", "users", "client_credentials", "secret"})
_KEY: frozenset[Need] = frozenset({"app", "users", "key"})
_ANSWER = ("status", "channel", "type", "error", "error_description", "members")
_ROW = ("row",)
WRONG_SECRET = Secret("notTheSecretOfThisApp")
NOBODY = "nobody@evergrant-verify.invalid"

Form = Callable[[Side], Mapping[str, Text]]


def _key(side: Side) -> dict[str, Text]:
    return {"client_id": side.tested().app.consumer_key}


def _proof(side: Side) -> dict[str, Text]:
    secret = side.tested().app.consumer_secret
    return {**_key(side), **({"client_secret": secret} if secret else {})}


def _wrong(side: Side) -> dict[str, Text]:
    return {**_key(side), "client_secret": WRONG_SECRET}


_REFRESH: dict[str, Text] = {"grant_type": "refresh_token", "refresh_token": GARBAGE_REFRESH}
_MINT: dict[str, Text] = {"grant_type": "client_credentials"}
_NO_CODE: dict[str, Text] = {"grant_type": "authorization_code", "code": "aPrxgarbage"}
_POLL: dict[str, Text] = {"grant_type": "device", "code": "nobodysdevicecode"}


def _callback(side: Side) -> dict[str, Text]:
    return {"redirect_uri": side.tested().app.redirect_uri}


def _bare(form: Form, *, generic: bool = False) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        return told((yield from post(side, form(side), generic=generic)), side.names)

    return ask


def _token(form: Form, *, generic: bool = False) -> Ask:
    return with_row(_bare(form, generic=generic))


def _basic(side: Side) -> Conversation[Observation]:
    headers = {"Authorization": "Basic !!!"}
    return told((yield from post(side, _REFRESH, headers=headers)), side.names)


def _authorize(words: Mapping[str, str]) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        asked = {
            "response_type": "code", "client_id": side.tested().app.consumer_key,
            "redirect_uri": side.tested().app.redirect_uri, "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", **words,
        }  # fmt: skip
        query = urlencode({name: value for name, value in asked.items() if value})
        reply = yield from call(side, f"{AUTHORIZE_PATH}?{query}", anonymous=True)
        return told(reply, side.names)

    return ask


def _assertion(key: Secret | None = None, **claims: object) -> Ask:
    """A JWT bearer request in the session's user's name; a timedelta counts from now."""

    def ask(side: Side) -> Conversation[Observation]:
        app, now = side.tested().app, side.clock.now()
        held = {"iss": app.consumer_key, "sub": side.username, "aud": side.base,
                "exp": timedelta(minutes=2), **claims}  # fmt: skip
        sent = {
            name: int((now + value).timestamp()) if isinstance(value, timedelta) else value
            for name, value in held.items()
        }
        pem = key or app.private_key
        form: dict[str, Text] = {
            "grant_type": JWT_BEARER,
            "assertion": signed(sent, pem) if pem else Secret(""),
        }
        return told((yield from post(side, form)), side.names)

    return ask


@cache
def _other_key() -> Secret:
    """A private key that is registered nowhere; made once, when first used."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Secret(pem.decode())


def _wrong_key(side: Side) -> Conversation[Observation]:
    return (yield from _assertion(_other_key())(side))


def behaviours() -> Iterator[Behaviour]:
    """All of them; the rows they leave are looked at where there is somebody to attach one to."""
    yield from _at_token()
    yield from _with_key()
    yield from _at_authorize()


def _row(
    name: str, asks: str, ask: Ask, said: str, needs: frozenset[Need], *gates: str
) -> Behaviour:
    bears = {refusal(said): _ANSWER, history(said): _ROW, **dict.fromkeys(gates, ("error",))}
    return Behaviour(f"app-{name}", asks, ask, bears, Writes.ROWS, needs)


def _at_token() -> Iterator[Behaviour]:
    yield _row(
        "wrong-secret", "client credentials with a wrong secret",
        _token(lambda side: {**_MINT, **_wrong(side)}), "wrong_secret", _MINTS, "gate:client_auth",
    )  # fmt: skip
    yield _row(
        "no-such-refresh-token", "a refresh with a token that never was",
        _token(lambda side: {**_REFRESH, **_proof(side)}), "refresh_token_unknown", _SECRET,
        "gate:refresh_token",
    )  # fmt: skip
    yield _row(
        "generic-host", "client credentials at the generic login host",
        _token(lambda side: {**_MINT, **_proof(side)}, generic=True), "generic_host", _MINTS,
        "gate:host",
    )  # fmt: skip
    yield _for_nobody(
        "wrong-secret-refresh", "a refresh with a wrong secret",
        lambda side: {**_REFRESH, **_wrong(side)}, "wrong_secret",
    )  # fmt: skip
    yield _for_nobody(
        "scope-on-refresh", "a refresh that names a scope",
        lambda side: {**_REFRESH, **_proof(side), "scope": "api"}, "scope_on_token",
    )  # fmt: skip
    yield _for_nobody(
        "no-such-code", "a code that never was",
        lambda side: {**_NO_CODE, **_proof(side), **_callback(side)}, "code_unknown",
    )  # fmt: skip
    yield Behaviour(
        "app-device-poll", "a poll for a device code that never was",
        _bare(lambda side: {**_POLL, **_proof(side)}), {}, Writes.ROWS, _SECRET,
        either=(
            Setting(app={"device_flow": True}, bears={refusal("device_unknown"): ()}),
            Setting(app={"device_flow": False}, bears={refusal("device_disabled"): ()}),
        ),
    )  # fmt: skip
    yield Behaviour(
        "app-basic-malformed", "a token request with a Basic header that cannot be read", _basic,
        {refusal("basic_malformed"): ()}, Writes.ROWS, _APP,
    )  # fmt: skip


def _for_nobody(name: str, asks: str, form: Form, said: str) -> Behaviour:
    """A request in which nobody is named: that it leaves no row would say nothing."""
    return Behaviour(f"app-{name}", asks, _bare(form), {refusal(said): ()}, Writes.ROWS, _SECRET)


def _with_key() -> Iterator[Behaviour]:
    yield _row(
        "jwt-wrong-audience", "a JWT bearer assertion for another audience",
        with_row(_assertion(aud="https://evergrant-verify.invalid")), "jwt_audience", _KEY,
        "gate:assertion_audience",
    )  # fmt: skip
    yield _row(
        "jwt-expired", "a JWT bearer assertion that ended ten minutes ago",
        with_row(_assertion(exp=timedelta(minutes=-10))), "jwt_expired", _KEY,
        "gate:assertion_expiry",
    )  # fmt: skip
    yield _row(
        "jwt-unknown-user", "a JWT bearer assertion for a user that is none",
        with_row(_assertion(sub=NOBODY)), "user_unknown", _KEY, "gate:user_known",
    )  # fmt: skip
    yield Behaviour(
        "app-jwt-just-expired", "a JWT bearer assertion that ended two minutes ago, for nobody",
        with_row(_assertion(exp=timedelta(minutes=-2), sub=NOBODY)),
        {"knob:org.jwt_skew_seconds": ("error", "error_description")}, Writes.ROWS, _KEY,
    )  # fmt: skip
    kinds: tuple[tuple[Need, str, str], ...] = (
        ("connected_app", "", "jwt_signature"),
        ("external_client_app", "-eca", "jwt_signature_eca"),
    )
    for kind, tail, said in kinds:
        yield _row(
            f"jwt-wrong-key{tail}", "a JWT bearer assertion signed with another key",
            with_row(_wrong_key), said, _KEY | {kind}, "gate:assertion_signature",
        )  # fmt: skip


def _at_authorize() -> Iterator[Behaviour]:
    for name, asks, words, said in (
        ("redirect-mismatch", "the consent page with a callback that is not registered",
         {"redirect_uri": NOWHERE}, "redirect_mismatch"),
        ("redirect-missing", "the consent page without a callback",
         {"redirect_uri": ""}, "redirect_missing"),
        ("response-type", "the consent page with a response type that nobody knows",
         {"response_type": "nonsense"}, "response_type"),
        ("scope-not-allowed", "the consent page with a scope that no app has",
         {"scope": "evergrant_nonsense"}, "scope_not_allowed"),
        ("immediate", "consent at once from a browser that is not signed in",
         {"immediate": "true"}, "immediate"),
    ):  # fmt: skip
        yield Behaviour(
            f"app-{name}", asks, _authorize(words),
            {refusal(said, "authorize"): ()}, Writes.ROWS, frozenset({"app"}),
        )  # fmt: skip
