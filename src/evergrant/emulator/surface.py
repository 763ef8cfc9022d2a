"""Everything that the org's own port answers, as OpenAPI: its routes, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from evergrant.emulator import pages
from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.openapi import ANY, FORM, JSON, Operation, Schema, document

if TYPE_CHECKING:
    from starlette.routing import Route

_HTML: Final = "text/html"
_TEXT: Final = "text/plain"
_XML: Final = "application/xml"
_SOAP: Final = "text/xml"
_FORMATS: Final = (JSON, FORM, _XML)
"""The three forms of an answer that `format` or Accept may ask for (1.7)."""
Answers = dict[str, tuple[str, ...]]


def _words(*names: str, **known: Schema) -> dict[str, Schema]:
    return {**dict.fromkeys(names, ANY), **known}


def _form(words: dict[str, Schema]) -> dict[str, Schema]:
    return {FORM: {"type": "object", "properties": words}}


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


_FORMAT: Final = _one_of("json", "urlencoded", "xml")
_CLIENT: Final = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
_GRANTS: Final = _one_of(
    "authorization_code", "refresh_token", "client_credentials", "password", "device",
    "hybrid_auth_code", "hybrid_refresh", "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)  # fmt: skip
_TOKEN: Final = _words(
    *_CLIENT, "code", "code_verifier", "redirect_uri", "refresh_token", "assertion", "username",
    "password", "scope", "subject_token", "subject_token_type", "token_handler",
    grant_type=_GRANTS, response_type=_one_of("device_code"), format=_FORMAT,
)  # fmt: skip
_AUTHORIZE: Final = _words(
    "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    "prompt", "login_hint", "display", "nonce", "immediate", "username", "password", "decision",
    response_type=_one_of("code", "token", "token id_token", "hybrid_token", "code_credentials"),
)  # fmt: skip
_REVOKE: Final = _words("token", "callback")
_INTROSPECT: Final = _words("token", "token_type_hint", *_CLIENT, format=_FORMAT)
_PLACE: Final = {
    "version": _one_of("67.0", "66.0", "31.0"),
    "kind": _one_of("u", "c", "m"),
    "entity": {"anyOf": [_one_of(*OBJECTS), ANY]},
}
"""What can stand in a path, where it is not any text."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the paths that begin so."""

    begins: str
    answers: Answers
    query: dict[str, Schema] = field(default_factory=dict)
    body: dict[str, Schema] = field(default_factory=dict)


_REFUSED: Final[Answers] = {"4XX": (JSON, _TEXT), "501": (JSON,)}
"""What any path may answer: a method it has not, a body too long, a thing not built."""
_KNOWN: Final = (
    _Known("/services/oauth2/token", {"200": _FORMATS, "4XX": (*_FORMATS, _TEXT)},
           {"format": _FORMAT}, _form(_TOKEN)),
    _Known("/services/oauth2/authorize", {"200": (_HTML,), "3XX": (), "4XX": ()},
           _AUTHORIZE, _form(_AUTHORIZE)),
    _Known("/services/oauth2/revoke", {"200": (), "4XX": (*_FORMATS, _TEXT)},
           _REVOKE, _form(_REVOKE)),
    _Known("/services/oauth2/introspect", {"200": _FORMATS, "4XX": (*_FORMATS, _TEXT)},
           {}, _form(_INTROSPECT)),
    _Known("/services/oauth2/userinfo", {"200": (JSON,)}),
    _Known("/services/oauth2/success", {"200": (_HTML,)}, _words("code", "state")),
    _Known("/services/oauth2/echo", {"200": (JSON,)}, _words("code", "state")),
    _Known("/services/oauth2", {"200": (JSON,)}),
    _Known("/services/Soap", {"200": (_SOAP,), "4XX": (_SOAP, _TEXT, JSON), "500": (_SOAP,)},
           {}, {_SOAP: ANY}),
    _Known("/services/data", {"2XX": (JSON, "text/csv"), "3XX": (), "4XX": (JSON,)},
           _words("q", "fields", "limit"), {JSON: {}}),
    _Known("/id/", {"200": (JSON,)}, _words("oauth_token", "format")),
    _Known("/.well-known", {"200": (JSON,)}),
    _Known("/", {"2XX": (_HTML, "text/csv", "application/gzip"), "3XX": (),
                 "4XX": (_HTML, JSON, _TEXT), "501": (_HTML, JSON)},
           {}, _form(_words("username", "password", "token", "do"))),
)  # fmt: skip
"""From the narrowest to the widest; the first that fits a path speaks for it."""


def described(routes: Iterable[Route]) -> Schema:
    """The org's routes as OpenAPI 3.1."""
    return document(f"Evergrant emulator: the org. {pages.BANNER}", _operations(routes))


def _operations(routes: Iterable[Route]) -> Iterator[Operation]:
    for route in routes:
        known = next(each for each in _KNOWN if route.path.startswith(each.begins))
        answers = {**_REFUSED, **known.answers}
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            yield Operation(
                method, route.path, _summary(route), answers, _PLACE, known.query, known.body
            )


def _summary(route: Route) -> str:
    return (route.endpoint.__doc__ or route.path).partition("\n")[0]
