"""Behaviours that anybody can ask for: no session, no app, nobody's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from evergrant.fidelity.asking import (
    GARBAGE_REFRESH,
    NO_KEY,
    NOWHERE,
    call,
    cleaned,
    json_of,
    post,
    post_raw,
    told,
)
from evergrant.fidelity.behaviour import Ask, Behaviour, Observation, Scalar
from evergrant.fidelity.marks import refusal
from evergrant.fidelity.side import Side
from evergrant.oauth.introspect import INTROSPECT_PATH
from evergrant.oauth.jwt_bearer import GRANT_TYPE as JWT_BEARER
from evergrant.oauth.web_server import AUTHORIZE_PATH
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

REVOKE_PATH = "/services/oauth2/revoke"
STRANGER = "https://evergrant-verify.invalid"
"""An origin that stands on nobody's CORS allowlist."""
_CLIENT: Mapping[str, Text] = {"client_id": NO_KEY, "client_secret": "nobodysSecret"}
_REFRESH: Mapping[str, Text] = {"grant_type": "refresh_token", "refresh_token": GARBAGE_REFRESH}
_ERROR = ("status", "channel", "type", "error", "error_description", "members")
_CODE = ("status", "channel", "type", "error")
_WORDS = ("error_description",)


def _token(form: Mapping[str, Text]) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        reply = yield from post(side, form)
        kept = "no-store" in reply.headers.get("cache-control", "")
        return {**told(reply, side.names), "no_store": kept}

    return ask


def _endpoint(path: str, form: Mapping[str, Text]) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        return told((yield from post(side, form, path=path)), side.names)

    return ask


def _raw(body: str, media: str) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        return told((yield from post_raw(side, body, media)), side.names)

    return ask


def _authorize(query: str) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        reply = yield from call(side, f"{AUTHORIZE_PATH}?{query}", anonymous=True)
        return told(reply, side.names)

    return ask


def _document(path: str, *, values: bool) -> Ask:
    """A JSON document: its members, and where they say anything of the org's kind, its values."""

    def ask(side: Side) -> Conversation[Observation]:
        reply = yield from call(side, path, anonymous=True)
        body = json_of(reply)
        seen: dict[str, Scalar] = {"status": reply.status, "type": reply.content_type}
        for name, value in body.items() if isinstance(body, dict) else ():
            seen |= _shown(side, name, value) if values else {f"has {name}": True}
        return seen

    return ask


def _shown(side: Side, name: str, value: object) -> dict[str, Scalar]:
    if isinstance(value, list):
        return {f"{name} has {each}": True for each in value}
    return {name: cleaned(str(value), side.names)}


def _keys(path: str) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        reply = yield from call(side, path, anonymous=True)
        body = json_of(reply)
        keys = body.get("keys") if isinstance(body, dict) else None
        first = keys[0] if isinstance(keys, list) and keys else {}
        shape = {name: first.get(name) for name in ("kty", "alg", "use") if name in first}
        members = {f"key has {name}": True for name in sorted(first)}
        return {"status": reply.status, "type": reply.content_type, **shape, **members}

    return ask


def _versions(side: Side) -> Conversation[Observation]:
    reply = yield from call(side, "/services/data", anonymous=True)
    body = json_of(reply)
    seen: dict[str, Scalar] = {"status": reply.status, "type": reply.content_type}
    for each in body if isinstance(body, list) else ():
        seen[f"v{each.get('version')}"] = cleaned(str(each.get("label")), side.names)
        seen[f"v{each.get('version')} at"] = cleaned(str(each.get("url")), side.names)
    return seen


def _cors(path: str, method: str) -> Ask:
    """What a page of a stranger's origin is told; a wildcard and an echo are not the same."""

    def ask(side: Side) -> Conversation[Observation]:
        headers = {"Origin": STRANGER}
        if method == "POST":
            reply = yield from post(side, {}, path=path, headers=headers)
        else:
            reply = yield from call(side, path, anonymous=True, headers=headers)
        allowed = reply.headers.get("access-control-allow-origin", "none")
        shown = "echoed" if allowed == STRANGER else allowed
        return {"allowed": shown, "forbidden": reply.status == 403}

    return ask


_CORS = (
    ("/.well-known/openid-configuration", "GET", ("allowed",)),
    ("/.well-known/auth-configuration", "GET", ("allowed",)),
    ("/services/oauth2/id/keys", "GET", ("allowed",)),
    ("/services/oauth2/userinfo", "GET", ("allowed",)),
    ("/services/oauth2/token", "POST", ("allowed",)),
    ("/services/oauth2/revoke", "POST", ("allowed",)),
    ("/services/oauth2/introspect", "POST", ("allowed",)),
    ("/services/data", "GET", ("allowed", "forbidden")),
)


def behaviours() -> Iterator[Behaviour]:
    """All of them, the token endpoint first."""
    yield from _at_token()
    yield from _at_authorize()
    yield from _at_small_endpoints()
    yield from _documents()
    for path, method, aspects in _CORS:
        asks = f"{method} {path} as a page of an unlisted origin"
        name = path.rpartition("/")[2]
        yield Behaviour(f"cors-{name}", asks, _cors(path, method), {f"cors:{path}": aspects})


def _at_token() -> Iterator[Behaviour]:
    unknown = {refusal("client_unknown"): _ERROR, "gate:client_known": ("error",)}
    strange = {refusal("grant_type"): _ERROR, "gate:request_form": ("error",)}
    xml, form = {**_REFRESH, **_CLIENT, "format": "xml"}, {**_REFRESH, **_CLIENT}
    yield Behaviour(
        "token-unknown-client", "a refresh by a consumer key that nobody has",
        _token({**_REFRESH, **_CLIENT}), {**unknown, "answer:no-store": ("no_store",)},
    )  # fmt: skip
    yield Behaviour(
        "token-unknown-client-device", "a device code for a consumer key that nobody has",
        _endpoint("/services/oauth2/token", {"response_type": "device_code", "client_id": NO_KEY}),
        unknown,
    )  # fmt: skip
    yield Behaviour(
        "token-no-client", "a refresh that names no client",
        _endpoint("/services/oauth2/token", _REFRESH), unknown,
    )  # fmt: skip
    yield Behaviour(
        "token-unreadable-assertion", "a JWT bearer assertion that is no JWT",
        _endpoint("/services/oauth2/token", {"grant_type": JWT_BEARER, "assertion": "garbage"}),
        unknown,
    )  # fmt: skip
    yield Behaviour(
        "token-unknown-grant", "a grant type that nobody knows",
        _token({**_CLIENT, "grant_type": "nonsense"}),
        {**strange, "answer:no-store": ("no_store",)},
    )  # fmt: skip
    yield Behaviour(
        "token-no-grant", "a token request without a grant type",
        _endpoint("/services/oauth2/token", _CLIENT), strange,
    )  # fmt: skip
    yield Behaviour(
        "token-json-body", "a token request whose body is JSON",
        _raw('{"grant_type":"refresh_token"}', "application/json"), strange,
    )  # fmt: skip
    yield Behaviour(
        "token-duplicate", "a token request that names its grant type twice",
        _raw(f"grant_type=refresh_token&grant_type=refresh_token&client_id={NO_KEY}",
             "application/x-www-form-urlencoded"),
        {refusal("duplicate_parameter"): _ERROR},
    )  # fmt: skip
    yield Behaviour(
        "token-as-xml", "a refused token request that wants XML",
        _endpoint("/services/oauth2/token", xml), {"answer:token-xml": _ERROR},
    )  # fmt: skip
    yield Behaviour(
        "token-as-form", "a refused token request that wants form encoding",
        _endpoint("/services/oauth2/token", {**form, "format": "urlencoded"}),
        {"answer:token-urlencoded": _ERROR},
    )  # fmt: skip


def _at_authorize() -> Iterator[Behaviour]:
    asked = {"response_type": "code", "client_id": NO_KEY, "redirect_uri": NOWHERE, "state": "s"}
    unknown = {refusal("client_unknown", "authorize"): ()}
    yield Behaviour(
        "authorize-unknown-client", "the consent page of a consumer key that nobody has",
        _authorize(urlencode(asked)), unknown,
    )  # fmt: skip
    yield Behaviour(
        "authorize-duplicate", "an authorization request that names its client twice",
        _authorize(urlencode([*asked.items(), ("client_id", NO_KEY)])),
        {refusal("duplicate_parameter", "authorize"): ()},
    )  # fmt: skip


def _at_small_endpoints() -> Iterator[Behaviour]:
    yield Behaviour(
        "revoke-garbage", "revoking a token that never was",
        _endpoint(REVOKE_PATH, {"token": GARBAGE_REFRESH}),
        {"answer:revoke-invalid": _CODE, "answer:revoke-invalid-words": _WORDS},
    )  # fmt: skip
    yield Behaviour(
        "revoke-strange-hint", "revoking with a token_type_hint that nobody knows",
        _endpoint(REVOKE_PATH, {"token": GARBAGE_REFRESH, "token_type_hint": "nonsense"}),
        {"answer:revoke-unsupported": _CODE, "answer:revoke-unsupported-words": _WORDS},
    )  # fmt: skip
    yield Behaviour(
        "introspect-unknown-client", "introspection by a consumer key that nobody has",
        _endpoint(INTROSPECT_PATH, {**_CLIENT, "token": GARBAGE_REFRESH}),
        {"answer:introspect-unknown-client": ()},
    )  # fmt: skip


def _documents() -> Iterator[Behaviour]:
    yield Behaviour(
        "discovery", "the OpenID configuration",
        _document("/.well-known/openid-configuration", values=True),
        {"answer:discovery": ()}, covers=True,
    )  # fmt: skip
    yield Behaviour(
        "auth-configuration", "the configuration of the login page",
        _document("/.well-known/auth-configuration", values=False),
        {"answer:auth-configuration": ()}, covers=True,
    )  # fmt: skip
    for path in ("/id/keys", "/services/oauth2/id/keys"):
        yield Behaviour(
            f"jwks{'-oauth2' if 'oauth2' in path else ''}", f"the public keys at {path}",
            _keys(path), {"answer:jwks": ()}, covers=True,
        )  # fmt: skip
    yield Behaviour(
        "versions", "the list of API versions", _versions, {"answer:versions": ()}, covers=True
    )
